#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Compare the same request at two gateways: one that lets everybody in, and one that asks for credentials.

    credentials.py OPEN_URL OPEN_PID GUARDED_URL GUARDED_PID --header 'Authorization: Bearer ...' [--rounds 5] [--seconds 3]

Prints requests for each second of server CPU of both, what one request costs more with credentials, and the ratio (1 = they cost
nothing). Rounds of the two alternate; the figures are medians. Says how busy the machine was. Needs wrk.
"""
import argparse
import os
import statistics
import subprocess

from compare import load


def new_key(binary: str, database: str) -> str:
    """A key in a database whose gateway is still to be started, so that nothing has to be read from its log."""
    command = [binary, "key", "create", "bench", "--role", "admin", "--database", database]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("open_url")
    parser.add_argument("open_pid", type=int)
    parser.add_argument("guarded_url")
    parser.add_argument("guarded_pid", type=int)
    parser.add_argument("--header", action="append", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    bare = argparse.Namespace(**vars(options) | {"header": []})
    free, keyed, busy = [], [], []
    for _ in range(options.rounds):
        busy.append(os.getloadavg()[0])
        free.append(load(options.open_url, options.open_pid, bare)[0])
        keyed.append(load(options.guarded_url, options.guarded_pid, options)[0])
    without, with_key = statistics.median(free), statistics.median(keyed)
    print(f"{options.connections} connections, median of {options.rounds} interleaved rounds of {options.seconds} s, "
          f"{os.cpu_count()} cores, load {min(busy):.1f} to {max(busy):.1f}")
    print(f"  without  {without:10.0f} requests/CPU-s   {1e6 / without:6.2f} us/request")
    print(f"  with     {with_key:10.0f} requests/CPU-s   {1e6 / with_key:6.2f} us/request")
    print(f"  ratio    {with_key / without:.2f}")


if __name__ == "__main__":
    main()
