#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Hold many simulated meters open with one gateway and read each once a minute: held.py GATEWAY [--meters 10000] [--minutes 10]

GATEWAY is the program. Prints the resident memory of the gateway per held meter, its CPU time per read and the reads that
failed. Simulated meters run in processes of 4,000, because a process may hold 20,000 descriptors at most on many systems.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

PER_PROCESS = 4000
ATTRIBUTE = "objects/1.0.1.8.0.255/attributes/2"
LOCAL = threading.local()


def request(port: int, method: str, path: str, body: dict | None = None, headers: dict | None = None) -> tuple[int, bytes]:
    for attempt in (0, 1):
        connection = getattr(LOCAL, "connection", None)
        if connection is None:
            connection = LOCAL.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(method, path, json.dumps(body) if body else None,
                               {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (http.client.HTTPException, OSError):
            # The gateway closes connections that were idle; once more on a new one.
            connection.close()
            LOCAL.connection = None
            if attempt:
                raise
    raise AssertionError("not reached")


def await_ready(port: int, path: str = "/readyz") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if request(port, "GET", path)[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("held: the gateway does not become ready")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status(pid: int) -> tuple[float, float, int]:
    """Resident memory in kB, CPU seconds, open descriptors."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return resident, cpu, len(os.listdir(f"/proc/{pid}/fd"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gateway")
    parser.add_argument("--meters", type=int, default=10_000)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--base-port", type=int, default=20_000)
    options = parser.parse_args()
    started: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(32) as pool:
        try:
            for first in range(0, options.meters, PER_PROCESS):
                count = min(PER_PROCESS, options.meters - first)
                started.append(subprocess.Popen(
                    [options.gateway, "simulate", "--port", str(options.base_port + first), "--count", str(count), "--rows", "96"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            port = free_port()
            gateway = subprocess.Popen(
                [options.gateway, "serve", "--auth", "none", "--listen", f"127.0.0.1:{port}",
                 "--database", f"sqlite:///{folder}/held.sqlite"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            started.append(gateway)
            await_ready(port)

            def add(number: int) -> int:
                return request(port, "PUT", f"/meters/H{number}", {
                    "channel": {"type": "tcp", "host": "127.0.0.1", "port": options.base_port + number},
                    "associations": {"reader": {"clientAddress": 32, "authentication": {
                        "mechanism": "low", "secret": {"text": "12345678"}}}},
                    "keepAlive": "PT5M",
                }, {"If-None-Match": "*"})[0]

            def read(number: int) -> bool:
                code, body = request(port, "GET", f"/meters/H{number}/{ATTRIBUTE}", headers={"Cache-Control": "no-cache"})
                return code == 200 and b'"source":"live"' in body

            refused = sum(code != 201 for code in pool.map(add, range(options.meters)))
            if refused:
                sys.exit(f"held: {refused} meters were refused")
            configured, _, _ = status(gateway.pid)
            print(f"{options.meters} meters configured: {configured / 1024:.0f} MB resident", flush=True)
            failed = sum(not done for done in pool.map(read, range(options.meters)))
            held, cpu, descriptors = status(gateway.pid)
            print(f"held open: {held / 1024:.0f} MB resident, {(held - configured) / options.meters:.1f} kB more a meter, "
                  f"{descriptors} descriptors; {failed} reads failed", flush=True)
            began, reads = cpu, 0
            for minute in range(options.minutes):
                end = time.monotonic() + 60
                missed = sum(not done for done in pool.map(read, range(options.meters)))
                reads, failed = reads + options.meters, failed + missed
                resident, cpu, _ = status(gateway.pid)
                print(f"minute {minute + 1}: {resident / 1024:.0f} MB resident, {missed} failed, "
                      f"{60 - (end - time.monotonic()):.1f} s for all", flush=True)
                time.sleep(max(0, end - time.monotonic()))
            resident, cpu, descriptors = status(gateway.pid)
            print(f"in the end: {(resident - configured) / options.meters:.1f} kB resident a held meter beside its configuration, "
                  f"{resident / options.meters:.1f} kB in all, {(cpu - began) / max(reads, 1) * 1e6:.0f} us of CPU a read, "
                  f"{failed} of {reads + options.meters} reads failed, {descriptors} descriptors", flush=True)
            sys.exit(1 if failed else 0)
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait()


if __name__ == "__main__":
    main()
