#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A gateway on a PostgreSQL with many meters: how long it takes to start, what memory it takes, how long looks take.

Run under Scripts/with-postgresql; METERS=1000000 is the default. The meters are put into the table directly, without secrets.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
GATEWAY = os.environ.get("COSEM_GATEWAY_BINARY", str(ROOT / ".build/release/cosem-gateway"))
SERVER = os.environ["COSEM_GATEWAY_TEST_POSTGRESQL"]
CONTROL = os.environ["COSEM_GATEWAY_TEST_POSTGRESQL_CONTROL"]
METERS = int(os.environ.get("METERS", "1000000"))
PORT = int(os.environ.get("PORT", "18991"))


def start(database: str, folder: str) -> tuple[subprocess.Popen, float]:
    begin = time.monotonic()
    process = subprocess.Popen(
        [GATEWAY, "serve", "--auth", "none", "--listen", f"127.0.0.1:{PORT}", "--database", database, "--node", "bench",
         "--secret-key-file", f"{folder}/key", "--log-level", os.environ.get("LOG", "error")],
        stdout=sys.stderr,
    )
    while process.poll() is None:
        try:
            if call("/readyz")[0] == 200:
                return process, time.monotonic() - begin
        except OSError:
            pass
        time.sleep(0.02)
    sys.exit("the gateway ended")


def call(path: str) -> tuple[int, float, bytes]:
    begin = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=600) as answer:
            return answer.status, time.monotonic() - begin, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, time.monotonic() - begin, error.read()


def memory(process: subprocess.Popen) -> int:
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


def stop(process: subprocess.Popen) -> float:
    begin = time.monotonic()
    process.terminate()
    process.wait(300)
    return time.monotonic() - begin


def main() -> None:
    name = f"many_{os.getpid()}"
    subprocess.run([CONTROL, "create", name], check=True)
    database = urllib.parse.urlparse(SERVER)._replace(path=f"/{name}").geturl()
    with tempfile.TemporaryDirectory() as folder:
        process, empty = start(database, folder)
        empty_memory = memory(process)
        stop(process)
        begin = time.monotonic()
        document = json.dumps({"framing": "wrapper", "channel": {"type": "tcp", "host": "10.HOST", "port": 4059}})
        subprocess.run(["psql", "-q", database, "-c", f"""
            INSERT INTO meters (id, document, revision, created_at, updated_at, share)
            SELECT 'M-' || n, replace('{document}', 'HOST', (n / 65536) || '.' || (n / 256 % 256) || '.' || (n % 256)),
                'r' || n, 0, 0, n % 1024 FROM generate_series(1, {METERS}) AS n;
            INSERT INTO meter_labels (meter_id, label, label_value)
            SELECT 'M-' || n, 'region', 'r' || (n % 100) FROM generate_series(1, {METERS}) AS n;
            ANALYZE"""], check=True)
        stored = time.monotonic() - begin
        process, full = start(database, folder)
        figures = {
            "meters": METERS,
            "start, empty, s": round(empty, 2),
            "start, full, s": round(full, 2),
            "resident, empty, MB": empty_memory,
            "resident, full, MB": memory(process),
            "stored by SQL, s": round(stored, 1),
        }
        for what, path in (
            ("GET /nodes, ms", "/nodes"), ("GET /meters, ms", "/meters?limit=100"),
            ("GET /meters by label, ms", "/meters?limit=100&label=region%3Dr7"), ("GET /meters/{id}, ms", f"/meters/M-{METERS // 2}"),
            ("GET /readyz, ms", "/readyz"),
        ):
            status, seconds, text = call(path)
            if status != 200:
                sys.exit(f"{path}: {status} {text.decode()}")
            figures[what] = round(seconds * 1000, 1)
        figures["resident after these, MB"] = memory(process)
        figures["stop, s"] = round(stop(process), 1)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
