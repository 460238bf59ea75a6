# SPDX-License-Identifier: Apache-2.0
"""Operators see and steer the lines to foreign meters, try the way to them, and watch the frames without the passwords."""

from __future__ import annotations

import json
import pathlib
import socket
import threading
import time
import urllib.request

import discretion
import pytest
from processes import free_ports

PASSWORD = "s3cr3t-Pw"
ENERGY = "/objects/1.0.1.8.0.255/attributes/2?maxAge=0"
CLOCK = "/objects/0.0.1.0.0.255/attributes/2?maxAge=0"


class Watch:
    """A trace that is read in the background; every line as it came."""

    def __init__(self, gateway, meter: str, query: str = "", accept: str = "application/x-ndjson", headers: dict | None = None) -> None:
        url = f"http://127.0.0.1:{gateway.port}/meters/{meter}/trace{query}"
        request = urllib.request.Request(url, headers={"Accept": accept, **(headers or {})})
        self.response = urllib.request.urlopen(request, timeout=60)
        self.first = self.response.readline().decode()
        self.lines: list[str] = []
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        for line in self.response:
            self.lines.append(line.decode())

    def finish(self) -> str:
        """Everything until the watch ended by itself."""
        self.thread.join(60)
        assert not self.thread.is_alive()
        text = self.first + "".join(self.lines)
        discretion.check_answer(text, "a trace")
        return text


@pytest.fixture(scope="module")
def meters(gateway, start_gurux_meter, pydlms_meter):
    """One meter of each foreign make, in an association with a password."""
    ports = {
        "trace-gurux": start_gurux_meter("--auth", "low", "--password", PASSWORD, "--pdu-size", "256"),
        "trace-pydlms": pydlms_meter,
    }
    gateway.register("trace-gurux", ports["trace-gurux"], 32, PASSWORD)
    gateway.register("trace-pydlms", ports["trace-pydlms"], 32, "12345678")
    return ports


NAMES = [
    pytest.param("trace-gurux", PASSWORD, marks=pytest.mark.cell("check and trace", "gurux meter")),
    pytest.param("trace-pydlms", "12345678", marks=pytest.mark.cell("check and trace", "pydlms meter")),
]


@pytest.mark.parametrize("name, password", NAMES)
def test_each_step_of_a_check_succeeds_and_a_wrong_password_fails_the_right_one(gateway, meters, name, password):
    answer = gateway.call("POST", f"/meters/{name}/check")
    assert answer.status == 200, answer.text
    steps = {step["name"]: step["outcome"] for step in answer.json["steps"]}
    assert answer.json["ok"], answer.text
    assert steps["connect"] == steps["association"] == steps["read"] == "ok"
    assert steps["sign-on"] == steps["link"] == "skipped"
    gateway.register(name + "-wrong", meters[name], 32, "wr0ng-Pw")
    answer = gateway.call("POST", f"/meters/{name}-wrong/check")
    assert answer.status == 200 and not answer.json["ok"]
    failed = [step for step in answer.json["steps"] if step["outcome"] == "failed"]
    assert len(failed) == 1 and failed[0]["name"] == "association" and failed[0]["hint"], answer.text
    assert "wr0ng-Pw" not in answer.text


@pytest.mark.parametrize("name, password", NAMES)
def test_every_frame_of_a_trace_is_decoded_and_the_password_is_nowhere(gateway, meters, name, password):
    watch = Watch(gateway, name, "?for=PT8S")
    assert gateway.call("POST", f"/meters/{name}/check").json["ok"]
    assert gateway.get(f"/meters/{name}{CLOCK}").status == 200
    assert gateway.get(f"/meters/{name}/objects?maxAge=0").status == 200
    text = watch.finish()
    for secret in (password, password.encode().hex(), password.encode().hex().upper()):
        assert secret not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0]["event"] == "watching" and lines[-1] == lines[-1] | {"event": "end", "reason": "time-is-over"}
    frames = [line for line in lines if line["event"] in ("sent", "received")]
    assert len(frames) >= 8
    apdus = []
    for frame in frames:
        assert frame["decoded"]["layer"] == "wrapper", frame
        assert "problem" not in frame["decoded"]["message"], frame
        apdus.append(frame["decoded"]["message"]["decoded"]["apdu"])
        assert frame["decoded"]["decoded"]["length"] * 2 + 16 == len(frame["octets"])
    assert {"aarq", "aare"} <= set(apdus)
    masked = [frame for frame in frames if frame.get("masked")]
    assert masked and all(frame["decoded"]["message"]["decoded"]["apdu"] == "aarq" for frame in masked)
    assert all(frame["octets"].count("*") == 2 * len(password) for frame in masked)
    assert {"opened", "closed"} <= {line["event"] for line in lines}


def test_an_event_stream_ends_by_itself(gateway, meters):
    watch = Watch(gateway, "trace-gurux", "?for=PT3S&decode=false", "text/event-stream")
    assert gateway.get(f"/meters/trace-gurux{CLOCK}").status == 200
    text = watch.finish()
    assert text.startswith("event: watching\n")
    assert "event: sent\ndata: {" in text and "decoded" not in text


def test_a_watcher_that_leaves_is_noticed(gateway, meters):
    folder = pathlib.Path(f"/proc/{gateway.process.pid}/fd")
    before = len(list(folder.iterdir()))
    watchers = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(20)]
    for watcher in watchers:
        watcher.sendall(b"GET /meters/trace-gurux/trace HTTP/1.1\r\nHost: gateway\r\n\r\n")
        assert watcher.recv(20).startswith(b"HTTP/1.1 200")
    assert len(list(folder.iterdir())) >= before + 20
    for watcher in watchers:
        watcher.close()
    deadline = time.monotonic() + 40
    while len(list(folder.iterdir())) >= before + 20:
        assert time.monotonic() < deadline, "the connections of watchers that left are still open"
        time.sleep(0.5)


@pytest.mark.cell("hold, drain, breaker", "gurux meter")
def test_a_held_channel_waits_and_goes_on(gateway, meters):
    name = "trace-gurux"
    held = gateway.call("POST", f"/channels/meter:{name}/hold", {"for": "PT1H", "reason": "works on the mast"})
    assert held.status == 200 and held.json["status"]["state"] == "held"
    refused = gateway.get(f"/meters/{name}{CLOCK}", headers={"Prefer": "wait=1"})
    assert refused.status == 423 and refused.problem == "meter-locked"
    assert "works on the mast" in refused.json["detail"] and int(refused.headers["Retry-After"]) > 3000
    assert gateway.call("POST", f"/channels/meter:{name}/resume").json["status"]["state"] != "held"
    assert gateway.get(f"/meters/{name}{CLOCK}").status == 200
    drained = gateway.call("POST", f"/channels/meter:{name}/drain")
    assert drained.json["status"]["state"] == "draining"
    assert gateway.get(f"/meters/{name}{CLOCK}").problem == "meter-locked"
    gateway.call("POST", f"/channels/meter:{name}/resume")
    assert gateway.get(f"/meters/{name}{CLOCK}").status == 200


def test_a_dead_port_breaks_the_channel_visibly(gateway):
    gateway.register("dead", free_ports())
    for _ in range(5):
        assert gateway.get(f"/meters/dead{ENERGY}").problem == "meter-refused-connection"
    refused = gateway.get(f"/meters/dead{ENERGY}")
    assert refused.status == 503 and refused.problem == "circuit-open"
    assert refused.json["until"] and int(refused.headers["Retry-After"]) >= 1
    status = gateway.get("/meters/dead").json["status"]["channel"]
    assert status["state"] == "broken" and status["breaker"]["state"] == "open"
    assert status["breaker"]["reason"]["problem"] == "meter-refused-connection"
    urgent = gateway.get(f"/meters/dead{ENERGY}", headers={"Priority": "u=0"})
    assert urgent.problem == "meter-refused-connection"


def test_groups_are_kept_while_channels_are_in_them(gateway):
    assert gateway.call("PUT", "/channel-groups/modems", {"parallelism": 2, "maxConnectionsPerSecond": 5}).status == 201
    channel = {"type": "tcp", "host": "127.0.0.1", "port": free_ports(), "group": "modem"}
    refused = gateway.call("PUT", "/channels/line-1", channel)
    assert refused.problem == "channel-unknown" and refused.json["suggestion"] == "modems"
    assert gateway.call("PUT", "/channels/line-1", channel | {"group": "modems"}).status == 201
    assert gateway.call("DELETE", "/channel-groups/modems").problem == "in-use"
    assert gateway.call("DELETE", "/channels/line-1").status == 204
    assert gateway.call("DELETE", "/channel-groups/modems").status == 204
