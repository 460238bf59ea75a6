# SPDX-License-Identifier: Apache-2.0
"""Four meters on one serial line, one silent and one noisy: the others lose no reading, and nothing runs in parallel.

The proof is what the simulator saw on the line.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from processes import GATEWAY, Gateway, free_ports, running

HEALTHY, SILENT, NOISY = (17, 18), 19, 20
READINGS = 12
SERIAL = "/objects/0.0.96.1.0.255/attributes/2?class=1&maxAge=0"


@dataclass(frozen=True)
class Message:
    """A line of the simulator's log: octets from the client to a meter, or from a meter."""

    time: float
    is_request: bool
    device: int
    octets: bytes


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """The readings of all meters, by device, and what passed on their line."""
    folder = tmp_path_factory.mktemp("line")
    path = folder / "rs485"
    ready, own = free_ports(), free_ports()
    noise = [{"fault": "noise", "octets": 7}, {"fault": "corrupt", "octets": 3, "every": 2}]
    faults = {SILENT: [{"fault": "silence"}], NOISY: noise}
    scenario = {
        "name": "shared-line",
        "lines": [
            {
                "listen": {"type": "pseudoterminal", "path": str(path)},
                "framing": "hdlc",
                "meters": [
                    {"number": device, "physicalDevice": device, "rows": 0, "faults": faults.get(device, [])}
                    for device in (*HEALTHY, SILENT, NOISY)
                ],
            },
            {"listen": {"type": "tcp", "port": ready}, "meters": [{"number": 1}]},
        ],
    }
    (folder / "scenario.json").write_text(json.dumps(scenario))
    simulate = [GATEWAY, "simulate", "--verbose", "--scenario", str(folder / "scenario.json")]
    serve = [GATEWAY, "serve", "--listen", f"127.0.0.1:{own}", "--auth", "none", "--database", f"sqlite:///{folder}/g.sqlite"]
    with running(simulate, ready, "cosem-gateway simulate", folder / "log"):
        with running(serve, own, "cosem-gateway serve", folder / "serve.log") as process:
            gateway = Gateway(own, process)
            for device in (*HEALTHY, SILENT, NOISY):
                gateway.register(
                    f"meter-{device}", 0, framing="hdlc", address={"logicalDevice": 1, "physicalDevice": device},
                    channel={"type": "serial", "device": str(path), "baud": 9600}, keepAlive="PT0S",
                    timeouts={"connect": "PT2S", "response": "PT2S"},
                )
            readings = read_all(gateway)
        yield readings, messages((folder / "log").read_text(), str(path))


def read_all(gateway: Gateway) -> dict[int, list]:
    """Read all meters at once, the healthy ones again and again, the others as long as that takes."""
    finished = threading.Event()

    def read(device: int):
        return gateway.call("GET", f"/meters/meter-{device}{SERIAL}", headers={"Prefer": "wait=60"}, timeout=90)

    def healthy(device: int) -> list:
        return [read(device) for _ in range(READINGS)]

    def other(device: int) -> list:
        answers = []
        while not finished.is_set():
            answers.append(read(device))
            if answers[-1].status != 200:
                finished.wait(1)
        return answers

    with ThreadPoolExecutor(4) as pool:
        others = {device: pool.submit(other, device) for device in (SILENT, NOISY)}
        readings = {device: pool.submit(healthy, device) for device in HEALTHY}
        try:
            answers = {device: reading.result() for device, reading in readings.items()}
        finally:
            finished.set()
        return answers | {device: reading.result() for device, reading in others.items()}


def messages(log: str, path: str) -> list[Message]:
    """What passed on the line, in its order."""
    found = []
    for text in log.splitlines():
        words = text.split(" ")
        if len(words) != 7 or words[2] != path or words[5] not in "<>":
            continue
        octets = bytes.fromhex(words[6])
        is_request = words[5] == "<"
        # 7E, format of two octets, destination: upper and lower part of seven bits each.
        device = octets[4] >> 1 if is_request else int(words[4])
        found.append(Message(float(words[0]), is_request, device, octets))
    return found


def test_the_healthy_meters_lose_no_reading(line):
    readings, _ = line
    for device in HEALTHY:
        assert [answer.status for answer in readings[device]] == [200] * READINGS, readings[device][-1].text
        assert {answer.json["value"] for answer in readings[device]} == {str(26_000_001 + device)}


def test_the_silent_meter_is_told_as_such_and_the_noisy_one_is_never_read_wrong(line):
    readings, _ = line
    assert {answer.problem for answer in readings[SILENT]} <= {"meter-timeout", "circuit-open"}
    for answer in readings[NOISY]:
        if answer.status == 200:
            assert answer.json["value"] == str(26_000_001 + NOISY)
        else:
            assert answer.problem in {"meter-timeout", "circuit-open", "protocol-error"}, answer.text


def test_nothing_runs_in_parallel_on_the_line(line):
    """Only who was asked last speaks, and nobody is asked before the one before has answered or had its time."""
    _, passed = line
    asked = None
    answered = True
    for message in passed:
        if message.is_request:
            if asked and not answered:
                waited = message.time - asked.time
                assert asked.device in (SILENT, NOISY) or waited > 0.2, (asked, message)
                assert waited > 0.2, (asked, message)
            asked, answered = message, False
        else:
            assert asked and message.device == asked.device, (asked, message)
            answered = True
    requests = [message.device for message in passed if message.is_request]
    assert set(requests) == {*HEALTHY, SILENT, NOISY}
    assert SILENT not in {message.device for message in passed if not message.is_request}
    # The meters took turns: the readings of one were not all made before those of the next.
    changes = sum(1 for one, next_one in zip(requests, requests[1:]) if one != next_one)
    assert changes > READINGS
