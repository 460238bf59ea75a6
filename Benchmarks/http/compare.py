#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Compare a running server with plain C on libmicrohttpd that answers the same octets.

    compare.py URL PID [--rounds 5] [--seconds 3] [--connections 100] [--header 'Authorization: Bearer ...'] [--minimum 0.7]

Prints requests for each second of server CPU, of the server and of plain C, and their ratio (1 = as cheap as C). Rounds of the
two alternate; the figures are medians. Needs wrk, gcc and libmicrohttpd-dev. Exit code 1 if the ratio is below the minimum.
"""
import argparse
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
# What both servers write by themselves.
OWN_FIELDS = {"date", "content-length", "connection", "transfer-encoding"}


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def load(url: str, pid: int, options: argparse.Namespace) -> tuple[float, float]:
    """One round: requests for each CPU second, and for each second."""
    before = cpu_seconds(pid)
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s"]
    for header in options.header:
        command += ["-H", header]
    output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    used = cpu_seconds(pid) - before
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    for fault in ("Non-2xx", "Socket errors"):
        if fault in output:
            sys.exit(f"{url}: {output}")
    return requests / used, rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("pid", type=int)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--minimum", type=float, default=0.0)
    options = parser.parse_args()

    request = urllib.request.Request(options.url, headers=dict(h.split(": ", 1) for h in options.header))
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
        fields = [item for name, value in answer.headers.items() if name.lower() not in OWN_FIELDS for item in (name, value)]

    with tempfile.TemporaryDirectory() as folder:
        binary, body_file = f"{folder}/plain_server", f"{folder}/body"
        subprocess.run(["gcc", "-O2", "-o", binary, str(HERE / "plain_server.c"), "-lmicrohttpd"], check=True)
        pathlib.Path(body_file).write_bytes(body)
        port = free_port()
        plain = subprocess.Popen([binary, str(port), body_file, *fields])
        plain_url = f"http://127.0.0.1:{port}/"
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(plain_url).read()
                    break
                except OSError:
                    time.sleep(0.05)
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(load(options.url, options.pid, options))
                theirs.append(load(plain_url, plain.pid, options))
        finally:
            plain.send_signal(signal.SIGTERM)
            plain.wait()

    our_cpu, our_rate = (statistics.median(column) for column in zip(*ours))
    their_cpu, their_rate = (statistics.median(column) for column in zip(*theirs))
    print(f"answer of {len(body)} octets, {len(fields) // 2} header fields, {options.connections} connections, "
          f"median of {options.rounds} interleaved rounds of {options.seconds} s")
    print(f"  server   {our_cpu:10.0f} requests/CPU-s   {our_rate:8.0f} requests/s   {1e6 / our_cpu:6.2f} us/request")
    print(f"  plain C  {their_cpu:10.0f} requests/CPU-s   {their_rate:8.0f} requests/s   {1e6 / their_cpu:6.2f} us/request")
    ratio = our_cpu / their_cpu
    print(f"  ratio    {ratio:.2f}")
    sys.exit(1 if ratio < options.minimum else 0)


if __name__ == "__main__":
    main()
