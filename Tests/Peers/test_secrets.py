# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""A secret of every kind is given to one gateway that logs at the level `trace`; nothing that it says afterwards, anywhere, tells one."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import secrets
import subprocess
import urllib.parse

import discretion
import pytest
from combinations import TITLE
from processes import GATEWAY, Gateway, free_ports, running
from test_channels_api import Watch
from test_operations import wait_for
from test_tokens import ISSUER, KEYS, key_set, token

SERVER = os.environ.get("COSEM_GATEWAY_TEST_POSTGRESQL")
CONTROL = os.environ.get("COSEM_GATEWAY_TEST_POSTGRESQL_CONTROL")
REGISTER = "/objects/1.0.1.8.0.255/attributes/2?maxAge=0"
PASSWORD = "pl4nted-Pw"
HIGH = "planted-high-lvl"
BLOCK_CIPHER_KEY, AUTHENTICATION_KEY, NEW_KEY = (secrets.token_hex(16).upper() for _ in range(3))
WEBHOOK = "whsec_" + secrets.token_urlsafe(24).replace("-", "A").replace("_", "B")
BROKER = "planted-broker-phrase"


@contextlib.contextmanager
def database(folder: pathlib.Path):
    """The URL of an empty database; that of PostgreSQL has a password."""
    if not (SERVER and CONTROL):
        yield f"sqlite:///{folder}/gateway.sqlite"
        return
    name = f"secrets_{os.getpid()}"
    subprocess.run([CONTROL, "create", name], check=True)
    yield urllib.parse.urlparse(SERVER)._replace(path=f"/{name}").geturl()
    subprocess.run([CONTROL, "drop", name], check=False)


class Caller:
    """The gateway, asked with a key or token."""

    def __init__(self, gateway: Gateway, credentials: str) -> None:
        self.gateway = gateway
        self.port = gateway.port
        self.headers = {"Authorization": f"Bearer {credentials}"}

    def __call__(self, method: str, path: str, body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.gateway.call(method, path, body, self.headers | named)


@pytest.fixture(scope="module")
def planted(tmp_path_factory, start_gurux_meter, simulator):
    """A gateway on which everything that takes a secret was done, and how it was started."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "broker").write_text(BROKER + "\n")
    (folder / "keys.json").write_text(key_set(KEYS))
    discretion.learn(BROKER, "password of the broker")
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--auth", "required", "--listen", f"127.0.0.1:{port}", "--secret-key-file", str(folder / "sealing"),
        "--oidc-issuer", ISSUER, "--oidc-keys", str(folder / "keys.json"),
        "--mqtt-broker", f"mqtt://127.0.0.1:{free_ports()}", "--mqtt-user", "gateway", "--mqtt-password-file", str(folder / "broker"),
        "--webhooks-allow-private", "--webhooks-allow-plain",
    ]
    with database(folder) as url:
        if password := urllib.parse.urlparse(url).password:
            discretion.learn(password, "password of the database")
        (folder / "database").write_text(url + "\n")
        os.environ["COSEM_GATEWAY_DATABASE_FILE"] = str(folder / "database")
        try:
            with running(arguments, port, "cosem-gateway serve", folder / "log") as process:
                shown = wait_for(lambda: re.search(r"(?m)^  (cgw_\w+)$", (folder / "log").read_text()), "the administrator's key")
                discretion.learn(bytes.fromhex((folder / "sealing").read_text().split()[1]), "key of the secrets")
                ask = Caller(Gateway(port, process), shown.group(1))
                do_everything(ask, start_gurux_meter, simulator)
                yield ask, arguments, folder
        finally:
            del os.environ["COSEM_GATEWAY_DATABASE_FILE"]


def do_everything(ask: Caller, start_gurux_meter, simulator: int) -> None:
    low = {"mechanism": "low", "secret": {"text": PASSWORD}}
    keys = {"clientSystemTitle": TITLE, "blockCipherKey": {"hex": BLOCK_CIPHER_KEY}, "authenticationKey": {"hex": AUTHENTICATION_KEY}}
    gmac = ["--auth", "high-gmac", "--security", "authenc", "--block-cipher-key", BLOCK_CIPHER_KEY, "--auth-key", AUTHENTICATION_KEY]
    for meter, port, client, authentication, more in (
        ("low", start_gurux_meter("--auth", "low", "--password", PASSWORD), 32, low, {}),
        ("wrong", start_gurux_meter("--auth", "low", "--password", "another1"), 32, low, {}),
        ("high", start_gurux_meter("--auth", "high-sha256", "--password", HIGH), 16, {"mechanism": "sha256", "secret": {"text": HIGH}}, {}),
        ("ciphered", start_gurux_meter(*gmac), 16, {"mechanism": "gmac"}, {"security": keys}),
        ("nobody", 1, 32, low, {}),
        ("changing", simulator, 1, {"mechanism": "low", "secret": {"text": "12345678"}}, {}),
    ):
        configuration = {
            "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
            "associations": {"manager": {"clientAddress": client, "authentication": authentication, **more}},
            "timeouts": {"connect": "PT2S", "response": "PT2S"}, "keepAlive": "PT1S",
        }
        assert ask("PUT", f"/meters/{meter}", configuration, If_None_Match="*").status == 201
    works = {"low", "high", "ciphered", "changing"}
    watches = {meter: Watch(ask, meter, "?for=PT5S", headers=ask.headers) for meter in (*works, "wrong", "nobody")}
    for meter in watches:
        assert ask("POST", f"/meters/{meter}/check").json["ok"] is (meter in works)
        assert (ask("GET", f"/meters/{meter}{REGISTER}").status == 200) is (meter in works)
        ask("GET", f"/meters/{meter}")
    # A key that is refused is answered with a problem, and so is a body with a secret at a wrong place.
    assert ask("POST", "/meters", {"id": "x", "secret": {"text": PASSWORD}}).status == 400
    assert ask("PUT", "/meters/low", {"associations": {"reader": {"authentication": low | {"mechanism": PASSWORD}}}}).status in (400, 422, 428)
    change = ask("POST", "/meters/ciphered/keys/change", {"keys": {"globalUnicast": {"hex": NEW_KEY}}})
    assert change.status in (202, 409, 422), change.text
    made = ask("POST", "/api-keys", {"name": "reader", "roles": ["viewer"]})
    assert made.status == 201, made.text
    for credentials in (made.json["key"], token("ES256"), token("EdDSA", exp=1), made.json["key"][:-1] + "!"):
        Caller(ask.gateway, credentials)("GET", "/whoami")
        Caller(ask.gateway, credentials)("PUT", "/meters/low", {})
    hook = {"id": "planted", "url": "http://127.0.0.1:1/hook", "secret": WEBHOOK}
    assert ask("POST", "/webhooks", hook).status == 201
    ask("POST", "/webhooks/planted/test")
    order = {"action": "disconnect", "reason": "TEST"}
    ask("POST", "/meters/changing/disconnector/orders", order, Idempotency_Key="planted", Prefer="wait=10")
    for watch in watches.values():
        watch.finish()


# Every answer is searched by Gateway.call.
def test_no_document_tells_one(planted):
    ask, _, _ = planted
    kinds = set(discretion.known.values())
    expected = {"credentials", "secret", "blockCipherKey", "authenticationKey", "globalUnicast", "key of the secrets", "password of the broker"}
    assert expected <= kinds and (not SERVER or "password of the database" in kinds)
    contract = ask("GET", "/openapi.json").json
    walked = 0
    for path, item in contract["paths"].items():
        # What is streamed without an end is watched elsewhere.
        if "get" not in item or path.endswith(("/trace", "/events")):
            continue
        for meter in ("low", "ciphered") if path.startswith("/meters/{id}") else ("planted",):
            ask("GET", path.replace("/meters/{id}", f"/meters/{meter}").replace("{id}", meter).replace("{", "").replace("}", ""))
            walked += 1
    assert walked > 60
    items = ask("GET", "/system/config").json["items"]
    assert {"mqtt.passwordFile", "secretKeyFile"} <= {item["name"] for item in items}
    assert ask("GET", "/audit?limit=1000").json["items"]


def test_neither_the_log_nor_the_list_of_processes_tells_one(planted):
    ask, arguments, folder = planted
    assert discretion.check_files(folder) >= 1
    log = (folder / "log").read_text()
    assert '"level":"debug"' in log and len(log) > 10_000
    seen = pathlib.Path(f"/proc/{ask.gateway.process.pid}/cmdline").read_bytes().decode().split("\0")
    assert seen[:-1] == arguments and discretion.found_in(" ".join(seen)) == set()


def test_no_command_tells_one(planted):
    _, arguments, folder = planted
    environment = os.environ | {"COSEM_GATEWAY_DATABASE_FILE": str(folder / "database")}
    for command in (["--help"], ["serve", "--help"], ["config", "show", "--origin", *arguments[2:]]):
        told = subprocess.run([GATEWAY, *command], env=environment, capture_output=True, text=True, timeout=60, check=True)
        assert told.stdout and discretion.found_in(told.stdout + told.stderr) == set(), command


def test_the_search_finds_what_is_there(tmp_path):
    """The net has no hole: each spelling of each kind is found in an answer and in a log."""
    assert len(discretion.known) > 3
    for spelling, what in discretion.known.items():
        assert what in discretion.found_in(json.dumps({"detail": f"was {spelling}."}))
    (tmp_path / "log").write_text('{"level":"trace","message":"was %s"}\n' % next(iter(discretion.known)))
    with pytest.raises(AssertionError):
        discretion.check_files(tmp_path)
    (tmp_path / "log").unlink()
