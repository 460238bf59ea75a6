# SPDX-License-Identifier: Apache-2.0
"""Billing days: the table that our unit tests go by is what PyPI python-dateutil says, and a foreign meter that lost a month.

`billing_days.csv` has a zone, a billing day, an instant, and the next instants at which a row is due; `python test_billing_days.py`
writes it anew."""

from __future__ import annotations

import datetime as dt
import pathlib
import random

import pytest
import recurrences as peers
from dateutil import rrule

TABLE = pathlib.Path(__file__).with_name("billing_days.csv")
# In these the clock skips midnight now and then.
ZONES = peers.ZONES + ["America/Asuncion", "Africa/Cairo", "Asia/Beirut"]
DAYS = ["---01", "---15", "---28", "---29", "---30", "---31", "--01-01", "--02-29", "--04-01", "--10-31"]
COUNT = 5
MONTHLY = "1.0.98.1.0.255"


def rule(day: str, begin: dt.datetime) -> rrule.rrule:
    """The local midnights of a billing day; a month that is too short has its last one."""
    number = int(day[-2:])
    days = {"bymonthday": number} if number <= 28 else {"bymonthday": list(range(28, number + 1)), "bysetpos": -1}
    if len(day) == 5:
        return rrule.rrule(rrule.MONTHLY, dtstart=begin, **days)
    return rrule.rrule(rrule.YEARLY, dtstart=begin, bymonth=int(day[2:4]), **days)


def due(zone: str, day: str, after: dt.datetime) -> list[str]:
    begin = dt.datetime.combine(peers.local_time(after, zone).date() - dt.timedelta(days=2), dt.time())
    instants = peers.due(rule(day, begin.replace(day=1)), zone, after, COUNT, by_clock=False)
    return [instant.strftime("%Y-%m-%dT%H:%M:%SZ") for instant in instants]


def lines() -> list[str]:
    chance = random.Random(98)
    found = []
    for zone in ZONES:
        for day in DAYS:
            # Of years whose clocks are history; on 2023-10-01 those of Asunción had no midnight.
            begin = dt.datetime(2020 if len(day) == 5 else 2016, 2, 1, tzinfo=peers.UTC)
            after = begin + chance.randint(0, 3 * 525_600) * peers.MINUTE
            after = dt.datetime(2023, 6, 10, tzinfo=peers.UTC) if day == "---01" else after
            found.append(",".join([zone, day, after.strftime("%Y-%m-%dT%H:%M:%SZ"), *due(zone, day, after)]))
    return found


def test_the_table_of_billing_days_is_what_dateutil_says():
    assert TABLE.read_text().splitlines() == lines()


def recover(gateway, path: str) -> dict:
    """What a recovery of the profile says of it."""
    job = gateway.call("POST", f"{path}/recover", {})
    assert job.status == 202, job.text
    done = gateway.get(job.headers["Location"], headers={"Prefer": "wait=30"}).json
    assert done["state"] == "succeeded", done
    return gateway.get(job.headers["Location"] + "/result").json


def test_a_month_that_a_foreign_meter_lost_is_found_and_the_others_are_fetched(gateway, start_gurux_meter):
    # Ten months of 2025; that of June is not there.
    port = start_gurux_meter("--auth", "low", "--billing-months", "10", "--lost-month", "6")
    gateway.register("billing-gurux", port, timeZone="UTC")
    path = f"/meters/billing-gurux/profiles/{MONTHLY}"
    for begin, end in [("01-01", "03-02"), ("08-15", "10-15")]:
        assert gateway.get(f"{path}/rows?from=2025-{begin}T00:00:00Z&to=2025-{end}T00:00:00Z").status == 200

    def gaps() -> dict:
        return gateway.get(f"{path}/gaps?from=2025-01-01T00:00:00Z&to=2025-10-15T00:00:00Z").json

    seen = gaps()
    assert (seen["watched"], seen["capturePeriod"], seen["billingDay"]) == (True, None, "---01")
    wanted = list(rrule.rrule(rrule.MONTHLY, dtstart=dt.datetime(2025, 4, 1), until=dt.datetime(2025, 9, 1)))
    assert seen["items"] == [{"from": "2025-04-01T00:00:00Z", "to": "2025-09-01T00:00:00Z", "missing": len(wanted) - 1}]
    assert (seen["expected"], seen["received"]) == (10, 5)
    recover(gateway, path)
    seen = gaps()
    june = {"from": "2025-06-01T00:00:00Z", "to": "2025-07-01T00:00:00Z", "missing": 1}
    assert (seen["items"], seen["lost"], seen["received"]) == ([june], [], 9)
    recover(gateway, path)
    seen = gaps()
    assert (seen["items"], seen["lost"], seen["received"]) == ([], [june | {"reason": "never-recorded"}], 9)


if __name__ == "__main__":
    TABLE.write_text("\n".join(lines()) + "\n")
