#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Compare clients that read one profile from a meter with canned answers: compare.py OUR_READER [--rows 10000] [--pdu 1024]

OUR_READER is called as OUR_READER PORT ROWS READS, and the foreign clients likewise; each prints the CPU time of its reads.
Rounds alternate between the clients; the figures are medians.
"""
import argparse
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
FOREIGN = ["pydlms", "gurux-dlms", "dlms-cosem"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_listener(port: int, process: subprocess.Popen) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("the canned meter does not listen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--pdu", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        binary = f"{folder}/canned_meter"
        subprocess.run(["gcc", "-O2", "-o", binary, str(HERE / "canned_meter.c")], check=True)
        port = free_port()
        meter = subprocess.Popen([binary, str(port), str(options.rows), str(options.pdu)])
        try:
            await_listener(port, meter)
            commands = {"cosem-gateway": [options.reader]}
            commands |= {name: [sys.executable, str(HERE / "foreign_read.py"), name] for name in FOREIGN}
            times: dict[str, list[float]] = {name: [] for name in commands}
            for _ in range(options.rounds):
                for name, command in commands.items():
                    # The first read of a process warms it up and does not count.
                    reads = 11 if name == "cosem-gateway" else 4
                    output = subprocess.run(
                        [*command, str(port), str(options.rows), str(reads)], check=True, capture_output=True, text=True
                    ).stdout
                    times[name] += [float(line) for line in output.split()[1:]]
        finally:
            meter.terminate()
            meter.wait()

    print(f"a profile of {options.rows} rows of 3 columns in blocks of {options.pdu} octets, from the request to decoded "
          f"rows (CPU time of the client, median of {options.rounds} interleaved rounds)")
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"  {name:14} {median * 1e3:8.2f} ms   {options.rows / median / 1e6:6.3f} million rows/s   "
              f"{median / medians['cosem-gateway']:6.1f} x")


if __name__ == "__main__":
    main()
