# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Event streams over sockets: what a client sees that is cut and comes back, and what is left of one that is gone."""

from __future__ import annotations

import socket
import time

import pytest

from processes import GATEWAY, Gateway, free_ports, running

PATIENCE = 30


@pytest.fixture
def telling_gateway(tmp_path, simulator):
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--http-event-streams", "20",
        "--database", f"sqlite:///{tmp_path}/gateway.sqlite",
    ]
    with running(arguments, port, "cosem-gateway serve", tmp_path / "log") as process:
        gateway = Gateway(port, process)
        gateway.register("M-1", simulator)
        yield gateway


class Stream:
    """A client of an event stream that takes as much as it is told to."""

    def __init__(self, port: int, path: str = "/events", last: str | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        fields = f"Last-Event-ID: {last}\r\n" if last else ""
        request = f"GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n{fields}\r\n"
        self.socket.sendall(request.encode())
        self.text = ""
        while "\r\n\r\n" not in self.text:
            self.text += self.receive()
        self.head, self.text = self.text.split("\r\n\r\n", 1)

    def receive(self) -> str:
        octets = self.socket.recv(4096)
        if not octets:
            raise EOFError
        return octets.decode()

    def block(self) -> dict[str, str]:
        """The members of the next block of lines."""
        while "\n\n" not in self.text:
            self.text += self.receive()
        block, self.text = self.text.split("\n\n", 1)
        return dict(line.split(": ", 1) for line in block.splitlines())

    def event(self) -> dict[str, str]:
        while "event" not in (block := self.block()):
            pass
        return block

    def close(self) -> None:
        self.socket.close()


def streams(gateway: Gateway) -> int:
    line = next(line for line in gateway.get("/metrics").text.splitlines() if line.startswith("cosem_gateway_event_streams "))
    return int(line.split()[1])


def read_job(gateway: Gateway) -> None:
    body = {"kind": "read", "target": {"meters": ["M-1"]}, "items": [{"object": "1.0.1.8.0.255", "attribute": 2}]}
    made = gateway.call("POST", "/jobs", body)
    assert made.status == 202, made.text
    assert gateway.get(f"/jobs/{made.json['id']}", headers={"Prefer": "wait=20"}).json["state"] == "succeeded"


def test_who_was_cut_misses_nothing_and_sees_nothing_twice(telling_gateway):
    path = "/events?type=job.created,job.finished"
    stream = Stream(telling_gateway.port, path)
    assert "200" in stream.head.splitlines()[0]
    last = stream.block()["id"]
    seen: list[tuple[str, str]] = []
    for _ in range(6):
        read_job(telling_gateway)
        block = stream.event()
        seen.append((block["id"], block["event"]))
        last = block["id"]
        # The rest of this job's events come while nobody listens.
        stream.close()
        stream = Stream(telling_gateway.port, path, last)
    while len(seen) < 12:
        block = stream.event()
        seen.append((block["id"], block["event"]))
    stream.close()
    assert [event for _, event in seen] == ["job.created", "job.finished"] * 6
    assert [identifier for identifier, _ in seen] == sorted({identifier for identifier, _ in seen})


def test_the_place_of_a_client_that_is_gone_is_free_again(telling_gateway):
    clients = [Stream(telling_gateway.port) for _ in range(20)]
    assert streams(telling_gateway) == 20
    refused = telling_gateway.get("/events", headers={"Accept": "text/event-stream"})
    assert (refused.status, refused.problem) == (503, "streams-full")
    for client in clients:
        client.close()
    deadline = time.monotonic() + PATIENCE
    while streams(telling_gateway) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert streams(telling_gateway) == 0
