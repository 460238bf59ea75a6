#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Compare what a session with a meter costs its client: sessions.py OUR_CLIENT

A session is: connect, AARQ, seven GETs, release, close. OUR_CLIENT is called as OUR_CLIENT PORT PARALLEL SESSIONS; the
plain C client sends the same octets by epoll and decodes nothing; the foreign clients run one session at a time. Rounds
alternate; the figures are medians of CPU time.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys

from canned import canned_meter

FOREIGN = ["pydlms", "gurux-dlms", "dlms-cosem"]
FOREIGN_SESSION = pathlib.Path(__file__).resolve().parent / "foreign_session.py"


def figures(*command: object) -> list[float]:
    output = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout
    return [float(word) for word in output.split()]


def median(rows: list[list[float]], column: int) -> float:
    return statistics.median(row[column] for row in rows) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("client")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with canned_meter() as meter:
        frames = meter.frames_of(options.client, "PORT", "1", "1")
        with meter.listening() as port:
            print(f"a session: connect, AARQ, 7 GETs, release (CPU time of the client, median of {options.rounds} interleaved "
                  "rounds)")
            for parallel, sessions in ((1, 1000), (100, 5000), (2000, 10_000)):
                ours, plain = [], []
                for _ in range(options.rounds):
                    ours.append(figures(options.client, port, parallel, sessions))
                    plain.append(figures(meter.plain_client, port, frames, parallel, sessions))
                print(f"  {parallel:4} at once: cosem-gateway {median(ours, 0):7.1f} us (kernel {median(ours, 1):6.1f}), "
                      f"plain C {median(plain, 0):7.1f} us (kernel {median(plain, 1):6.1f}), "
                      f"ratio {median(ours, 0) / median(plain, 0):5.2f}; "
                      f"{1e6 / median(ours, 2):7.0f} and {1e6 / median(plain, 2):7.0f} sessions/s")
            for name in FOREIGN:
                rows = [figures(sys.executable, FOREIGN_SESSION, name, port, 50) for _ in range(options.rounds)]
                print(f"     1 at once: {name:13} {median(rows, 0):7.1f} us")


if __name__ == "__main__":
    main()
