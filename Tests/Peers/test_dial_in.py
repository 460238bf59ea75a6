# SPDX-License-Identifier: Apache-2.0
"""Foreign meters that dial in: a relay connects to the gateway, says who it is, and passes octets on to the meter."""

from __future__ import annotations

import socket
import sys
import threading

import pytest
from dial_in import DialInRelay, wait_until
from foreign_clients import Access, GuruxClient, PydlmsClient
from processes import GATEWAY, Gateway, free_ports, running

SCRATCH = "0.0.96.50.0.255"
DEVICE_NAME = "0.0.42.0.0.255"


def start_gateway(folder, *arguments: str):
    port, dial_in = free_ports(), free_ports()
    command = [
        GATEWAY, "serve", "--auth", "none", "--listen", f"127.0.0.1:{port}", "--database", f"sqlite:///{folder}/gateway.sqlite",
        "--dial-in-listen", f"127.0.0.1:{dial_in}", *arguments,
    ]
    return command, port, dial_in


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A gateway that knows meters by a first line; gives it and the port that meters dial."""
    folder = tmp_path_factory.mktemp("office")
    command, port, dial_in = start_gateway(
        folder, "--dial-in-identify", "first-line", "--dial-in-first-line", "IMEI={};*", "--dial-in-heartbeat", r"HB*\r\n",
    )
    with running(command, port, "cosem-gateway serve", folder / "log") as process:
        gateway = Gateway(port, process)
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", dial_in)) == 0, "listening for meters")
        yield gateway, dial_in


@pytest.fixture(scope="module")
def pydlms_hdlc_meter(tmp_path_factory):
    """The simulator of pydlms over HDLC with a public client 16; gives its port."""
    port = free_ports()
    command = [sys.executable, "-m", "pydlms.simulator", "--host", "127.0.0.1", "--port", str(port), "--client", "16:0", "--hdlc"]
    with running(command, port, "pydlms.simulator", tmp_path_factory.mktemp("pydlms") / "log"):
        yield port


def register(gateway: Gateway, meter: str, identity: str, framing: str = "wrapper", **members) -> None:
    gateway.register(
        meter, 0, 16, None, channel={"type": "dial-in", "identity": identity}, framing=framing, keepAlive="PT1S", **members
    )


def read(gateway: Gateway, meter: str, obis: str, class_id: int = 1, wait: int = 20):
    return gateway.get(
        f"/meters/{meter}/objects/{obis}/attributes/2?form=hex&class={class_id}", headers={"Prefer": f"wait={wait}"}
    )


@pytest.mark.cell("dial-in", "gurux meter")
def test_a_foreign_meter_dials_in_and_is_read_over_its_connection(office, start_gurux_meter):
    gateway, dial_in = office
    port = start_gurux_meter("--auth", "none")
    judge = GuruxClient(Access(port, 16, None)).octets(1, SCRATCH, 2).hex().upper()
    register(gateway, "dial-gurux", "350077523237513")
    relay = DialInRelay(dial_in, port, b"IMEI=350077523237513;CSQ=21\r\n", heartbeat=b"HB 21\r\n")
    for _ in range(3):
        answer = gateway.get(f"/meters/dial-gurux/objects/{SCRATCH}/attributes/2?form=hex&class=1&maxAge=PT0S")
        assert answer.status == 200, answer.text
        assert answer.json["value"]["hex"].upper() == judge
    assert relay.is_open
    relay.close()


@pytest.mark.cell("dial-in", "pydlms meter")
def test_the_foreign_simulator_dials_in_over_hdlc(office, pydlms_hdlc_meter, pydlms_meter):
    gateway, dial_in = office
    judge = PydlmsClient(Access(pydlms_meter, 16, None))
    expected = judge.octets(1, DEVICE_NAME, 2).hex().upper()
    judge.close()
    register(gateway, "dial-pydlms", "77", "hdlc")
    relay = DialInRelay(dial_in, pydlms_hdlc_meter, b"IMEI=77;\r\n")
    answer = read(gateway, "dial-pydlms", DEVICE_NAME)
    assert answer.status == 200, answer.text
    assert answer.json["value"]["hex"].upper() == expected
    relay.close()


def test_a_request_waits_for_the_meter_and_says_so_when_it_does_not_come(office, start_gurux_meter):
    gateway, dial_in = office
    port = start_gurux_meter("--auth", "none")
    register(gateway, "dial-late", "88")
    answer = read(gateway, "dial-late", SCRATCH, wait=1)
    assert (answer.status, answer.problem) == (503, "meter-not-connected"), answer.text
    assert "since the start" in answer.json["detail"]
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(read(gateway, "dial-late", SCRATCH, wait=30)))
    waiting.start()
    wait_until(lambda: "cosem_gateway_meter_queue_length" in gateway.get("/metrics").text, "the queue")
    relay = DialInRelay(dial_in, port, b"IMEI=88;\n")
    waiting.join(40)
    assert answers[0].status == 200, answers[0].text
    relay.close()
    wait_until(lambda: read(gateway, "dial-late", SCRATCH + "", wait=1).status in (200, 503), "an answer")
    answer = gateway.get(f"/meters/dial-late/objects/{SCRATCH}/attributes/2?class=1&maxAge=PT0S", headers={"Prefer": "wait=1"})
    assert answer.problem == "meter-not-connected", answer.text
    assert "ended at" in answer.json["detail"]


def test_a_second_connection_of_a_meter_replaces_the_first(office, start_gurux_meter):
    gateway, dial_in = office
    first_meter, second_meter = start_gurux_meter("--auth", "none"), start_gurux_meter("--auth", "none")
    register(gateway, "dial-twice", "99")
    first = DialInRelay(dial_in, first_meter, b"IMEI=99;\r\n")
    assert read(gateway, "dial-twice", SCRATCH).status == 200
    second = DialInRelay(dial_in, second_meter, b"IMEI=99;\r\n")
    wait_until(lambda: not first.is_open, "closing the first connection")
    assert read(gateway, "dial-twice", DEVICE_NAME).status == 200
    second.close()


def test_garbage_is_closed_and_strangers_become_meters_when_they_are_registered(office, start_gurux_meter):
    gateway, dial_in = office
    port = start_gurux_meter("--auth", "none")
    browser = DialInRelay(dial_in, port, b"GET / HTTP/1.1\r\n\r\n")
    wait_until(lambda: not browser.is_open, "closing what is no meter")
    stranger = DialInRelay(dial_in, port, b"IMEI=4711;\r\n")
    wait_until(lambda: 'dial_in_connections{state="unknown"} 1' in gateway.get("/metrics").text, "the stranger in the metrics")
    register(gateway, "dial-stranger", "4711")
    assert read(gateway, "dial-stranger", SCRATCH).status == 200
    assert 'dial_in_refused_total{reason="garbage"} 1' in gateway.get("/metrics").text
    stranger.close()


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
def test_a_meter_that_says_nothing_is_asked_who_it_is(tmp_path, pydlms_meter, pydlms_hdlc_meter, framing):
    judge = PydlmsClient(Access(pydlms_meter, 16, None))
    name = bytes.fromhex(judge.octets(1, DEVICE_NAME, 2).hex())[2:].decode()
    judge.close()
    command, port, dial_in = start_gateway(tmp_path, "--dial-in-identify", f"ask-{framing}")
    with running(command, port, "cosem-gateway serve", tmp_path / "log") as process:
        gateway = Gateway(port, process)
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", dial_in)) == 0, "listening for meters")
        register(gateway, "asked", name, framing)
        relay = DialInRelay(dial_in, pydlms_meter if framing == "wrapper" else pydlms_hdlc_meter)
        answer = read(gateway, "asked", DEVICE_NAME)
        assert answer.status == 200, answer.text
        relay.close()
