# SPDX-License-Identifier: Apache-2.0
"""Clocks, firmware and keys: the gateway at foreign meters, foreign clients at our simulator, and SIGKILL at any moment.

COSEM_GATEWAY_KILLS sets how often the gateway is killed while it changes keys; a few times unless told otherwise.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import signal
import subprocess
import threading
import time
import uuid

import pytest
from foreign_clients import Access, PydlmsClient
from processes import GATEWAY, Gateway, free_ports, running, wait_for_port
from protection import Keys, Protection

KILLS = int(os.environ.get("COSEM_GATEWAY_KILLS", "5"))
UNICAST = bytes(range(16))
AUTHENTICATION = bytes(range(0xD0, 0xE0))
MASTER = bytes(range(0x30, 0x40))
TITLE = bytes.fromhex("4D4D4D0000BC614E")
REGISTER = "/objects/1.0.1.8.0.255/attributes/2?class=3&maxAge=0"
IMAGE = "0.0.44.0.0.255"


def finished(gateway: Gateway, answer) -> dict:
    """The execution of a job for one meter, when it is over."""
    assert answer.status == 202, answer.text
    path = answer.headers["Location"]
    for _ in range(30):
        job = gateway.get(path, headers={"Prefer": "wait=20"})
        if job.json["state"] in ("succeeded", "failed", "cancelled"):
            return gateway.get(f"{path}/executions").json["items"][0]
    raise AssertionError(job.text)


def upload(gateway: Gateway, meter: str, image: bytes, query: str = ""):
    """Send an image as the body."""
    import urllib.request

    from processes import Answer

    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.port}/meters/{meter}/firmware{query}", method="POST", data=image
    )
    request.add_header("Content-Type", "application/octet-stream")
    with urllib.request.urlopen(request, timeout=60) as response:
        return Answer(response.status, dict(response.headers), response.read().decode())


@pytest.mark.cell("image transfer", "gurux meter")
@pytest.mark.cell("LN: ACTION", "gurux meter")
def test_an_image_goes_to_a_foreign_meter(gateway, start_gurux_meter):
    meter = f"M-{uuid.uuid4().hex[:8]}"
    gateway.register(meter, start_gurux_meter(), client=16, password=None)
    image = bytes(random.Random(7).randbytes(10_050))
    execution = finished(gateway, upload(gateway, meter, image, "?identifier=v2"))
    assert execution["state"] == "succeeded", execution
    assert execution["result"]["activated"] and execution["result"]["blocks"] == 51
    status = gateway.get(f"/meters/{meter}/objects/{IMAGE}/attributes/6?maxAge=0").json["value"]
    assert status["code"] == 6
    blocks = gateway.get(f"/meters/{meter}/objects/{IMAGE}/attributes/3?maxAge=0").json["value"]["bits"]
    assert blocks == "1" * 51


@pytest.mark.cell("clock", "gurux meter")
def test_the_clock_of_a_foreign_meter_is_corrected(gateway, start_gurux_meter):
    meter = f"M-{uuid.uuid4().hex[:8]}"
    gateway.register(meter, start_gurux_meter(), client=16, password=None)
    clock = gateway.get(f"/meters/{meter}/clock")
    assert clock.status == 200, clock.text
    answer = gateway.call("POST", f"/meters/{meter}/clock/sync", {"maxAdjust": "PT24H", "minAdjust": "PT0S", "acrossBoundary": True})
    assert answer.status == 200, answer.text
    assert abs(answer.json["after"]["offsetSeconds"]) < 5
    # What was seen of it is kept, the correction as such.
    items = gateway.get(f"/meters/{meter}/clock/history").json["items"]
    assert items[-1]["corrected"] is True
    # The meter keeps UTC without daylight saving, as a meter without a configured zone should.
    assert clock.json["zone"] == {"agrees": True, "differences": [], "standardOffsetMinutes": 0, "nextChange": None}
    answer = gateway.call("PATCH", f"/meters/{meter}", {"timeZone": "Europe/Vienna"}, {"Content-Type": "application/merge-patch+json"})
    assert answer.status == 200, answer.text
    zone = gateway.get(f"/meters/{meter}/clock").json["zone"]
    assert (zone["agrees"], zone["differences"]) == (False, ["standard-offset", "daylight-saving-off"])


@pytest.fixture
def lone_simulator(tmp_path):
    """One meter of our simulator that a test may change; gives its port."""
    port = free_ports()
    command = [GATEWAY, "simulate", "--listen", "127.0.0.1", "--port", str(port), "--count", "1"]
    with running(command, port, "cosem-gateway simulate", tmp_path / "simulate.log"):
        yield port


@pytest.mark.cell("image transfer", "pydlms client")
@pytest.mark.cell("LN: ACTION", "pydlms client")
def test_a_foreign_client_brings_firmware_to_the_simulator(lone_simulator):
    from pydlms import DlmsClient, Mechanism
    from pydlms.image import transfer_image

    client = DlmsClient.tcp(
        "127.0.0.1", lone_simulator, client_sap=1, password="12345678", logical_names=True, mechanism=Mechanism.LLS
    )
    client.connect()
    try:
        result = transfer_image(client, random.Random(3).randbytes(5000), b"v9", activate=True, poll=0.05)
        assert result.activation_confirmed
        assert bytes(client.get("1.0.0.2.0.255", 1, 2).value) == b"v9"
    finally:
        client.close()


def access(port: int, unicast: bytes, counter: int = 1) -> Access:
    """The managing client by GMAC, authenticated and encrypted, with this unicast key."""
    keys = dataclasses.replace(Keys.documented(0), block_cipher=unicast)
    return Access(
        port, client=1, password=None, mechanism="gmac", protection=Protection(keys=keys, title=TITLE, counter=counter)
    )


@pytest.mark.cell("key transfer", "pydlms client")
def test_a_foreign_client_changes_the_keys_of_the_simulator(lone_simulator):
    from pydlms.security.keywrap import KeyId, key_transfer_data

    new = bytes(range(0x50, 0x60))
    client = PydlmsClient(access(lone_simulator, UNICAST))
    try:
        client.invoke(64, "0.0.43.0.0.255", 2, key_transfer_data(MASTER, {KeyId(0): new}))
    finally:
        client.close()
    client = PydlmsClient(access(lone_simulator, new))
    try:
        assert client.octets(1, "0.0.42.0.0.255", 2).startswith(b"\x09\x10SIM")
    finally:
        client.close()
    with pytest.raises(Exception):
        PydlmsClient(access(lone_simulator, UNICAST, 100))


def secured(port: int, method: str = "transfer") -> dict:
    """The configuration of the simulator's managing client by GMAC, authenticated and encrypted."""
    configuration = {
        "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
        "associations": {
            "manager": {
                "clientAddress": 1,
                "authentication": {"mechanism": "gmac"},
                "security": {
                    "clientSystemTitle": "434F53454D475731",
                    "blockCipherKey": {"hex": UNICAST.hex()},
                    "authenticationKey": {"hex": AUTHENTICATION.hex()},
                    "masterKey": {"hex": MASTER.hex()},
                },
            }
        },
        "timeouts": {"connect": "PT5S", "response": "PT5S"},
        "keepAlive": "PT1S",
    }
    if method == "agreement":
        from test_simulated_security import association, security

        block = security(1, invocationCounterObject=None, clientSystemTitle="434F53454D475731")
        configuration["associations"] = {
            "manager": association(1, "gmac", block),
            "signed": association(1, "ecdsa", block | {"protection": ["signed"]}),
        }
    return configuration


@contextlib.contextmanager
def gateway_on(database, log):
    port = free_ports()
    arguments = [GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--database", f"sqlite:///{database}"]
    with running(arguments, port, "cosem-gateway serve", log) as process:
        yield Gateway(port, process)


def change_until_dead(gateway: Gateway, method: str) -> None:
    """Change keys again and again until the gateway does not answer any more."""
    order = {"keys": {"globalUnicast": None, "authentication": None}, "method": method}
    if method == "agreement":
        order["through"] = "signed"
    while True:
        try:
            answer = gateway.call("POST", "/meters/M1/keys/change", order, timeout=20)
            if answer.status == 202:
                gateway.get(answer.headers["Location"], headers={"Prefer": "wait=20"}, timeout=30)
            else:
                time.sleep(0.02)
        except (OSError, ValueError):
            return


def reading(gateway: Gateway, seconds: float = 90):
    """A reading, once the gateway knows which keys the meter has."""
    deadline = time.monotonic() + seconds
    while True:
        answer = gateway.get(f"/meters/M1{REGISTER}", timeout=60)
        if answer.status == 200 or time.monotonic() > deadline:
            return answer
        time.sleep(0.2)


@pytest.mark.parametrize("method", ["transfer", "agreement"])
def test_a_gateway_that_is_killed_while_it_changes_keys_loses_no_meter(method, tmp_path):
    port = free_ports()
    command = [GATEWAY, "simulate", "--listen", "127.0.0.1", "--port", str(port), "--count", "1"]
    if method == "agreement":
        command += ["--suite", "1"]
    with running(command, port, "cosem-gateway simulate", tmp_path / "simulate.log"):
        kill_while_keys_change(port, method, tmp_path)


def kill_while_keys_change(port: int, method: str, tmp_path) -> None:
    database = tmp_path / "store.sqlite"
    with gateway_on(database, tmp_path / "first.log") as gateway:
        answer = gateway.call("PUT", "/meters/M1", secured(port, method), {"If-None-Match": "*"})
        assert answer.status == 201, answer.text
        assert reading(gateway).status == 200
    moments = random.Random(20261122)
    for kill in range(KILLS):
        http = free_ports()
        arguments = [
            GATEWAY, "serve", "--listen", f"127.0.0.1:{http}", "--auth", "none", "--database", f"sqlite:///{database}",
        ]
        with (tmp_path / "killed.log").open("ab") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
        wait_for_port(http, process, "cosem-gateway serve")
        gateway = Gateway(http, process)
        # Whatever the kill before left behind, the meter is found again without anybody's help.
        answer = reading(gateway)
        assert answer.status == 200, f"after {kill} kills: {answer.text}"
        changer = threading.Thread(target=change_until_dead, args=(gateway, method))
        changer.start()
        # The moment of the kill is what is tried out here, not a wait for something to happen.
        time.sleep(moments.uniform(0, 0.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        changer.join()
    with gateway_on(database, tmp_path / "last.log") as gateway:
        answer = reading(gateway)
        assert answer.status == 200, answer.text
        done = gateway.get("/jobs?kind=key-change&state=succeeded&limit=1000").json["items"]
        print(f"{KILLS} kills, {len(done)} changes of keys carried through")
        assert done, "no key was changed at all"
        # What the last kill left is settled by its job.
        deadline = time.monotonic() + 60
        while gateway.call("POST", "/meters/M1/secrets/resolve").status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert gateway.get(f"/meters/M1{REGISTER}").status == 200
