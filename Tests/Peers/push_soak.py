#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Push from many meters at once and count what is kept and confirmed, and how a flood from one address delays the others.

    push_soak.py [--meters 2000] [--notifications 20000] [--flood] [--binary PATH]

Each meter has an address of its own (127.x.y.z) and a connection of its own. Latency is from sending to the confirmation, which
comes after the readings are on disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request

from processes import GATEWAY, free_ports, wait_for_port

START = 1_795_000_000
FLOODER = "127.9.9.9"


def address(index: int) -> str:
    return f"127.{10 + index // 50_000}.{index // 250 % 200}.{index % 250 + 1}"


def date_time(seconds: int) -> bytes:
    t = time.gmtime(seconds)
    return bytes([t.tm_year >> 8, t.tm_year & 0xFF, t.tm_mon, t.tm_mday, 0xFF, t.tm_hour, t.tm_min, t.tm_sec, 0, 0, 0, 0])


def message(identifier: int, moment: int, confirmed: bool = True) -> bytes:
    """A notification with eight registers in turn with their names."""
    body = bytes([2, 16])
    for register in range(8):
        body += bytes([9, 6, 1, 0, register + 1, 8, 0, 255, 6]) + (identifier * 7 + register).to_bytes(4, "big")
    invoke = (identifier & 0xFFFFFF) | (0x40000000 if confirmed else 0)
    apdu = bytes([0x0F]) + invoke.to_bytes(4, "big") + bytes([12]) + date_time(moment) + body
    return bytes([0, 1, 0, 1, 0, 102]) + len(apdu).to_bytes(2, "big") + apdu


async def meter(port: int, index: int, count: int, pause: float, latencies: list[float]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address(index), 0))
    confirmed = 0
    await asyncio.sleep(pause * (index % 97) / 97)
    for number in range(count):
        sent = time.perf_counter()
        writer.write(message(number + 1, START + number * 900))
        header = await reader.readexactly(8)
        answer = await reader.readexactly(int.from_bytes(header[6:], "big"))
        latencies.append(time.perf_counter() - sent)
        confirmed += answer[0] == 0x10 and int.from_bytes(answer[1:5], "big") & 0xFFFFFF == number + 1
        if pause:
            await asyncio.sleep(pause)
    writer.close()
    return confirmed


async def flood(port: int, stop: asyncio.Event) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(FLOODER, 0))
    piece, sent = b"".join(message(n, START + n, False) for n in range(200)), 0
    try:
        while not stop.is_set():
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), 1)
            sent += 200
            await asyncio.sleep(0)
    except (TimeoutError, ConnectionError):
        pass
    writer.transport.abort()
    return sent


def used(process: subprocess.Popen) -> tuple[float, float]:
    """Seconds of CPU and the most memory in MB of the gateway."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak / 1024


def kept(database: pathlib.Path) -> int:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT count(*) FROM readings").fetchone()[0]


def register(port: int, name: str, host: str) -> None:
    body = json.dumps({"channel": {"type": "tcp", "host": host, "port": 4059}}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/meters/{name}", body, {"Content-Type": "application/json"}, method="PUT")
    urllib.request.urlopen(request, timeout=60).read()


async def run(options, port: int, push: int, process, database: pathlib.Path) -> None:
    each = options.notifications // options.meters
    latencies: list[float] = []
    before, _ = used(process)
    begun = time.perf_counter()
    confirmed = sum(await asyncio.gather(*(meter(push, n, each, 0, latencies) for n in range(options.meters))))
    length = time.perf_counter() - begun
    after, peak = used(process)
    total = each * options.meters
    rows = kept(database)
    print(f"{total} notifications of {options.meters} meters: {confirmed} confirmed, {rows} of {total * 8} readings kept")
    print(
        f"{total / length:.0f} notifications/s, {(after - before) / total * 1e6:.0f} us CPU each, {peak:.0f} MB at most, "
        f"latency p50 {statistics.median(latencies) * 1e3:.0f} ms"
    )
    assert confirmed == total and rows == total * 8, "something was lost"
    if not options.flood:
        return
    results = []
    for isFlooded in (False, True, False, True):
        stop, latencies = asyncio.Event(), []
        flooder = asyncio.create_task(flood(push, stop)) if isFlooded else None
        await asyncio.sleep(1)
        await asyncio.gather(*(meter(push, n, 20, 0.25, latencies) for n in range(100)))
        stop.set()
        sent = await flooder if flooder else 0
        ordered = sorted(latencies)
        p50, p99 = ordered[len(ordered) // 2] * 1e3, ordered[len(ordered) * 99 // 100] * 1e3
        results.append((isFlooded, p50))
        print(f"flood {'on ' if isFlooded else 'off'}: latency of 100 others p50 {p50:.1f} ms, p99 {p99:.1f} ms, {sent} messages sent by the flooder")
    quiet = statistics.mean(p50 for isFlooded, p50 in results if not isFlooded)
    loud = statistics.mean(p50 for isFlooded, p50 in results if isFlooded)
    print(f"ratio of medians with and without the flood: {loud / quiet:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=2000)
    parser.add_argument("--notifications", type=int, default=20_000)
    parser.add_argument("--flood", action="store_true")
    parser.add_argument("--binary", default=GATEWAY)
    options = parser.parse_args()
    port, push = free_ports(), free_ports()
    with tempfile.TemporaryDirectory() as folder:
        database = pathlib.Path(folder) / "gateway.sqlite"
        command = [options.binary, "serve", "--auth", "none", "--listen", f"127.0.0.1:{port}", "--database", f"sqlite:///{database}", "--log-level", "notice",
                   "--push-listen", f"127.0.0.1:{push}"]
        process = subprocess.Popen(command)
        try:
            wait_for_port(port, process, "cosem-gateway serve")
            for index in range(options.meters):
                register(port, f"P{index}", address(index))
            register(port, "FLOOD", FLOODER)
            wait_for_port(push, process, "the port for pushes")
            asyncio.run(run(options, port, push, process, database))
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
