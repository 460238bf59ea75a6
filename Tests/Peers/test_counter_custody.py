# SPDX-License-Identifier: Apache-2.0
"""Invocation counters against a meter that checks them: never used twice, never lowered, found again when lost.

COSEM_GATEWAY_KILLS sets how often the gateway is killed under load; a few times unless told otherwise.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter

import pytest
from processes import GATEWAY, Gateway, free_ports, running, wait_for_port

KILLS = int(os.environ.get("COSEM_GATEWAY_KILLS", "8"))
TITLE = "434F53454D475731"
COUNTER_OBJECT = "0.0.43.1.0.255"
REGISTER = "/objects/1.0.1.8.0.255/attributes/2?class=3&maxAge=0"
# Objects of gurux_meter.py that hold one value each.
VALUES = [f"/objects/0.0.96.51.{number}.255/attributes/2?class=1&maxAge=0" for number in range(1, 9)]


def protected(port: int, **security) -> dict:
    """The configuration of a meter with one association by GMAC, authenticated and encrypted."""
    return {
        "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
        "associations": {
            "reader": {
                "clientAddress": 1,
                "authentication": {"mechanism": "gmac"},
                "security": {
                    "clientSystemTitle": TITLE,
                    "blockCipherKey": {"hex": "000102030405060708090A0B0C0D0E0F"},
                    "authenticationKey": {"hex": "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"},
                    **security,
                },
            }
        },
        "timeouts": {"connect": "PT5S", "response": "PT5S"},
        "keepAlive": "PT1S",
    }


def register(gateway: Gateway, meter: str, configuration: dict) -> None:
    answer = gateway.call("PUT", f"/meters/{meter}", configuration, {"If-None-Match": "*"})
    assert answer.status == 201, answer.text


def start_meter(start_gurux_meter, *arguments: str) -> int:
    return start_gurux_meter("--auth", "high-gmac", "--security", "authenc", "--check-ic", "--ic-log", *arguments)


class CounterLog:
    """What the meter says about the counters it got."""

    def __init__(self, path) -> None:
        self.path = path

    def entries(self) -> list[tuple[str, int, str]]:
        entries = []
        for line in self.path.read_text().splitlines():
            if line.startswith("IC "):
                _, title, counter, outcome = line.split()
                entries.append((title, int(counter), outcome))
        return entries

    def check(self) -> int:
        """No counter twice, none lower than one before, none refused; gives how many there were."""
        entries = self.entries()
        uses = Counter((title, counter) for title, counter, _ in entries)
        assert [use for use, count in uses.items() if count > 1] == []
        assert [entry for entry in entries if entry[2] == "refused"] == []
        messages = [counter for _, counter, outcome in entries if outcome == "accepted"]
        assert messages == sorted(messages)
        return len(entries)


@contextlib.contextmanager
def gateway_on(database, log):
    """A gateway on a database that may have been in use before."""
    port = free_ports()
    arguments = [GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--database", f"sqlite:///{database}"]
    with running(arguments, port, "cosem-gateway serve", log) as process:
        yield Gateway(port, process)


def read_until_dead(gateway: Gateway, seed: int, tally: Counter) -> None:
    """Read one value after the other until the gateway does not answer any more."""
    choice = random.Random(seed)
    while True:
        try:
            answer = gateway.get(f"/meters/M1{choice.choice(VALUES)}", timeout=20)
        except (OSError, ValueError):
            return
        tally[answer.status] += 1


@pytest.mark.cell("counters survive SIGKILL", "gurux meter")
def test_a_killed_gateway_uses_no_counter_twice(start_gurux_meter, tmp_path):
    port = start_meter(start_gurux_meter)
    log = CounterLog(start_gurux_meter.logs[port])
    with gateway_on(tmp_path / "store.sqlite", tmp_path / "first.log") as gateway:
        register(gateway, "M1", protected(port))
        assert gateway.get(f"/meters/M1{REGISTER}").status == 200
    moments = random.Random(20261122)
    tally: Counter = Counter()
    for kill in range(KILLS):
        http = free_ports()
        arguments = [
            GATEWAY, "serve", "--listen", f"127.0.0.1:{http}", "--auth", "none",
            "--database", f"sqlite:///{tmp_path}/store.sqlite",
        ]
        with (tmp_path / "killed.log").open("ab") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
        wait_for_port(http, process, "cosem-gateway serve")
        gateway = Gateway(http, process)
        readers = [
            threading.Thread(target=read_until_dead, args=(gateway, kill * 8 + number, tally)) for number in range(4)
        ]
        for reader in readers:
            reader.start()
        # The moment of the kill is what is tried out here, not a wait for something to happen.
        time.sleep(moments.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for reader in readers:
            reader.join()
    with gateway_on(tmp_path / "store.sqlite", tmp_path / "last.log") as gateway:
        answer = gateway.get(f"/meters/M1{REGISTER}")
        assert answer.status == 200, answer.text
        counters = gateway.get("/meters/M1/counters").json["items"][0]
    used = log.check()
    assert counters["repairs"] == []
    print(f"{KILLS} kills, {used} counters seen by the meter, up to {max(c for _, c, _ in log.entries())}, answers {dict(tally)}")


@pytest.fixture
def lone_gateway(tmp_path):
    """A gateway whose counters nobody has used."""
    with gateway_on(tmp_path / "lone.sqlite", tmp_path / "lone.log") as gateway:
        yield gateway


@pytest.mark.cell("counter read before first use", "gurux meter")
def test_a_key_that_others_have_used_begins_above_the_meters_counter(lone_gateway, start_gurux_meter):
    port = start_meter(start_gurux_meter, "--public-client", "--first-ic", "70000")
    register(lone_gateway, "M1", protected(port, invocationCounterObject=COUNTER_OBJECT))
    answer = lone_gateway.get(f"/meters/M1{REGISTER}")
    assert answer.status == 200, answer.text
    counters = lone_gateway.get("/meters/M1/counters").json["items"][0]
    assert counters["next"] > 70000
    assert CounterLog(start_gurux_meter.logs[port]).check() > 0
    assert counters["server"]["systemTitle"] == "4752580000000001"
    assert counters["server"]["last"] > 0


@pytest.mark.cell("counter repair", "gurux meter")
def test_a_meter_that_tells_its_counter_is_followed(lone_gateway, start_gurux_meter):
    port = start_meter(start_gurux_meter, "--first-ic", "5000", "--aarq-refusal", "exception")
    register(lone_gateway, "M1", protected(port))
    answer = lone_gateway.get(f"/meters/M1{REGISTER}")
    assert answer.status == 200, answer.text
    [repair] = lone_gateway.get("/meters/M1/counters").json["items"][0]["repairs"]
    assert (repair["cause"], repair["by"]) == ("exception-response", "gateway")
    assert repair["to"] > 5000


@pytest.mark.cell("counter repair", "gurux meter")
def test_a_meter_that_just_closes_is_asked_for_its_counter(lone_gateway, start_gurux_meter):
    first = start_meter(start_gurux_meter, "--public-client")
    register(lone_gateway, "M1", protected(first, invocationCounterObject=COUNTER_OBJECT))
    assert lone_gateway.get(f"/meters/M1{REGISTER}").status == 200
    # The same key in a meter that another client has used meanwhile.
    second = start_meter(start_gurux_meter, "--public-client", "--first-ic", "9000", "--system-title", "4752580000000002")
    register(lone_gateway, "M2", protected(second, invocationCounterObject=COUNTER_OBJECT))
    answer = lone_gateway.get(f"/meters/M2{REGISTER}")
    assert answer.status == 200, answer.text
    repair = lone_gateway.get("/meters/M2/counters").json["items"][0]["repairs"][0]
    assert (repair["cause"], repair["meter"]) == ("counter-object", "M2")


@pytest.mark.cell("counter repair", "gurux meter")
def test_a_counter_far_ahead_needs_a_persons_word(lone_gateway, start_gurux_meter):
    port = start_meter(start_gurux_meter, "--first-ic", "4000000000", "--aarq-refusal", "exception")
    register(lone_gateway, "M1", protected(port))
    answer = lone_gateway.get(f"/meters/M1{REGISTER}")
    assert answer.status == 502 and answer.problem == "invocation-counter-rejected", answer.text
    assert "/meters/M1/counters/raise" in answer.json["hint"]
    assert lone_gateway.get("/meters/M1/counters").json["items"][0]["repairs"] == []
    order = {"association": "reader", "above": 4000000000, "reason": "the former head-end says so"}
    raised = lone_gateway.call("POST", "/meters/M1/counters/raise", order)
    assert raised.status == 200 and raised.json["raised"], raised.text
    answer = lone_gateway.get(f"/meters/M1{REGISTER}")
    assert answer.status == 200, answer.text
    [repair] = lone_gateway.get("/meters/M1/counters").json["items"][0]["repairs"]
    assert (repair["cause"], repair["reason"]) == ("operator", order["reason"])


@pytest.mark.cell("gateways in turn on one counter", "gurux meter")
def test_gateways_that_follow_each_other_on_one_database_need_no_repair(start_gurux_meter, tmp_path):
    port = start_meter(start_gurux_meter)
    for turn in range(4):
        with gateway_on(tmp_path / "shared.sqlite", tmp_path / f"{turn}.log") as gateway:
            if turn == 0:
                register(gateway, "M1", {**protected(port), "keepAlive": "PT0S"})
            for _ in range(2):
                answer = gateway.get(f"/meters/M1{REGISTER}")
                assert answer.status == 200, answer.text
            assert gateway.get("/meters/M1/counters").json["items"][0]["repairs"] == []
    CounterLog(start_gurux_meter.logs[port]).check()
