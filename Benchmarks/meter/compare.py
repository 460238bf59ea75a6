#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Compare clients that read one profile from a meter with canned answers: compare.py OUR_READER [--rows 10000] [--pdu 1024]

OUR_READER is called as OUR_READER PORT ROWS READS, and the foreign clients likewise; each prints the CPU time of its reads.
The plain C client sends the same frames and decodes nothing: what remains is the system's share.
Rounds alternate between the clients; the figures are medians.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys

from canned import canned_meter

FOREIGN = ["pydlms", "gurux-dlms", "dlms-cosem"]
FOREIGN_READ = pathlib.Path(__file__).resolve().parent / "foreign_read.py"
PLAIN = "plain C floor"


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reader")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--pdu", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    with canned_meter(options.rows, options.pdu) as meter:
        frames = meter.frames_of(options.reader, "PORT", str(options.rows), "1")
        with meter.listening() as port:
            commands = {"cosem-gateway": [options.reader]}
            commands |= {name: [sys.executable, str(FOREIGN_READ), name] for name in FOREIGN}
            times: dict[str, list[float]] = {name: [] for name in [*commands, PLAIN]}
            for _ in range(options.rounds):
                for name, command in commands.items():
                    # The first read of a process warms it up and does not count.
                    reads = 11 if name == "cosem-gateway" else 4
                    output = run(*command, str(port), str(options.rows), str(reads))
                    times[name] += [float(line) for line in output.split()[1:]]
                times[PLAIN].append(float(run(meter.plain_client, str(port), frames, "1", "10").split()[0]))

    print(f"a profile of {options.rows} rows of 3 columns in blocks of {options.pdu} octets, from the request to decoded "
          f"rows (CPU time of the client, median of {options.rounds} interleaved rounds)")
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"  {name:14} {median * 1e3:8.2f} ms   {options.rows / median / 1e6:6.3f} million rows/s   "
              f"{median / medians['cosem-gateway']:6.1f} x")


if __name__ == "__main__":
    main()
