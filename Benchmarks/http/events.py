#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Measure how fast events reach many clients of the event stream.

    events.py GATEWAY-BINARY [--clients 1000] [--jobs 20]

Starts a gateway that asks for a key, with one simulated meter, lets clients follow `/events?type=job.finished`, makes jobs one after the
other, and prints when the last of the clients had each event: the median and the slowest, in milliseconds after the first client had it,
and the CPU seconds of the gateway for each thousand events delivered.
"""
import argparse
import asyncio
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from compare import cpu_seconds, free_port
from credentials import new_key

JOB = b'{"kind":"read","target":{"meters":["M-1"]},"items":[{"object":"1.0.1.8.0.255","attribute":2}]}'


def call(key: str, method: str, url: str, body: bytes | None = None) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(url, body, headers, method=method)
    urllib.request.urlopen(request, timeout=60).read()


async def client(port: int, key: str, ready: asyncio.Semaphore, arrivals: dict[bytes, list[float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    fields = f"Host: localhost\r\nAuthorization: Bearer {key}\r\nAccept: text/event-stream\r\n"
    writer.write(f"GET /events?type=job.finished HTTP/1.0\r\n{fields}\r\n".encode())
    if b" 200 " not in (status := await reader.readline()):
        sys.exit(f"events: a client was answered {status.decode().strip() or 'nothing'}")
    while (await reader.readline()).strip():
        pass
    while not (await reader.readline()).startswith(b"id: "):
        pass
    ready.release()
    while line := await reader.readline():
        if line.startswith(b"data: "):
            job = re.search(rb'"job":"([^"]+)"', line)
            arrivals.setdefault(job.group(1) if job else b"", []).append(time.monotonic())


async def measure(port: int, key: str, pid: int, options: argparse.Namespace) -> None:
    ready = asyncio.Semaphore(0)
    arrivals: dict[bytes, list[float]] = {}
    tasks = [asyncio.create_task(client(port, key, ready, arrivals)) for _ in range(options.clients)]
    for _ in range(options.clients):
        await ready.acquire()
    before = cpu_seconds(pid)
    for number in range(options.jobs):
        await asyncio.to_thread(call, key, "POST", f"http://127.0.0.1:{port}/jobs", JOB)
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
        database = f"sqlite:///{folder}/gateway.sqlite"
        key = new_key(options.binary, database)
        meter = subprocess.Popen([options.binary, "simulate", "--port", str(meter_port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        gateway = subprocess.Popen(
            [
                options.binary, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "required", "--log-level", "error",
                "--database", database,
                # One key has a quarter of the streams at most, one address three quarters of the connections.
                "--http-event-streams", str(options.clients * 4), "--http-connections", str(options.clients * 3 // 2 + 100),
            ]
        )
        try:
            for _ in range(200):
                try:
                    call(key, "GET", f"http://127.0.0.1:{port}/readyz")
                    break
                except OSError:
                    time.sleep(0.1)
            authentication = '{"mechanism":"low","secret":{"text":"12345678"}}'
            call(
                key,
                "PUT",
                f"http://127.0.0.1:{port}/meters/M-1",
                f'{{"channel":{{"type":"tcp","host":"127.0.0.1","port":{meter_port}}},"framing":"wrapper",'
                f'"associations":{{"reader":{{"clientAddress":32,"authentication":{authentication}}}}}}}'.encode(),
            )
            asyncio.run(measure(port, key, gateway.pid, options))
        finally:
            gateway.terminate()
            meter.terminate()
            gateway.wait()
            meter.wait()


if __name__ == "__main__":
    main()
