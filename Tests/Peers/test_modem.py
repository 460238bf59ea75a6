# SPDX-License-Identifier: Apache-2.0
"""Foreign meters behind a modem: the gateway dials at a pseudoterminal, and the call leads to a foreign meter."""

from __future__ import annotations

import sys
import threading

import pytest
from dial_in import Modem, wait_until
from foreign_clients import Access, GuruxClient
from processes import free_ports, running

SCRATCH = "0.0.96.50.0.255"
DEVICE_NAME = "0.0.42.0.0.255"


@pytest.fixture
def modem(start_gurux_meter, gurux_hdlc, gurux_wrapper, pydlms_hdlc_meter):
    modem = Modem({"1": gurux_hdlc, "2": gurux_wrapper, "3": pydlms_hdlc_meter, "4": "BUSY", "5": "NO ANSWER"})
    yield modem
    modem.close()


@pytest.fixture(scope="module")
def gurux_hdlc(start_gurux_meter) -> int:
    return start_gurux_meter("--auth", "none", "--interface", "hdlc")


@pytest.fixture(scope="module")
def gurux_wrapper(start_gurux_meter) -> int:
    return start_gurux_meter("--auth", "none")


@pytest.fixture(scope="module")
def pydlms_hdlc_meter(tmp_path_factory):
    port = free_ports()
    command = [sys.executable, "-m", "pydlms.simulator", "--host", "127.0.0.1", "--port", str(port), "--client", "16:0", "--hdlc"]
    with running(command, port, "pydlms.simulator", tmp_path_factory.mktemp("pydlms") / "log"):
        yield port


def register(gateway, meter: str, modem: Modem, number: str, framing: str = "hdlc", **channel) -> None:
    settings = {"guardTime": "PT0.1S", "busyPause": "PT0.1S", "commandTimeout": "PT2S", **channel}
    configuration = {"type": "modem", "device": modem.device, "baud": 9600, "dial": f"ATDT{number}", **settings}
    gateway.register(meter, 0, 16, None, channel=configuration, framing=framing, keepAlive="PT1S")


def read(gateway, meter: str, obis: str = SCRATCH):
    return gateway.get(f"/meters/{meter}/objects/{obis}/attributes/2?form=hex&class=1&maxAge=PT0S")


@pytest.mark.cell("modem", "gurux meter")
def test_a_foreign_meter_is_called_read_and_hung_up(gateway, modem, gurux_wrapper):
    judge = GuruxClient(Access(gurux_wrapper, 16, None)).octets(1, SCRATCH, 2).hex().upper()
    register(gateway, "modem-hdlc", modem, "1", init=["AT+CBST=71,0,1"])
    for _ in range(2):
        answer = read(gateway, "modem-hdlc")
        assert answer.status == 200, answer.text
        assert answer.json["value"]["hex"].upper() == judge
    assert modem.calls == 1
    assert modem.commands == ["ATZ", "ATE0Q0V1", "AT+CBST=71,0,1", "ATDT1"]
    wait_until(lambda: modem.commands[-2:] == ["+++", "ATH"], "hanging up")


@pytest.mark.cell("modem", "pydlms meter")
def test_the_foreign_simulator_is_called(gateway, modem):
    register(gateway, "modem-pydlms", modem, "3")
    answer = read(gateway, "modem-pydlms", DEVICE_NAME)
    assert answer.status == 200, answer.text
    wait_until(lambda: modem.commands[-2:] == ["+++", "ATH"], "hanging up")


def test_one_modem_has_one_call_at_a_time(gateway, modem):
    register(gateway, "modem-a", modem, "1")
    register(gateway, "modem-b", modem, "3")
    answers = []
    callers = [
        threading.Thread(target=lambda name=name: answers.append(read(gateway, name, DEVICE_NAME).status))
        for name in ("modem-a", "modem-b")
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert answers == [200, 200]
    dials = [index for index, command in enumerate(modem.commands) if command.startswith("ATDT")]
    assert len(dials) == 2
    assert modem.commands[dials[0] + 1 : dials[0] + 3] == ["+++", "ATH"]


def test_who_failed_is_told(gateway, modem):
    register(gateway, "modem-busy", modem, "4", busyRetries=1)
    answer = read(gateway, "modem-busy")
    assert (answer.status, answer.problem) == (504, "meter-unreachable"), answer.text
    assert "busy, 2 times" in answer.json["detail"]
    register(gateway, "modem-absent", modem, "5")
    assert "nobody answers" in read(gateway, "modem-absent").json["detail"]
    modem.close()
