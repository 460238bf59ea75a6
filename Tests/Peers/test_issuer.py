# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""An issuer that is not ours serves its keys by https: PyJWT, http.server and ssl. Keys change, fail to come, and come damaged."""

from __future__ import annotations

import concurrent.futures
import http.server
import json
import signal
import ssl
import subprocess
import threading
import urllib.request

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID
from processes import GATEWAY, free_ports, running
from test_tls import made, wait_for, write
from test_tokens import ask, claims


class Issuer:
    """Keys, and an https server that tells them in the way that `answer` says."""

    def __init__(self, folder) -> None:
        authority = made("issuers", is_authority=True)
        certificate, key = write(folder, "issuer", made("issuer", authority, x509.DNSName("localhost"), purpose=ExtendedKeyUsageOID.SERVER_AUTH))
        self.authorities, _ = write(folder, "issuers", authority)
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.asked, self.answer = 0, self.tell
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                issuer.answer(self)

            def log_message(self, *_) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"https://localhost:{self.server.server_port}/keys?realm=meters"

    def tell(self, request, status: int = 200, body: bytes | None = None, **fields: str) -> None:
        # As long as the sets of large issuers.
        keys = [json.loads(ECAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "x5c": ["A" * 9000]} for kid, key in self.keys.items()]
        body = json.dumps({"keys": keys}).encode() if body is None else body
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        for name, value in fields.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def token(self, kid: str, named: str | None = None, **changes) -> str:
        return jwt.encode(claims(**changes), self.keys[kid], algorithm="ES256", headers={"kid": named or kid})


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    issuer = Issuer(tmp_path_factory.mktemp("issuer"))
    issuer.keys["first"] = ec.generate_private_key(ec.SECP256R1())
    yield issuer
    issuer.server.shutdown()


def serving(folder, *arguments: str):
    port = free_ports()
    command = [GATEWAY, "serve", "--auth", "required", "--listen", f"127.0.0.1:{port}", "--database", f"sqlite:///{folder}/g.sqlite"]
    command += ["--oidc-issuer", "https://issuer.example", *arguments]
    return f"http://127.0.0.1:{port}", running(command, port, "cosem-gateway serve", folder / "log")


def condition(base: str) -> str:
    with urllib.request.urlopen(f"{base}/readyz?verbose=true", timeout=10) as answer:
        return next(check["status"] for check in json.load(answer)["checks"] if check["name"] == "issuerKeys")


def test_keys_come_by_https_change_and_survive_their_issuer(issuer, tmp_path):
    base, started = serving(tmp_path, "--oidc-keys", issuer.url, "--oidc-authority-file", issuer.authorities)
    log = tmp_path / "log"
    with started as process:
        status, body = ask(base, issuer.token("first"))
        assert (status, body.get("principal")) == (200, "oidc:u-1"), (body, log.read_text())
        assert condition(base) == "ok"
        # A storm of tokens with keys that nobody knows asks the issuer for nothing, since it was asked a moment ago.
        asked = issuer.asked
        with concurrent.futures.ThreadPoolExecutor(16) as callers:
            storm = [issuer.token("first", named=f"unknown-{number}") for number in range(64)]
            assert set(callers.map(lambda token: ask(base, token)[0], storm)) == {401}
        assert issuer.asked <= asked + 1
        # A new key is found by the token that names it, once it is time to ask again.
        issuer.keys["second"] = ec.generate_private_key(ec.SECP256R1())
        wait_for(lambda: ask(base, issuer.token("second"))[0] == 200, "the new key")
        assert issuer.asked <= asked + 3
        # The issuer fails, sends elsewhere, sends nonsense, sends no keys: the last good ones stay.
        for number, wrong in enumerate([
            lambda request: issuer.tell(request, 500), lambda request: issuer.tell(request, 302, Location="https://localhost:1/"),
            lambda request: issuer.tell(request, body=b"<html>"), lambda request: issuer.tell(request, body=b'{"keys": []}'),
            lambda request: request.connection.close(),
        ]):
            asked, issuer.answer = issuer.asked, wrong
            process.send_signal(signal.SIGHUP)
            wait_for(lambda: issuer.asked > asked, "a look at the keys")
            wait_for(lambda: condition(base) == "stale", "a word about it")
            assert ask(base, issuer.token("first", sub=f"away-{number}"))[0] == 200
        assert "those from before stay in use" in log.read_text() and "the answer has the status 500" in log.read_text()
        # A key that is withdrawn ends with the next look, with tokens that were right before.
        token = issuer.token("first")
        assert ask(base, token)[0] == 200
        second = issuer.token("second")
        del issuer.keys["first"]
        issuer.answer = issuer.tell
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: ask(base, token)[0] == 401, "the end of the key")
        assert ask(base, second)[0] == 200 and condition(base) == "ok"


def test_an_issuer_whose_certificate_is_not_trusted_is_nobody(issuer, tmp_path):
    base, started = serving(tmp_path, "--oidc-keys", issuer.url)
    with started:
        wait_for(lambda: "tokens are not taken" in (tmp_path / "log").read_text(), "a word about it")
        kid = next(iter(issuer.keys))
        status, body = ask(base, issuer.token(kid))
        assert status == 503 and body["type"].endswith("/issuer-unavailable") and body["retryable"]
        assert condition(base) == "failed"
        key = next(word for word in (tmp_path / "log").read_text().split() if word.startswith("cgw_"))
        assert ask(base, key)[0] == 200


@pytest.mark.parametrize("keys", ["http://localhost/keys", "ftp://localhost/keys", "https://user:word@localhost/keys"])
def test_only_https_urls_are_taken(keys):
    command = [GATEWAY, "config", "check", "--oidc-issuer", "https://issuer.example", "--oidc-keys", keys]
    told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert told.returncode == 2 and "write an https URL" in told.stderr
