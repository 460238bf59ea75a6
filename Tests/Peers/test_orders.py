# SPDX-License-Identifier: Apache-2.0
"""Orders to disconnect and reconnect against a meter that counts them: one command each, whatever happens.

COSEM_GATEWAY_KILLS sets how often the gateway is killed while orders run.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter

import pytest
from processes import GATEWAY, Gateway, free_ports, running, wait_for_port

KILLS = int(os.environ.get("COSEM_GATEWAY_KILLS", "20"))
METERS = 6
FINAL = {"succeeded", "partially-succeeded", "failed", "cancelled", "expired"}
SETTINGS = {
    "COSEM_GATEWAY_ORDERS_MAX_DISCONNECTS_PER_HOUR": "1000000",
    "COSEM_GATEWAY_ORDERS_SETTLE_TIME": "PT3S",
    "COSEM_GATEWAY_ORDERS_RESOLVE_PAUSE": "PT0.2S",
    "COSEM_GATEWAY_BREAKER_FAILURES": "0",
}


class OrderLog:
    """What the meters say about the orders they got, by port."""

    def __init__(self, path) -> None:
        self.path = path

    def orders(self) -> Counter:
        return Counter(int(line.split()[1]) for line in self.path.read_text().splitlines() if line.startswith("ORDER "))

    def ways(self) -> Counter:
        return Counter(line.split()[3] for line in self.path.read_text().splitlines() if line.startswith("ORDER "))

    def states(self, ports) -> dict[int, str]:
        """Each meter's own view of its disconnector."""
        states = {port: "connected" for port in ports}
        for line in self.path.read_text().splitlines():
            if line.startswith("STATE "):
                _, port, state = line.split()
                states[int(port)] = ["disconnected", "connected", "ready-for-reconnection"][int(state)]
        return states


def configuration(port: int) -> dict:
    """A meter without keys that is given little time to answer."""
    return {
        "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
        "associations": {"manager": {"clientAddress": 16, "authentication": {"mechanism": "none"}}},
        "timeouts": {"connect": "PT2S", "response": "PT0.7S"},
        "keepAlive": "PT1S",
    }


@contextlib.contextmanager
def gateway_on(database, log):
    port = free_ports()
    arguments = [GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--database", f"sqlite:///{database}"]
    with running(arguments, port, "cosem-gateway serve", log) as process:
        yield Gateway(port, process)


def order(gateway: Gateway, meter: str, action: str, key: str, wait: int | None = None, **members):
    headers = {"Idempotency-Key": key, **({"Prefer": f"wait={wait}"} if wait else {})}
    return gateway.call("POST", f"/meters/{meter}/disconnector/orders", {"action": action, **members}, headers)


def verify(database) -> subprocess.CompletedProcess:
    return subprocess.run(
        [GATEWAY, "audit", "verify", "--database", f"sqlite:///{database}"], capture_output=True, text=True, check=False
    )


@pytest.fixture
def gateway(tmp_path):
    with gateway_on(tmp_path / "store.sqlite", tmp_path / "gateway.log") as gateway:
        yield gateway


@pytest.mark.cell("orders", "gurux meter")
def test_a_foreign_meter_is_switched_once_and_shows_it(gateway, start_gurux_meter, tmp_path):
    port = start_gurux_meter("--order-log")
    log = OrderLog(start_gurux_meter.logs[port])
    assert gateway.call("PUT", "/meters/M1", configuration(port), {"If-None-Match": "*"}).status == 201
    shown = gateway.get("/meters/M1/disconnector")
    assert shown.json["controlState"] == "connected" and shown.json["allowedOrders"] == ["disconnect"], shown.text
    key = str(uuid.uuid4())
    answers = []
    threads = [
        threading.Thread(
            target=lambda number=number: answers.append(
                order(gateway, "M1", "disconnect", key if number % 2 else f'"{key}"', expectedState="connected")
            )
        )
        for number in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} <= {202, 409}, Counter(answer.status for answer in answers)
    assert len({answer.json["id"] for answer in answers if answer.status == 202}) == 1
    done = order(gateway, "M1", "disconnect", key, wait=20, expectedState="connected")
    assert done.json["state"] == "succeeded", done.text
    assert log.orders() == {port: 1} and log.states([port]) == {port: "disconnected"}
    again = order(gateway, "M1", "disconnect", str(uuid.uuid4()), wait=20)
    result = gateway.get(f"/jobs/{again.json['id']}/executions").json["items"][0]["result"]
    assert result["noop"] and log.orders() == {port: 1}
    script = gateway.call(
        "POST", "/meters/M1/objects/0.0.10.0.106.255/methods/1", {"parameter": 2}, {"Idempotency-Key": str(uuid.uuid4())}
    )
    assert script.problem == "orders-only" and log.orders() == {port: 1}
    back = order(gateway, "M1", "reconnect", str(uuid.uuid4()), wait=20)
    assert back.json["state"] == "succeeded" and log.states([port]) == {port: "connected"}, back.text
    assert verify(tmp_path / "store.sqlite").returncode == 0


def settle(gateway: Gateway, keys: dict[str, tuple[str, str]], jobs: dict[str, str]) -> dict[str, dict]:
    """Learn of each order's job by repeating it, and wait for its final state."""
    ended = {}
    for meter, (action, key) in keys.items():
        answer = order(gateway, meter, action, key)
        assert answer.status == 202, answer.text
        assert jobs.setdefault(key, answer.json["id"]) == answer.json["id"]
    deadline = time.monotonic() + 60
    for meter, (_, key) in keys.items():
        while True:
            job = gateway.call("GET", f"/jobs/{jobs[key]}", headers={"Prefer": "wait=10"}).json
            if job["state"] in FINAL:
                break
            assert time.monotonic() < deadline, job
        ended[meter] = {**gateway.get(f"/jobs/{jobs[key]}/executions").json["items"][0], "job": job["state"]}
    return ended


@pytest.mark.cell("orders survive SIGKILL", "gurux meter")
def test_a_killed_gateway_sends_no_order_twice(start_gurux_meter, tmp_path):
    ports = {}
    logs = []
    for number in range(METERS):
        port = start_gurux_meter("--order-log", "--order-ways", str(number + 1))
        ports[f"M{number}"] = port
        logs.append(OrderLog(start_gurux_meter.logs[port]))

    def orders() -> Counter:
        return sum((log.orders() for log in logs), Counter())

    def states() -> dict[int, str]:
        return {port: log.states([port])[port] for log, port in zip(logs, ports.values())}

    database = tmp_path / "store.sqlite"
    moments = random.Random(20261122)
    tally: Counter = Counter()
    jobs: dict[str, str] = {}
    keys: dict[str, tuple[str, str]] = {}
    before: Counter = Counter()
    for kill in range(KILLS + 1):
        port = free_ports()
        arguments = [GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--database", f"sqlite:///{database}"]
        with (tmp_path / "killed.log").open("ab") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **SETTINGS})
        wait_for_port(port, process, "cosem-gateway serve")
        gateway = Gateway(port, process)
        if kill == 0:
            for meter, meter_port in ports.items():
                assert gateway.call("PUT", f"/meters/{meter}", configuration(meter_port)).status in (200, 201)
        # What became of the orders of the round before, which the kill interrupted.
        ended = settle(gateway, keys, jobs)
        shown = states()
        for meter, execution in ended.items():
            sent = orders()[ports[meter]] - before[ports[meter]]
            wanted = "disconnected" if keys[meter][0] == "disconnect" else "connected"
            assert sent <= 1, (kill, meter, execution)
            if execution["state"] == "succeeded":
                assert shown[ports[meter]] == wanted and sent == 1, (kill, meter, execution)
            else:
                assert shown[ports[meter]] != wanted, (kill, meter, execution)
            tally[execution["state"] if execution["state"] == "succeeded" else execution["problem"]["type"].rsplit("/", 1)[-1]] += 1
            tally["resolved by reading"] += bool(execution["result"] and execution["result"]["resolvedByReading"])
        if kill == KILLS:
            break
        before = orders()
        keys = {
            meter: ("disconnect" if shown[meter_port] == "connected" else "reconnect", str(uuid.uuid4()))
            for meter, meter_port in ports.items()
        }

        def give(meter: str) -> None:
            with contextlib.suppress(OSError, ValueError):
                answer = order(gateway, meter, *keys[meter])
                if answer.status == 202:
                    jobs[keys[meter][1]] = answer.json["id"]

        threads = [threading.Thread(target=give, args=(meter,)) for meter in ports]
        for thread in threads:
            thread.start()
        # The moment of the kill is what is tried out here, not a wait for something to happen.
        time.sleep(moments.uniform(0, 1.5) if kill % 2 else moments.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for thread in threads:
            thread.join()
    unfinished = [job for job in gateway.get("/jobs?limit=1000").json["items"] if job["state"] not in FINAL]
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    checked = verify(database)
    assert unfinished == []
    assert checked.returncode == 0, checked.stdout + checked.stderr
    ways = sum((log.ways() for log in logs), Counter())
    print(f"{KILLS} kills, {sum(tally.values())} facts of {len(jobs)} orders {dict(tally)}, commands {dict(ways)}; {checked.stdout}")
