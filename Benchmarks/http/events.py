#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Measure how fast events reach many clients of the event stream.

    events.py GATEWAY-BINARY [--clients 1000] [--jobs 20]

Starts a gateway with one simulated meter, lets clients follow `/events?type=job.finished`, makes jobs one after the other, and prints
when the last of the clients had each event: the median and the slowest, in milliseconds after the first client had it, and the CPU seconds
of the gateway for each thousand events delivered.
"""
import argparse
import asyncio
import os
import pathlib
import re
import resource
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

JOB = b'{"kind":"read","target":{"meters":["M-1"]},"items":[{"object":"1.0.1.8.0.255","attribute":2}]}'


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call(method: str, url: str, body: bytes | None = None) -> None:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    urllib.request.urlopen(request, timeout=60).read()


async def client(port: int, ready: asyncio.Semaphore, arrivals: dict[bytes, list[float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /events?type=job.finished HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
    while (await reader.readline()).strip():
        pass
    while not (await reader.readline()).startswith(b"id: "):
        pass
    ready.release()
    while line := await reader.readline():
        if line.startswith(b"data: "):
            job = re.search(rb'"job":"([^"]+)"', line)
            arrivals.setdefault(job.group(1) if job else b"", []).append(time.monotonic())


async def measure(port: int, pid: int, options: argparse.Namespace) -> None:
    ready = asyncio.Semaphore(0)
    arrivals: dict[bytes, list[float]] = {}
    tasks = [asyncio.create_task(client(port, ready, arrivals)) for _ in range(options.clients)]
    for _ in range(options.clients):
        await ready.acquire()
    before = cpu_seconds(pid)
    for number in range(options.jobs):
        await asyncio.to_thread(call, "POST", f"http://127.0.0.1:{port}/jobs", JOB)
        while len(arrivals) <= number or any(len(times) < options.clients for times in arrivals.values()):
            await asyncio.sleep(0.005)
    used = cpu_seconds(pid) - before
    spans = sorted(1000 * (max(times) - min(times)) for times in arrivals.values())
    events = options.jobs * options.clients
    print(
        f"{options.clients} clients: the last has an event {statistics.median(spans):.0f} ms after the first"
        f" (slowest {spans[-1]:.0f} ms); {1000 * used / events:.3f} s of CPU for 1,000 events delivered"
    )
    for task in tasks:
        task.cancel()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=20)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, options.clients + 500), hard))
    meter_port, port = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        meter = subprocess.Popen([options.binary, "simulate", "--port", str(meter_port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        gateway = subprocess.Popen(
            [
                options.binary, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--log-level", "error",
                "--database", f"sqlite:///{folder}/gateway.sqlite", "--http-connections", str(options.clients + 100),
                "--http-event-streams", str(options.clients),
            ]
        )
        try:
            for _ in range(200):
                try:
                    call("GET", f"http://127.0.0.1:{port}/readyz")
                    break
                except OSError:
                    time.sleep(0.1)
            authentication = '{"mechanism":"low","secret":{"text":"12345678"}}'
            call(
                "PUT",
                f"http://127.0.0.1:{port}/meters/M-1",
                f'{{"channel":{{"type":"tcp","host":"127.0.0.1","port":{meter_port}}},"framing":"wrapper",'
                f'"associations":{{"reader":{{"clientAddress":32,"authentication":{authentication}}}}}}}'.encode(),
            )
            asyncio.run(measure(port, gateway.pid, options))
        finally:
            gateway.terminate()
            meter.terminate()
            gateway.wait()
            meter.wait()


if __name__ == "__main__":
    main()
