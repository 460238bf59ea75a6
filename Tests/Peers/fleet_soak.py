# SPDX-License-Identifier: Apache-2.0
"""A fleet of simulated meters loses days, and the gateway fetches them by itself while fresh readings keep coming.

The meters hold more than a month, so nothing has to wait for time to pass: the last hour of a day some days ago is read, and
everything since then is missing. A tenth of the meters is dead for a part of the recovery, and the gateway is killed in the
middle of it. Two more meters hold the last two changes of the clock.

    METERS=2000 PERIOD=60 .build-python/bin/python Tests/Peers/fleet_soak.py

prints what came of it. With COSEM_GATEWAY_TEST_POSTGRESQL (Scripts/with-postgresql) and DATABASE=postgresql it goes to PostgreSQL.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import zoneinfo

from processes import GATEWAY, Gateway, free_ports, wait_for_port

PROFILE = "1.0.99.1.0.255"
REGISTER = {"object": "1.0.1.8.0.255", "attribute": 2, "class": 3}
#: The simulated meters are an hour ahead of UTC all year, as this zone is.
ZONE = "Etc/GMT-1"
DST_ZONE = zoneinfo.ZoneInfo("Europe/Vienna")
UTC = datetime.timezone.utc
#: Rows of a quarter of an hour in 35 days, and in a year: what the meters hold.
ROWS, DST_ROWS = 3360, 36_000


class Meters:
    """Some meters in a process of their own, which can be dead for a while."""

    def __init__(self, folder: pathlib.Path, name: str, count: int, rows: int = ROWS) -> None:
        self.first = free_ports(count)
        self.count = count
        self.arguments = [GATEWAY, "simulate", "--port", str(self.first), "--count", str(count), "--rows", str(rows)]
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen | None = None
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.arguments, stdout=log, stderr=subprocess.STDOUT)
        wait_for_port(self.first + self.count - 1, self.process, "simulate")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Soak:
    """One run; what it found is in `figures`."""

    def __init__(self, folder: pathlib.Path, meters: int, period: int, database: str | None = None, limit: float = 3600):
        self.folder = folder
        self.period = period
        self.deadline = time.monotonic() + limit
        self.database = database or f"sqlite:///{folder}/gateway.sqlite"
        self.port = free_ports()
        self.gateway: Gateway | None = None
        self.figures: dict = {"meters": meters, "period of fresh readings, s": period}
        dead = max(1, meters // 10)
        self.healthy = Meters(folder, "healthy", meters - dead)
        self.failing = Meters(folder, "failing", dead)
        self.changing = Meters(folder, "changing", 2, DST_ROWS)
        today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=1))).date()
        #: Two days that are long over, and the midnight with which they begin.
        self.days = (today - datetime.timedelta(days=3), today - datetime.timedelta(days=2))
        self.begin = datetime.datetime.combine(self.days[0], datetime.time(), UTC) - datetime.timedelta(hours=1)

    def close(self) -> None:
        for meters in (self.healthy, self.failing, self.changing):
            meters.kill()
        if self.gateway:
            self.gateway.process.kill()
            self.gateway.process.wait()

    def start(self) -> None:
        environment = os.environ | {
            # In place of a minute and an hour, since nobody wants to wait for meters that were dead.
            "COSEM_GATEWAY_RECOVERY_INTERVAL": "3", "COSEM_GATEWAY_RECOVERY_PAUSE": str(self.period),
        }
        arguments = [
            GATEWAY, "serve", "--listen", f"127.0.0.1:{self.port}", "--auth", "none", "--database", self.database,
            "--secret-key-file", str(self.folder / "key"), "--node", "soak", "--node-lease", "5", "--log-level", "warning",
        ]
        with (self.folder / "gateway.log").open("ab") as log:
            process = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT, env=environment)
        wait_for_port(self.port, process, "serve")
        self.gateway = Gateway(self.port, process)
        self.wait_until(lambda: self.gateway.get("/readyz").status == 200, "the gateway is ready")

    def wait_until(self, condition, what: str, pause: float = 0.5) -> None:
        while not condition():
            if time.monotonic() > self.deadline:
                raise AssertionError(f"{what}: not in time; {json.dumps(self.figures)}")
            time.sleep(pause)

    # MARK: Configuration and first rows

    def register(self) -> None:
        lines = []
        for part, meters in (("healthy", self.healthy), ("failing", self.failing), ("changing", self.changing)):
            for number in range(meters.count):
                configuration = {
                    "id": f"{part}-{number}",
                    "channel": {"type": "tcp", "host": "127.0.0.1", "port": meters.first + number},
                    "framing": "wrapper",
                    "associations": {
                        "reader": {"clientAddress": 32, "authentication": {"mechanism": "low", "secret": {"text": "12345678"}}}
                    },
                    "timeouts": {"connect": "PT5S", "response": "PT20S"},
                    "timeZone": "Europe/Vienna" if part == "changing" else ZONE,
                    "labels": {"part": part, "fleet": "no" if part == "changing" else "yes"},
                }
                if part == "changing":
                    configuration["quirks"] = {"clockBase": "standard-time"}
                lines.append(json.dumps(configuration))
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/meters/import", "\n".join(lines).encode(),
            {"Content-Type": "application/x-ndjson"}, method="POST",
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            report = json.load(answer)
        assert (report["created"], report["failed"]) == (len(lines), 0), report

    def read_rows(self, target: dict, begin: datetime.datetime) -> None:
        """Let the gateway see the hour before a midnight, so that it expects all that follows."""
        body = {
            "kind": "profile-read", "target": target, "profile": PROFILE,
            "from": (begin - datetime.timedelta(hours=1)).isoformat(), "to": (begin - datetime.timedelta(minutes=1)).isoformat(),
        }
        answer = self.gateway.call("POST", "/jobs", body, timeout=120)
        assert answer.status == 202, answer.text
        path = f"/jobs/{answer.json['id']}"
        self.wait_until(lambda: self.gateway.get(path).json["state"] not in ("queued", "running", "scheduled"), "first rows")
        assert self.gateway.get(path).json["state"] == "succeeded", self.gateway.get(path).text

    # MARK: Looking

    def completeness(self, **query: str) -> dict:
        query = {"from": str(self.days[0]), "to": str(self.days[1]), "profile": PROFILE, "limit": "1"} | query
        answer = self.gateway.get("/completeness?" + urllib.parse.urlencode(query), timeout=120)
        assert answer.status == 200, answer.text
        return answer.json["total"]

    def is_complete(self, **query: str) -> bool:
        """Whether nothing is missing of days that are known to be over."""
        total = self.completeness(**query)
        return total["expected"] > 0 and total["missing"] == 0

    def fresh(self, since: datetime.datetime, until: datetime.datetime) -> None:
        """How late the readings of the schedule were at meters that were alive all along, from their due time on."""
        delays, missing, rounds = [], 0, 0
        path = "/jobs?kind=read&limit=200&createdAfter=" + urllib.parse.quote(since.isoformat())
        while path:
            page = self.gateway.get(path).json
            for job in page["items"]:
                due = datetime.datetime.fromisoformat(job["createdAt"])
                due = datetime.datetime.fromtimestamp(due.timestamp() // self.period * self.period, UTC)
                if due + datetime.timedelta(seconds=self.period) > until:
                    continue
                rounds += 1
                executions = f"/jobs/{job['id']}/executions?limit=500"
                while executions:
                    found = self.gateway.get(executions).json
                    for item in found["items"]:
                        if item["meter"].startswith("failing"):
                            continue
                        if item["state"] == "succeeded":
                            end = datetime.datetime.fromisoformat(item["finishedAt"])
                            delays.append((end - due).total_seconds())
                        else:
                            missing += 1
                    executions = found.get("next")
            path = page.get("next")
        delays.sort()
        self.figures |= {
            "rounds of fresh readings": rounds,
            "fresh readings at live meters": len(delays),
            "of these missing": missing,
            "delay from due to stored, median, s": round(delays[len(delays) // 2], 2) if delays else None,
            "delay, 99th of a hundred, s": round(delays[len(delays) * 99 // 100], 2) if delays else None,
            "delay, longest, s": round(delays[-1], 2) if delays else None,
        }

    def stored_rows(self, meter: str, begin: datetime.datetime, end: datetime.datetime, source: str) -> list:
        path = f"/meters/{meter}/profiles/{PROFILE}/rows?source={source}&limit=500&" + urllib.parse.urlencode(
            {"from": begin.isoformat(), "to": end.isoformat()}
        )
        answer = self.gateway.get(path, timeout=120)
        assert answer.status == 200, answer.text
        return [(row["time"], row["values"]) for row in answer.json["rows"]]

    # MARK: The run

    def run(self) -> dict:
        self.start()
        begin = time.monotonic()
        self.register()
        self.figures["import, s"] = round(time.monotonic() - begin, 2)
        begin = time.monotonic()
        self.read_rows({"selector": "part=failing"}, self.begin)
        self.failing.kill()
        self.read_rows({"selector": "part=healthy"}, self.begin)
        self.figures["an hour of all meters, s"] = round(time.monotonic() - begin, 1)
        schedule = {
            "recurrence": {"every": f"PT{self.period}S"}, "target": {"selector": "fleet=yes"}, "window": f"PT{self.period}S",
            "overlap": "queue", "operation": {"read": {"items": [REGISTER]}},
        }
        answer = self.gateway.call("PUT", "/schedules/fresh", schedule)
        assert answer.status == 201, answer.text
        since = datetime.datetime.now(UTC)
        recovery = time.monotonic()
        a_part = 0.3 * 192 * self.healthy.count
        self.wait_until(lambda: self.completeness(label="part=healthy")["received"] > a_part, "a part is recovered", 0.1)
        at_kill = self.completeness(label="fleet=yes")
        self.gateway.process.send_signal(signal.SIGKILL)
        self.gateway.process.wait()
        outage = time.monotonic()
        time.sleep(min(20, self.period))
        self.start()
        back = datetime.datetime.now(UTC)
        self.figures["gateway away, s"] = round(time.monotonic() - outage, 1)
        self.figures["completeness at SIGKILL"] = round(at_kill["completeness"], 3)
        self.wait_until(lambda: self.is_complete(label="part=healthy"), "all of the living is recovered")
        self.figures["live meters complete after, s"] = round(time.monotonic() - recovery, 1)
        dead = self.completeness(label="part=failing")
        self.figures["completeness of the dead"] = round(dead["completeness"], 3)
        self.failing.start()
        revival = time.monotonic()
        self.wait_until(lambda: self.is_complete(label="fleet=yes"), "all is recovered")
        self.figures["revived meters complete after, s"] = round(time.monotonic() - revival, 1)
        total = self.completeness(label="fleet=yes")
        self.figures["completeness"] = total["completeness"]
        self.figures["rows expected"] = total["expected"]
        self.figures["rows lost"] = total["lostForGood"]
        # One more whole round after the end of the recovery.
        self.wait_until(
            lambda: (datetime.datetime.now(UTC) - back).total_seconds() > 2.5 * self.period, "rounds of fresh readings", 1
        )
        until = datetime.datetime.now(UTC)
        self.gateway.call("POST", "/schedules/fresh/pause")
        assert total["expected"] == total["received"] == 192 * (self.healthy.count + self.failing.count), total
        self.compare_rows()
        self.fresh(since, until)
        self.change_of_clock()
        return self.figures

    def compare_rows(self) -> None:
        """What is stored is what the meters tell, each row once."""
        end = self.begin + datetime.timedelta(days=2)
        meters = ["healthy-0", f"healthy-{self.healthy.count - 1}", "failing-0", f"failing-{self.failing.count - 1}"]
        for meter in meters:
            stored = self.stored_rows(meter, self.begin, end, "stored")
            assert len({time for time, _ in stored}) == len(stored) == 192, (meter, len(stored))
            assert stored == self.stored_rows(meter, self.begin, end, "meter"), meter
        self.figures["meters compared row by row"] = len(meters)

    def change_of_clock(self) -> None:
        """The last days with 92 and with 100 quarter-hours are recovered as such."""
        day = self.days[0]
        changes = {}
        while len(changes) < 2:
            midnight = datetime.datetime.combine(day, datetime.time(), DST_ZONE)
            following = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(), DST_ZONE)
            quarters = int((following.timestamp() - midnight.timestamp()) // 900)
            if quarters != 96:
                changes[quarters] = (day, midnight.astimezone(UTC))
            day -= datetime.timedelta(days=1)
        for number, (quarters, (day, midnight)) in enumerate(sorted(changes.items())):
            meter = f"changing-{number}"
            self.read_rows({"meters": [meter]}, midnight)
            query = {"from": str(day), "to": str(day), "meter": meter}
            self.wait_until(lambda query=query: self.is_complete(**query), f"the day with {quarters}")
            total = self.completeness(**query)
            assert total["received"] == total["expected"] == quarters, total
            self.figures[f"{day}, rows"] = total["received"]


def main() -> None:
    meters = int(os.environ.get("METERS", "2000"))
    period = int(os.environ.get("PERIOD", "60"))
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = None
        if os.environ.get("DATABASE") == "postgresql":
            control, name = os.environ["COSEM_GATEWAY_TEST_POSTGRESQL_CONTROL"], f"soak_{os.getpid()}"
            subprocess.run([control, "create", name], check=True)
            server = urllib.parse.urlparse(os.environ["COSEM_GATEWAY_TEST_POSTGRESQL"])
            database = server._replace(path=f"/{name}").geturl()
        soak = Soak(folder, meters, period, database, float(os.environ.get("LIMIT", "3600")))
        stack.callback(soak.close)
        try:
            print(json.dumps(soak.run(), indent=1))
        except BaseException:
            print((folder / "gateway.log").read_text()[-4000:], file=sys.stderr)
            raise


if __name__ == "__main__":
    main()
