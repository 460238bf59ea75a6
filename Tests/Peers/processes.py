# SPDX-License-Identifier: Apache-2.0
"""Processes on loopback that tests start and end, and the HTTP face of the gateway."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import discretion

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
GATEWAY = os.environ.get("COSEM_GATEWAY_BINARY", str(ROOT / ".build/debug/cosem-gateway"))
START_SECONDS = 30
# A gateway that ends answers first what is under way; longer than its grace.
END_SECONDS = 45


# Below the ports that the kernel gives to connections, so that none of those comes between finding a port and its use;
# tests that run side by side have a part of it each.
PORTS_OF_A_WORKER = 5_000
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
next_port = 10_000 + WORKER * PORTS_OF_A_WORKER + random.randrange(PORTS_OF_A_WORKER)


def free_ports(count: int = 1) -> int:
    """The first of `count` consecutive ports that nobody listens on."""
    global next_port
    lowest = 10_000 + WORKER * PORTS_OF_A_WORKER
    while True:
        if next_port + count > lowest + PORTS_OF_A_WORKER:
            next_port = lowest
        first, next_port = next_port, next_port + count
        with contextlib.ExitStack() as held:
            try:
                for port in range(first, first + count):
                    taken = held.enter_context(socket.socket())
                    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    taken.bind(("127.0.0.1", port))
                return first
            except OSError:
                continue


def wait_for_port(port: int, process: subprocess.Popen, what: str) -> None:
    """Return once something accepts connections on the port; fail when the process ends first."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode} before it listened")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{what} did not listen on {port} within {START_SECONDS} s")


@contextlib.contextmanager
def running(arguments: list[str], port: int, what: str, log: pathlib.Path):
    """A process that listens on a port, ended at the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT, cwd=HERE)
        try:
            wait_for_port(port, process, what)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise RuntimeError(f"{what} did not end within {END_SECONDS} s of SIGTERM")


@dataclass
class Answer:
    """One HTTP answer: status, headers and body, the body as JSON where it is."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        """The last path segment of the problem's type."""
        return self.json["type"].rsplit("/", 1)[-1]


class Gateway:
    """The gateway's HTTP face."""

    def __init__(self, port: int, process: subprocess.Popen, context: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.process = process
        self.context = context

    def call(self, method: str, path: str, body=None, headers: dict | None = None, timeout: float = 60) -> Answer:
        scheme = "https" if self.context else "http"
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{self.port}{path}", method=method)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        discretion.learn_request(body, headers or {})
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            if not request.has_header("Content-type"):
                request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, data, timeout, context=self.context) as response:
                answer = Answer(response.status, dict(response.headers), response.read().decode())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, dict(error.headers), error.read().decode())
        discretion.check_answer(answer.text, f"{method} {path}")
        return answer

    def get(self, path: str, **options) -> Answer:
        return self.call("GET", path, **options)

    def register(self, meter: str, port: int, client: int = 32, password: str | None = "12345678", **members) -> None:
        """Put a wrapper meter on 127.0.0.1 with one association named reader."""
        authentication = (
            {"mechanism": "low", "secret": {"text": password}} if password else {"mechanism": "none"}
        )
        configuration = {
            "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
            "framing": "wrapper",
            "address": {"logicalDevice": 1},
            "associations": {"reader": {"clientAddress": client, "authentication": authentication}},
            "timeouts": {"connect": "PT5S", "response": "PT10S"},
            **members,
        }
        answer = self.call("PUT", f"/meters/{meter}", configuration, {"If-None-Match": "*"})
        assert answer.status == 201, answer.text
