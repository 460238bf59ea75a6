#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A gateway with many meters: how fast they are imported, how long it takes to start, what memory it takes, how long looks take,
what it costs when nothing is due, and how long it takes to make a job of all of them.

METERS=100000 are imported by POST /meters/import, all with a label, a password and an address. With DATABASE=postgresql (run
under Scripts/with-postgresql) FURTHER=900000 more are put into the table directly. Nobody answers at the addresses.
"""

from __future__ import annotations

import contextlib
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
METERS = int(os.environ.get("METERS", "100000"))
FURTHER = int(os.environ.get("FURTHER", "0"))
SCHEDULES = int(os.environ.get("SCHEDULES", "200"))
IDLE = int(os.environ.get("IDLE", "60"))
PORT = int(os.environ.get("PORT", "18991"))
#: So many meters are imported with one request.
BATCH = 10_000
#: Between two looks for schedules that are due, if nothing is.
TICK = 15


def call(path: str, body: bytes | None = None, method: str = "GET", kind: str = "application/json") -> tuple[float, dict]:
    """Seconds until the answer, and what it says; ends the program when it is a refusal."""
    headers = {"Content-Type": kind} if body is not None else {}
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", body, headers, method=method)
    begin = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=3600) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")
    return time.monotonic() - begin, json.loads(text)


class Process:
    """The gateway on a database."""

    def __init__(self, database: str, folder: str) -> None:
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [GATEWAY, "serve", "--listen", f"127.0.0.1:{PORT}", "--database", database, "--node", "bench",
             "--secret-key-file", f"{folder}/key", "--auth", "none", "--log-level", os.environ.get("LOG", "error")],
            stdout=sys.stderr,
        )
        while self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=60):
                self.start = time.monotonic() - begin
                return
            time.sleep(0.02)
        sys.exit("the gateway ended")

    def memory(self, kind: str = "VmRSS") -> int:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(kind):
                return int(line.split()[1]) // 1024
        return 0

    def cpu(self) -> float:
        """Seconds of processor time that it took until now."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> float:
        begin = time.monotonic()
        self.process.terminate()
        self.process.wait(300)
        return time.monotonic() - begin


def line(number: int) -> str:
    configuration = {
        "id": f"M-{number}",
        "framing": "wrapper",
        "channel": {"type": "tcp", "host": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "port": 4059},
        "associations": {
            "reader": {"clientAddress": 32, "authentication": {"mechanism": "low", "secret": {"text": "12345678"}}}
        },
        "labels": {"region": f"r{number % 100}"},
    }
    return json.dumps(configuration)


def put_further(database: str) -> float:
    """Puts more meters into the table, without secrets."""
    begin = time.monotonic()
    document = json.dumps({"framing": "wrapper", "channel": {"type": "tcp", "host": "10.HOST", "port": 4059}})
    subprocess.run(["psql", "-q", database, "-c", f"""
        INSERT INTO meters (id, document, revision, created_at, updated_at, share)
        SELECT 'M-' || n, replace('{document}', 'HOST', (n / 65536) || '.' || (n / 256 % 256) || '.' || (n % 256)),
            'r' || n, 0, 0, n % 1024 FROM generate_series({METERS}, {METERS + FURTHER - 1}) AS n;
        INSERT INTO meter_labels (meter_id, label, label_value)
        SELECT 'M-' || n, 'region', 'r' || (n % 100) FROM generate_series({METERS}, {METERS + FURTHER - 1}) AS n;
        ANALYZE"""], check=True)
    return time.monotonic() - begin


def measure(database: str, folder: str) -> dict:
    gateway = Process(database, folder)
    figures: dict = {"meters": METERS + FURTHER, "start, empty, s": round(gateway.start, 2), "resident, empty, MB": gateway.memory()}
    texts = ["\n".join(line(number) for number in range(start, min(start + BATCH, METERS))) for start in range(0, METERS, BATCH)]
    used, taken = gateway.cpu(), 0.0
    for text in texts:
        seconds, report = call("/meters/import", text.encode(), "POST", "application/x-ndjson")
        taken += seconds
        if report["failed"]:
            sys.exit(f"not imported: {report['items'][0]}")
    figures["imported in a second"] = round(METERS / taken)
    figures["CPU of the gateway for 1,000 imported, s"] = round((gateway.cpu() - used) * 1000 / METERS, 3)
    figures["resident after the import, MB"] = gateway.memory()
    gateway.stop()
    if FURTHER:
        figures["further ones by SQL, s"] = round(put_further(database), 1)
    gateway = Process(database, folder)
    figures |= {"start, full, s": round(gateway.start, 2), "resident, full, MB": gateway.memory()}
    for what, path in (
        ("GET /meters, ms", "/meters?limit=100"), ("GET /meters by label, ms", "/meters?limit=100&label=region%3Dr7"),
        ("GET /meters/{id}, ms", f"/meters/M-{METERS // 2}"), ("GET /readyz, ms", "/readyz"),
    ):
        figures[what] = round(call(path)[0] * 1000, 1)
    # Schedules over all of them, of which none is due for a while.
    operation = {"read": {"items": [{"object": "1.0.1.8.0.255", "attribute": 2, "class": 3}]}}
    for number in range(SCHEDULES):
        schedule = {"recurrence": {"cron": "0 0 1 1 *"}, "target": {"selector": f"region=r{number % 100}"}, "operation": operation}
        call(f"/schedules/s-{number}", json.dumps(schedule).encode(), "PUT")
    time.sleep(2)
    used = gateway.cpu()
    time.sleep(IDLE)
    figures["schedules"] = SCHEDULES
    figures[f"CPU of the gateway in {TICK} s, the time from look to look, when nothing is due, ms"] = round(
        (gateway.cpu() - used) * 1000 * TICK / IDLE, 1
    )
    # Jobs that begin tomorrow.
    tomorrow = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    for what, selector in (("a hundredth of the meters", "region=r7"), ("all meters", "region")):
        used = gateway.cpu()
        body = {"kind": "read", "target": {"selector": selector}, "startAt": tomorrow} | operation["read"]
        seconds, job = call("/jobs", json.dumps(body).encode(), "POST")
        figures[f"POST /jobs for {what}, s"] = round(seconds, 2)
        figures[f"its CPU, {what}, s"] = round(gateway.cpu() - used, 2)
        figures[f"its executions, {what}"] = job["progress"]["total"]
        figures[f"cancelling it, {what}, s"] = round(call(f"/jobs/{job['id']}/cancel", b"", "POST")[0], 2)
    figures["resident after these, MB"] = gateway.memory()
    figures["resident at most, MB"] = gateway.memory("VmHWM")
    figures["stop, s"] = round(gateway.stop(), 1)
    return figures


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        if os.environ.get("DATABASE") == "postgresql":
            name = f"many_{os.getpid()}"
            subprocess.run([os.environ["COSEM_GATEWAY_TEST_POSTGRESQL_CONTROL"], "create", name], check=True)
            database = urllib.parse.urlparse(os.environ["COSEM_GATEWAY_TEST_POSTGRESQL"])._replace(path=f"/{name}").geturl()
        elif FURTHER:
            sys.exit("FURTHER needs DATABASE=postgresql")
        else:
            database = f"sqlite:///{folder}/gateway.sqlite"
        print(json.dumps({"database": database.split(":")[0]} | measure(database, folder), indent=1))


if __name__ == "__main__":
    main()
