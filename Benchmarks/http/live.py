#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Measure how long a live reading takes through the gateway, against a direct client of the same meter.

    live.py GATEWAY-BINARY [--rounds 75] [--calls 20] [--delays 0 20]

Starts a simulated meter for each delay, which holds each answer back by that many milliseconds, and one gateway that asks for a key.
One C program waits for answers in all cases, so what it costs is the same in each: it reads one attribute again and again over an
association that it holds itself ("direct"); it asks the gateway for the same attribute with maxAge=PT0S over a kept connection with a
key, while the gateway holds the association ("live"); and the same with maxAge=PT1H, which the gateway answers without the meter
("cached"). Short rounds of the three alternate, so that whatever else the machine does meets all of them. Prints p50 and p99 of all
calls, and the ratios to direct; nothing is subtracted. With TMPDIR=/dev/shm the database is in memory: a live reading is answered before
it is on the disk, so that makes little difference. Needs gcc.
"""
import argparse
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from compare import free_port
from credentials import new_key

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "12345678"
CLIENT = 32
ATTRIBUTE = "objects/1.0.1.8.0.255/attributes/2"
# An AARQ for short and long names in clear with a low level password, and a GET of attribute 2 of the register 1.0.1.8.0.255.
AARQ = (
    bytes.fromhex("6036 A109060760857405080101 8A020780 8B0760857405080201 AC0A8008") + SECRET.encode()
    + bytes.fromhex("BE10040E01000000065F1F0400001E1DFFFF")
)
GET = bytes.fromhex("C001C1 0003 0100010800FF 02 00")
# A GET-response with data, and a double-long-unsigned in it.
DATA = bytes.fromhex("C401C10006")


def framed(apdu: bytes) -> bytes:
    return b"".join(word.to_bytes(2, "big") for word in (1, CLIENT, 1, len(apdu))) + apdu


def call(port: int, key: str, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    result = answer.status, answer.read()
    connection.close()
    return result


def await_answer(port: int, key: str, path: str) -> None:
    for _ in range(300):
        try:
            if call(port, key, "GET", path)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"live: no 200 for {path}")


class Caller:
    """The C program with its connection, and the nanoseconds of its calls."""

    def __init__(self, binary: str, port: int, once: bytes, repeated: bytes, wanted: bytes) -> None:
        command = [binary, str(port), once.hex(), repeated.hex(), wanted.hex()]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.times: list[int] = []
        self.round(5)
        self.times = []

    def round(self, calls: int) -> None:
        self.process.stdin.write(f"{calls}\n")
        self.process.stdin.flush()
        times = self.process.stdout.readline().split()
        if len(times) != calls:
            sys.exit("live: a caller failed")
        self.times += map(int, times)

    def percentile(self, part: float) -> float:
        """In milliseconds."""
        return sorted(self.times)[min(len(self.times) - 1, int(part * len(self.times)))] / 1e6

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def measure(caller: str, meter: int, meter_port: int, port: int, key: str, options: argparse.Namespace) -> None:
    def get(age: str) -> bytes:
        return (f"GET /meters/L-{meter}/{ATTRIBUTE}?maxAge={age} HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {key}\r\n\r\n").encode()

    callers = {
        "direct": Caller(caller, meter_port, framed(AARQ), framed(GET), DATA),
        "live": Caller(caller, port, b"", get("PT0S"), b'"source":"live"'),
        "cached": Caller(caller, port, b"", get("PT1H"), b'"source":"cache"'),
    }
    busy = []
    for _ in range(options.rounds):
        busy.append(os.getloadavg()[0])
        for one in callers.values():
            one.round(options.calls)
    print(f"a meter that holds its answers back by {meter} ms, {options.rounds} interleaved rounds of {options.calls} calls, "
          f"{os.cpu_count()} cores, load {min(busy):.1f} to {max(busy):.1f}")
    direct = callers["direct"]
    for name, one in callers.items():
        middle, high = one.percentile(0.5), one.percentile(0.99)
        print(f"  {name:6}  p50 {middle:8.3f} ms   p99 {high:8.3f} ms   of direct: p50 {middle / direct.percentile(0.5):6.2f}   "
              f"p99 {high / direct.percentile(0.99):6.2f}", flush=True)
        one.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=75)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--delays", type=int, nargs="+", default=[0, 20], metavar="MILLISECONDS")
    options = parser.parse_args()
    started: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory() as folder:
        caller, database = f"{folder}/plain_caller", f"sqlite:///{folder}/gateway.sqlite"
        subprocess.run(["gcc", "-O2", "-Wall", "-o", caller, str(HERE / "plain_caller.c")], check=True)
        key = new_key(options.binary, database)
        ports = {delay: free_port() for delay in options.delays}
        port = free_port()
        commands = [["simulate", "--port", str(ports[delay]), "--delay-milliseconds", str(delay)] for delay in ports]
        commands.append(["serve", "--listen", f"127.0.0.1:{port}", "--auth", "required", "--database", database, "--log-level", "error"])
        try:
            for command in commands:
                started.append(subprocess.Popen([options.binary, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            await_answer(port, key, "/readyz")
            for delay, meter_port in ports.items():
                authentication = {"mechanism": "low", "secret": {"text": SECRET}}
                call(port, key, "PUT", f"/meters/L-{delay}", {
                    "channel": {"type": "tcp", "host": "127.0.0.1", "port": meter_port}, "framing": "wrapper", "keepAlive": "PT5M",
                    "associations": {"reader": {"clientAddress": CLIENT, "authentication": authentication}},
                })
                await_answer(port, key, f"/meters/L-{delay}/{ATTRIBUTE}?maxAge=PT0S")
                measure(caller, delay, meter_port, port, key, options)
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait()


if __name__ == "__main__":
    main()
