# SPDX-License-Identifier: Apache-2.0
"""Several gateways on one PostgreSQL: meters are divided, no meter is called by two at once, and no work is lost.

`COSEM_GATEWAY_CLUSTER_METERS` says how many meters (300; 3000 is the full size) and `COSEM_GATEWAY_CLUSTER_PERIOD` every
how many seconds all of them are due to be read (20; 60 at the full size). Needs a server as `Scripts/with-postgresql` gives.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections import Counter, defaultdict

import pytest
from dial_in import DialInRelay, wait_until
from processes import GATEWAY, Answer, Gateway, free_ports, running, wait_for_port

SERVER = os.environ.get("COSEM_GATEWAY_TEST_POSTGRESQL")
CONTROL = os.environ.get("COSEM_GATEWAY_TEST_POSTGRESQL_CONTROL")
METERS = int(os.environ.get("COSEM_GATEWAY_CLUSTER_METERS", "300"))
PERIOD = float(os.environ.get("COSEM_GATEWAY_CLUSTER_PERIOD", "20"))
SIMULATORS = 3 if METERS > 1000 else 1
HERE = pathlib.Path(__file__).resolve().parent
REGISTER = "1.0.1.8.0.255"
#: Every tenth meter is read with ciphered messages, to see its invocation counters.
CIPHERED = 10

pytestmark = pytest.mark.skipif(not (SERVER and CONTROL), reason="no PostgreSQL server; run under Scripts/with-postgresql")


class Nodes:
    """Gateways over one database, each with a name."""

    def __init__(self, folder: pathlib.Path, database: str) -> None:
        self.folder = folder
        self.database = database
        self.gateways: dict[str, Gateway] = {}
        #: How they are asked; None = in clear.
        self.context: ssl.SSLContext | None = None

    def start(self, name: str, *more: str) -> Gateway:
        port = free_ports()
        arguments = [
            GATEWAY, "serve", "--auth", "none", "--listen", f"127.0.0.1:{port}", "--database", self.database, "--node", name,
            "--secret-key-file", str(self.folder / "key"), "--database-connections", "8", "--shutdown-grace", "10",
            *more,
        ]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT)
        wait_for_port(port, process, name)
        self.gateways[name] = Gateway(port, process, self.context)
        return self.gateways[name]

    def kill(self, name: str) -> None:
        gateway = self.gateways.pop(name)
        gateway.process.send_signal(signal.SIGKILL)
        gateway.process.wait()

    def stop(self, name: str) -> None:
        gateway = self.gateways.pop(name)
        gateway.process.terminate()
        assert gateway.process.wait(30) == 0

    def stop_all(self) -> None:
        for gateway in self.gateways.values():
            gateway.process.terminate()
        for gateway in self.gateways.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                gateway.process.wait(30)
            gateway.process.kill()

    def any(self) -> Gateway:
        ended = {name: gateway.process.poll() for name, gateway in self.gateways.items()}
        assert set(ended.values()) == {None}, f"ended by themselves (exit status, or minus the signal): {ended}"
        return next(iter(self.gateways.values()))

    def shares(self) -> dict[str, int]:
        answer = self.any().get("/nodes")
        assert answer.status == 200, answer.text
        return {item["name"]: item["shares"] for item in answer.json["items"] if item["state"] == "live"}

    def await_balance(self, limit: float = 60) -> float:
        """Wait until every gateway has its part; gives how long it took."""
        begin = time.monotonic()
        while time.monotonic() < begin + limit:
            shares = self.shares()
            fair = -(-1024 // len(self.gateways))
            if set(shares) == set(self.gateways) and sum(shares.values()) == 1024 and max(shares.values()) <= fair:
                return time.monotonic() - begin
            time.sleep(0.2)
        raise AssertionError(f"not balanced after {limit} s: {self.any().get('/nodes').text}")


def many_ports(count: int) -> int:
    """The first of many consecutive ports, below those that the system gives to connections."""
    if count <= 4_000:
        return free_ports(count)
    while True:
        first = random.randrange(10_000, 32_000 - count)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue


@pytest.fixture
def database():
    name = f"cluster_{os.getpid()}_{free_ports()}"
    subprocess.run([CONTROL, "create", name], check=True)
    yield urllib.parse.urlparse(SERVER)._replace(path=f"/{name}").geturl()
    subprocess.run([CONTROL, "drop", name], check=False)


@pytest.fixture
def nodes(tmp_path, database):
    nodes = Nodes(tmp_path, database)
    try:
        yield nodes
    finally:
        nodes.stop_all()


@pytest.fixture
def meters(tmp_path):
    """Watched meters; gives the first port and the log."""
    with contextlib.ExitStack() as stack:
        each = METERS // SIMULATORS
        # One range for all, because a range is only looked for and not taken.
        first = many_ports(2 * METERS)
        for number in range(SIMULATORS):
            port = first + METERS + number * each
            command = [GATEWAY, "simulate", "--port", str(port), "--count", str(each), "--rows", "4"]
            stack.enter_context(running(command, port + each - 1, "simulate", tmp_path / f"simulate{number}.log"))
            watch = [
                sys.executable, "watched_meters.py", "--port", str(first + number * each),
                "--meters", str(port), "--count", str(each),
            ]
            stack.enter_context(
                running(watch, first + (number + 1) * each - 1, "watched_meters.py", tmp_path / f"meters{number}.log")
            )
        yield first, [tmp_path / f"meters{number}.log" for number in range(SIMULATORS)], each


def association(number: int) -> dict:
    if number % CIPHERED:
        return {"clientAddress": 32, "authentication": {"mechanism": "low", "secret": {"text": "12345678"}}}
    return {
        "clientAddress": 36,
        "authentication": {"mechanism": "gmac"},
        "security": {
            "suite": 0,
            "blockCipherKey": {"hex": bytes(range(16)).hex()},
            "authenticationKey": {"hex": bytes(range(0xD0, 0xE0)).hex()},
            "invocationCounterObject": "0.0.43.1.0.255",
        },
    }


def register(gateway: Gateway, first: int, count: int) -> None:
    lines = []
    for number in range(count):
        configuration = {
            "id": f"M-{number}",
            "channel": {"type": "tcp", "host": "127.0.0.1", "port": first + number},
            "framing": "wrapper",
            "address": {"logicalDevice": 1},
            "associations": {"reader": association(number)},
            "keepAlive": "PT20S",
            "labels": {"fleet": "cluster"},
        }
        lines.append(json.dumps(configuration))
    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.port}/meters/import", "\n".join(lines).encode(),
        {"Content-Type": "application/x-ndjson"}, method="POST",
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        report = json.load(answer)
    assert (report["created"], report["failed"]) == (count, 0), report


def steer(nodes: Nodes, path: str, method: str = "POST", body: dict | None = None) -> Answer:
    """Whichever gateway takes it."""
    while True:
        for gateway in list(nodes.gateways.values()):
            with contextlib.suppress(OSError):
                answer: Answer = gateway.call(method, path, body, timeout=30)
                if answer.status < 500:
                    assert answer.status < 300, answer.text
                    return answer
        time.sleep(0.5)


def jobs_of_schedule(gateway: Gateway) -> list[dict]:
    """The jobs that the schedule made, the newest first."""
    items, path = [], "/jobs?kind=read&limit=200"
    while path:
        page = gateway.get(path).json
        items += page["items"]
        path = page.get("next")
    return items


def facts(logs: list[pathlib.Path], each: int):
    """What was seen at the meters: most connections at once, reads by meter, counters by meter."""
    most, reads, counters = Counter(), defaultdict(list), defaultdict(list)
    for place, log in enumerate(logs):
        for line in log.read_text().splitlines():
            words = line.split()
            if len(words) < 3 or words[0] not in ("open", "read", "count"):
                continue
            meter = int(words[1]) + place * each
            if words[0] == "open":
                most[meter] = max(most[meter], int(words[3]))
            elif words[0] == "read":
                reads[meter].append(float(words[2]))
            else:
                counters[meter].append(int(words[2]))
    return most, reads, counters


def executions(gateway: Gateway, job: str) -> list[dict]:
    items, path = [], f"/jobs/{job}/executions?limit=500"
    while path:
        page = gateway.get(path).json
        items += page["items"]
        path = page.get("next")
    return items


def test_work_is_shared_and_nothing_is_lost(nodes, meters):
    first, logs, each = meters
    for name in ("a", "b", "c"):
        nodes.start(name)
    joined = nodes.await_balance()
    register(nodes.any(), first, METERS)
    events: list[str] = [f"three gateways have their parts after {joined:.1f} s"]
    # All meters are due again and again, and what passes while nobody can make a job of it is made up for.
    steer(nodes, "/schedules/all", "PUT", {
        "recurrence": {"every": f"PT{PERIOD:g}S"}, "misfire": "run-all", "overlap": "queue",
        "target": {"selector": "fleet=cluster"},
        "operation": {"read": {"items": [{"object": REGISTER, "attribute": 2, "class": 3}]}},
    })
    first_due = time.time() // PERIOD + 1
    try:
        # What happens during the rounds; the pauses are what is tried out, not waits for something to happen.
        time.sleep(PERIOD * 1.2)
        killed = time.monotonic()
        nodes.kill("b")
        nodes.await_balance()
        events.append(f"what the killed one had is taken over {time.monotonic() - killed:.1f} s after SIGKILL")
        time.sleep(PERIOD)
        nodes.start("d")
        events.append(f"a new one has its part after {nodes.await_balance():.1f} s")
        time.sleep(PERIOD)
        subprocess.run([CONTROL, "stop"], check=True)
        time.sleep(20)
        # What uses no database goes on, and says that it is not ready.
        assert {gateway.get("/livez").status for gateway in nodes.gateways.values()} == {200}
        assert {gateway.get("/readyz").status for gateway in nodes.gateways.values()} == {503}
        subprocess.run([CONTROL, "start"], check=True)
        back = time.monotonic()
        while {gateway.get("/readyz").status for gateway in nodes.gateways.values()} != {200}:
            assert time.monotonic() < back + 60
            time.sleep(0.2)
        events.append(f"all are ready {time.monotonic() - back:.1f} s after the database is back")
        nodes.await_balance()
        time.sleep(PERIOD)
        stopped = time.monotonic()
        nodes.stop("a")
        nodes.await_balance()
        events.append(f"one that was stopped has handed over after {time.monotonic() - stopped:.1f} s")
        time.sleep(PERIOD * 1.5)
    finally:
        last_due = time.time() // PERIOD
    steer(nodes, "/schedules/all/pause")
    rounds = int(last_due - first_due) + 1
    deadline = time.monotonic() + 120
    skipped = 0
    while len(jobs_of_schedule(nodes.any())) + skipped < rounds and time.monotonic() < deadline:
        time.sleep(0.5)
        skipped = nodes.any().get("/schedules/all").json["skipped"]
    jobs = [job["id"] for job in jobs_of_schedule(nodes.any())]
    unfinished = list(jobs)
    while unfinished and time.monotonic() < deadline:
        unfinished = [job for job in unfinished if nodes.any().get(f"/jobs/{job}").json["state"] != "succeeded"]
        time.sleep(0.5)
    print("\n".join(events))
    for job in unfinished:
        print(Counter(str(item.get("problem")) for item in executions(nodes.any(), job) if item["state"] != "succeeded"))
    assert unfinished == [], nodes.any().get(f"/jobs/{unfinished[0]}").text
    # Every reading that was due is there, once; at most one more became due while the schedule was paused. A time is left out
    # only when two more are due before the work of one is done, as in an outage that is longer than the period.
    assert rounds <= len(jobs) + skipped <= rounds + 1, (rounds, len(jobs), skipped)
    assert skipped <= (0 if PERIOD >= 60 else 3)
    for job in jobs:
        done = executions(nodes.any(), job)
        assert Counter(item["state"] for item in done) == {"succeeded": METERS}, job
        assert len({item["meter"] for item in done}) == METERS
    most, reads, counters = facts(logs, each)
    overlaps = {meter: count for meter, count in most.items() if count > 1}
    assert overlaps == {}
    for meter, seen in counters.items():
        assert len(set(seen)) == len(seen), f"M-{meter} got a counter twice"
    total = sum(len(seen) for meter, seen in reads.items() if meter % CIPHERED)
    due = len(jobs) * sum(1 for meter in range(METERS) if meter % CIPHERED)
    print(json.dumps({
        "meters": METERS, "rounds": len(jobs), "left out": skipped, "readings": len(jobs) * METERS, "overlaps": len(overlaps),
        "reads at meters in clear": total, "due of these": due,
        "counters seen": sum(len(seen) for seen in counters.values()),
    }))
    # Only what a killed or cut off gateway had read and not yet told is asked for again.
    assert total - due <= 3 * 64


def test_a_request_to_the_wrong_gateway_is_answered_through_the_right_one(nodes, meters):
    first, logs, each = meters
    for name in ("a", "b"):
        nodes.start(name)
    nodes.await_balance()
    register(nodes.gateways["a"], first, 20)
    through = Counter()
    for number in range(20):
        for name, gateway in nodes.gateways.items():
            answer = gateway.get(f"/meters/M-{number}/objects/{REGISTER}/attributes/2?maxAge=PT0S")
            assert answer.status == 200, answer.text
            through[answer.headers.get("Cosem-Gateway-Answered-By", name) == name] += 1
    # Each meter is at home at one of the two, and each was asked for at both.
    assert through == {True: 20, False: 20}
    # Routes that take long bodies take them here, too.
    line = json.dumps({"id": "N-0", "channel": {"type": "tcp", "host": "127.0.0.1", "port": 9}})
    padding = (2 << 20) * b" "
    request = urllib.request.Request(
        f"http://127.0.0.1:{nodes.gateways['a'].port}/meters/import?dryRun=true", line.encode() + b"\n" + padding + b"\n",
        {"Content-Type": "application/x-ndjson"}, method="POST",
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200
    # A change at one is seen by the other, and what is wrong is told alike.
    for gateway in nodes.gateways.values():
        answer = gateway.get("/meters/M-0/objects/1.0.99.99.99.255/attributes/2?class=3")
        assert (answer.status, answer.problem) == (404, "object-undefined"), answer.text
    most, _, _ = facts(logs, each)
    assert set(most.values()) == {1}


def test_gateways_reach_each_other_under_tls_and_only_where_they_trust(nodes, authority, tmp_path):
    certificate, key = (str(file) for file in authority)
    nodes.context = ssl.create_default_context(cafile=certificate)
    identity = ["--tls-certificate", certificate, "--tls-key", key]
    for name in ("a", "b"):
        nodes.start(name, *identity, "--node-authority-file", certificate)
    # One that trusts the authorities of the system only.
    nodes.start("c", *identity)
    nodes.await_balance()
    meters = [f"M-{number}" for number in range(32)]
    for number, meter in enumerate(meters):
        # Nobody listens there: whoever has the line says so.
        nodes.any().register(meter, 1 + number)
    seen = defaultdict(Counter)
    for meter in meters:
        for name, gateway in nodes.gateways.items():
            answer = gateway.get(f"/meters/{meter}/objects/{REGISTER}/attributes/2?maxAge=PT0S")
            seen[name][answer.headers.get("Cosem-Gateway-Answered-By", name), answer.problem] += 1
    assert {problem for name in "ab" for _, problem in seen[name]} == {"meter-refused-connection"}, seen
    assert {keeper for name in "ab" for keeper, _ in seen[name]} == {"a", "b", "c"}, seen
    assert set(seen["c"]) == {("c", "meter-refused-connection"), ("c", "held-elsewhere")}, seen
    assert "cannot reach another gateway" not in (tmp_path / "a.log").read_text()
    assert "notTrusted" in (tmp_path / "c.log").read_text()
    for address in ("http://x:1", "https://x:http"):
        environment = {**os.environ, "COSEM_GATEWAY_NODE_ADDRESS": address}
        slip = subprocess.run([GATEWAY, "config", "check", *identity], env=environment, capture_output=True, text=True)
        assert slip.returncode == 2 and "https://" in slip.stderr, (address, slip.stderr)
    unusable = subprocess.run(
        [GATEWAY, "config", "check"], env={**os.environ, "COSEM_GATEWAY_NODE_ADDRESS": "ftp://x:1"}, capture_output=True, text=True
    )
    assert unusable.returncode == 2 and "https://HOST:PORT" in unusable.stderr + unusable.stdout


def test_a_channel_that_an_operator_holds_is_held_wherever_its_line_goes(nodes, simulator):
    reading = f"/meters/M-1/objects/{REGISTER}/attributes/2?maxAge=PT0S"
    for name in ("a", "b"):
        nodes.start(name)
    nodes.await_balance()
    nodes.any().register("M-1", simulator)
    first = nodes.any().get(reading)
    assert first.status == 200, first.text
    keeper = first.headers.get("Cosem-Gateway-Answered-By", "a")
    other = nodes.gateways["b" if keeper == "a" else "a"]
    held = other.call("POST", "/channels/meter:M-1/hold", {"reason": "works on the mast"})
    assert (held.status, held.json["status"]["state"]) == (200, "held"), held.text
    nodes.stop(keeper)
    nodes.await_balance()
    refused = other.get(reading, headers={"Prefer": "wait=1"})
    assert (refused.status, refused.problem) == (423, "meter-locked"), refused.text
    assert "Cosem-Gateway-Answered-By" not in refused.headers
    assert other.call("POST", "/channels/meter:M-1/resume").status == 200
    assert other.get(reading).status == 200


def test_a_stream_at_one_gateway_shows_what_the_other_keeps(nodes, simulator):
    for name in ("a", "b"):
        nodes.start(name)
    nodes.await_balance()
    first, second = nodes.gateways["a"], nodes.gateways["b"]
    request = urllib.request.Request(
        f"http://127.0.0.1:{first.port}/events?type=job.finished", headers={"Accept": "text/event-stream"}
    )
    with urllib.request.urlopen(request, timeout=60) as stream:
        # Meters of both, so that jobs end at either, which is then the one that keeps it.
        wanted = set()
        for number in range(8):
            second.register(f"S-{number}", simulator)
            order = {"kind": "read", "target": {"meters": [f"S-{number}"]}, "items": [{"object": REGISTER, "attribute": 2}]}
            wanted.add(second.call("POST", "/jobs", order).json["id"])
        told = Counter()
        deadline = time.monotonic() + 60
        for line in stream:
            assert time.monotonic() < deadline, told
            if line.startswith(b"data:"):
                told[json.loads(line[5:])["data"]["job"]] += 1
            if set(told) == wanted:
                break
    assert (set(told), set(told.values())) == (wanted, {1})


def test_a_meter_that_dials_in_is_reached_through_the_gateway_that_it_called(nodes, simulator):
    ports = {name: free_ports() for name in ("a", "b")}
    for name, port in ports.items():
        nodes.start(name, "--dial-in-listen", f"127.0.0.1:{port}", "--dial-in-identify", "first-line")
    nodes.await_balance()
    configuration = {
        "channel": {"type": "dial-in", "identity": "imei-7"},
        "framing": "wrapper",
        "address": {"logicalDevice": 1},
        "associations": {"reader": association(1)},
        "keepAlive": "PT1S",
    }
    answer = nodes.gateways["a"].call("PUT", "/meters/M-7", configuration, {"If-None-Match": "*"})
    assert answer.status == 201, answer.text

    def read(gateway: Gateway) -> Answer:
        return gateway.get(f"/meters/M-7/objects/{REGISTER}/attributes/2?maxAge=PT0S", headers={"Prefer": "wait=15"})

    for name in ("a", "b"):
        relay = DialInRelay(ports[name], simulator, b"imei-7\r\n")
        # Told to the other one as soon as the connection stands.
        wait_until(
            lambda name=name: all(
                (answer := read(gateway)).status == 200
                and answer.headers.get("Cosem-Gateway-Answered-By", own) == name
                for own, gateway in nodes.gateways.items()
            ),
            f"both answer through {name}",
        )
        job = nodes.gateways["a" if name == "b" else "b"].call("POST", "/jobs", {
            "kind": "read", "target": {"meters": ["M-7"]}, "items": [{"object": REGISTER, "attribute": 2, "class": 3}],
        }).json["id"]
        wait_until(lambda job=job: nodes.any().get(f"/jobs/{job}").json["state"] == "succeeded", "the job")
        relay.close()
