#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows a second into SQLite and PostgreSQL against a plain C program, and executions of jobs claimed and finished.

Needs the server of Scripts/with-postgresql. Each round runs both programs on a new database with the same rows.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("plain")
parser.add_argument("ours")
parser.add_argument("--rows", type=int, default=200_000)
parser.add_argument("--batch", type=int, default=5_000)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--executions", type=int, default=8_000)
options = parser.parse_args()

SERVER = os.environ["COSEM_GATEWAY_TEST_POSTGRESQL"].rsplit("/", 1)[0]
CONTROL = os.environ["COSEM_GATEWAY_TEST_POSTGRESQL_CONTROL"]


def run(arguments: list[str], database: str) -> list[float]:
    """What a program prints about a new database of this kind."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite://{folder}/rows.sqlite"
        if database == "PostgreSQL":
            subprocess.run([CONTROL, "create", "bench"], check=True)
            url = f"{SERVER}/bench"
        try:
            words = [url if word == "URL" else word for word in arguments]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
        finally:
            if database == "PostgreSQL":
                subprocess.run([CONTROL, "drop", "bench"], check=True)
    return [float(word) for word in done.stdout.split()]


sizes = [str(options.rows), str(options.batch)]
for database, reference in [("SQLite", "the plain C API"), ("PostgreSQL", "plain COPY by libpq")]:
    contenders = {
        reference: [options.plain, "URL", *sizes],
        "the bulk insert": [options.ours, "rows", "fail", "URL", *sizes],
        "passing over what is there": [options.ours, "rows", "ignore", "URL", *sizes],
    }
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, arguments in contenders.items():
            taken[name].append(run(arguments, database)[0])
    print(f"{options.rows} rows into {database}, {options.batch} a transaction (median of {options.rounds} interleaved rounds)")
    floor = statistics.median(taken[reference])
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"  {name:34} {options.rows / middle:10.0f} rows/s   {floor / middle:.2f}")
for database in ["SQLite", "PostgreSQL"]:
    claimed, singly, together = run([options.ours, "jobs", "URL", str(options.executions)], database)
    print(
        f"executions on {database}: {claimed:.0f} claimed in a second, {singly:.0f} finished one by one and "
        f"{together:.0f} finished fifty at a time"
    )
