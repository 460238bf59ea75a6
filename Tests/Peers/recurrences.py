# SPDX-License-Identifier: Apache-2.0
"""Random recurrences, and what PyPI croniter and python-dateutil say of them."""

from __future__ import annotations

import datetime as dt
import functools
import random
import zoneinfo

from croniter import CroniterBadDateError, croniter
from dateutil import rrule

ZONES = ["Europe/Bratislava", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca"]
MINUTE = dt.timedelta(minutes=1)
UTC = dt.timezone.utc


@functools.lru_cache(None)
def changes(zone: str) -> list[dt.datetime]:
    """The instants from 2020 to 2036 at which the offset changes."""
    rules = zoneinfo.ZoneInfo(zone)
    found, at = [], dt.datetime(2020, 1, 1, tzinfo=UTC)
    while at.year < 2036:
        later = at + dt.timedelta(days=1)
        if at.astimezone(rules).utcoffset() != later.astimezone(rules).utcoffset():
            low, high = at, later
            while high - low > MINUTE:
                middle = low + (high - low) // MINUTE // 2 * MINUTE
                same = middle.astimezone(rules).utcoffset() == low.astimezone(rules).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        at = later
    return found


def instants_of(local: dt.datetime, zone: str) -> tuple[list[dt.datetime], dt.datetime | None]:
    """The instants at which a clock shows a local time; if it skips it, none and the end of the skip."""
    rules = zoneinfo.ZoneInfo(zone)
    found = []
    for fold in (0, 1):
        instant = local.replace(tzinfo=rules, fold=fold).astimezone(UTC)
        if instant.astimezone(rules).replace(tzinfo=None) == local and instant not in found:
            found.append(instant)
    if found:
        return sorted(found), None
    near = local.replace(tzinfo=rules, fold=1).astimezone(UTC)
    return [], min(changes(zone), key=lambda change: abs(change - near))


def due(locals_, zone: str, after: dt.datetime, count: int, by_clock: bool, until=None) -> list[dt.datetime]:
    """The next instants by the rules of docs/schedules.md, from a stream of local times."""
    found: list[dt.datetime] = []
    for local in locals_:
        shown, end_of_skip = instants_of(local, zone)
        if not by_clock:
            shown = shown[:1] or [end_of_skip]
        for instant in shown:
            if instant > after and instant not in found and (until is None or instant <= until):
                found.append(instant)
        # An hour that comes twice may put later local times before earlier ones.
        if found and len(found) >= count and local > local_time(sorted(found)[count - 1], zone) + dt.timedelta(hours=2):
            break
    return sorted(found)[:count]


def local_time(instant: dt.datetime, zone: str) -> dt.datetime:
    return instant.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None)


def random_instant(chance: random.Random, zone: str) -> dt.datetime:
    """Half of the time within two days of a change of the clock."""
    if chance.random() < 0.5:
        at = chance.choice(changes(zone)) + chance.randint(-2880, 1440) * MINUTE
    else:
        at = dt.datetime(2020, 2, 1, tzinfo=UTC) + chance.randint(0, 15 * 525_600) * MINUTE
    return at


# MARK: cron


def random_field(chance: random.Random, low: int, high: int, names: list[str] = [], star: float = 0.5) -> str:
    if chance.random() < star:
        return "*" if chance.random() < 0.7 else f"*/{chance.randint(1, max(1, (high - low) // 2))}"

    def word(number: int) -> str:
        return chance.choice([names[number - low], names[number - low].lower()]) if names and chance.random() < 0.4 \
            else str(number)

    def item() -> str:
        first = chance.randint(low, high)
        kind = chance.random()
        if kind < 0.6:
            return word(first)
        last = chance.randint(first, high)
        if last == first and chance.random() < 0.8:
            return word(first)
        if kind < 0.85:
            return f"{word(first)}-{word(last)}"
        return f"{first}-{last}/{chance.randint(1, 5)}" if kind < 0.95 else f"{first}/{chance.randint(1, 5)}"

    return ",".join(item() for _ in range(chance.choice([1, 1, 1, 2, 3])))


MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
DAYS = "SUN MON TUE WED THU FRI SAT".split()


def random_cron(chance: random.Random) -> str:
    if chance.random() < 0.25:
        # Each day about the time at which clocks change.
        minutes = chance.choice([str(chance.randint(0, 59)), f"*/{chance.choice([5, 10, 15, 20, 30])}", "5,35"])
        hours = chance.choice(["0", "1", "2", "3", "23", "1-3", "*/2", "*/3", "*"])
        return f"{minutes} {hours} * * {chance.choice(['*', '*', 'SUN', 'SAT-SUN'])}"
    day = random_field(chance, 1, 31, star=0.6)
    if chance.random() < 0.08:
        day = chance.choice(["L", "15,L"])
    week = random_field(chance, 0, 6, DAYS, star=0.65)
    if week == "*" and chance.random() < 0.1:
        week = "?"
    hours = random_field(chance, 0, 23, star=0.35) if chance.random() < 0.5 else str(chance.randint(0, 4))
    return " ".join(
        [random_field(chance, 0, 59, star=0.3), hours, day, random_field(chance, 1, 12, MONTHS, star=0.75), week]
    )


def cron_locals(text: str, begin: dt.datetime):
    """Local times by croniter, which is given no zone, from a day before."""
    times = croniter(text.replace("?", "*"), begin - dt.timedelta(days=2), implement_cron_bug=True)
    try:
        while True:
            yield times.get_next(dt.datetime)
    except CroniterBadDateError:
        return


def cron_is_by_clock(text: str) -> bool:
    hours = croniter.expand(text.replace("?", "*"))[0][1]
    return len(hours) == 24 or hours == ["*"]


def cron_with_zone(text: str, zone: str, after: dt.datetime, count: int) -> list[dt.datetime]:
    """What croniter says when it is given the zone."""
    start = after.astimezone(zoneinfo.ZoneInfo(zone))
    times = croniter(text.replace("?", "*"), start, implement_cron_bug=True)
    return [times.get_next(dt.datetime).astimezone(UTC) for _ in range(count)]


# MARK: RFC 5545


def random_rule(chance: random.Random) -> tuple[str, dt.datetime]:
    """A rule and its beginning in local time."""
    if chance.random() < 0.2:
        begin = dt.datetime(2019, 1, 1) + chance.randint(0, 8000) * MINUTE
        text = chance.choice(["FREQ=DAILY;BYHOUR={};BYMINUTE={}", "FREQ=HOURLY", "FREQ=HOURLY;INTERVAL=2",
                              "FREQ=MINUTELY;INTERVAL=20", "FREQ=WEEKLY;BYDAY=SU;BYHOUR={};BYMINUTE={}"])
        return text.format(chance.choice([0, 1, 2, 3, 23]), chance.randint(0, 59)), begin
    names = ["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]
    index = chance.randrange(6)
    frequency = names[index]
    begin = dt.datetime(2019, 1, 1) + chance.randint(0, 12 * 525_600) * MINUTE
    parts, has_by = [f"FREQ={frequency}"], False
    if chance.random() < 0.4:
        parts.append(f"INTERVAL={chance.randint(1, 6 if index < 4 else 40)}")

    def by(name: str, share: float, values: list, most: int = 3) -> bool:
        if chance.random() >= share:
            return False
        picked = chance.sample(values, chance.randint(1, most))
        parts.append(f"{name}={','.join(str(value) for value in picked)}")
        return True

    two = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    has_by |= by("BYMONTH", 0.2, list(range(1, 13)), 4)
    if frequency != "WEEKLY":
        has_by |= by("BYMONTHDAY", 0.3, list(range(1, 32)) + list(range(-31, 0)))
    if index < 2 and chance.random() < 0.3:
        ordinals = [1, 2, 3, 4, -1, -2] + ([10, 53, -10] if frequency == "YEARLY" else [5, -5])
        has_by |= by("BYDAY", 1, [f"{chance.choice(ordinals)}{day}" for day in two])
    else:
        has_by |= by("BYDAY", 0.25, two)
    has_by |= by("BYHOUR", 0.5, list(range(0, 5)) * (chance.random() < 0.5) or list(range(24)))
    has_by |= by("BYMINUTE", 0.5, list(range(60)))
    if has_by and chance.random() < 0.15:
        by("BYSETPOS", 1, [1, 2, -1, -2, 3])
    if chance.random() < 0.2:
        parts.append(f"WKST={chance.choice(two)}")
    if chance.random() < 0.1:
        parts.append(f"COUNT={chance.randint(1, 200)}")
    elif chance.random() < 0.1:
        parts.append(f"UNTIL={(begin + chance.randint(1, 5_000_000) * MINUTE):%Y%m%dT%H%M%S}")
    chance.shuffle(parts)
    return ";".join(parts), begin.replace(second=0)


def rule_locals(text: str, begin: dt.datetime, near: dt.datetime):
    """Local times by dateutil, which is given no zone, from a day before an instant of interest."""
    times = rrule.rrulestr(text, dtstart=begin)
    if "COUNT" in text:
        yield from (time for time in times if time > near - dt.timedelta(days=2))
    else:
        yield from times.xafter(near - dt.timedelta(days=2))


def rule_is_by_clock(text: str) -> bool:
    parts = dict(part.split("=") for part in text.split(";"))
    interval = int(parts.get("INTERVAL", 1))
    if "BYSETPOS" in parts or "COUNT" in parts or "BYHOUR" in parts:
        return False
    return parts["FREQ"] == "MINUTELY" and 60 % interval == 0 or parts["FREQ"] == "HOURLY" and interval == 1


def rule_with_zone(text: str, begin: dt.datetime, zone: str, after: dt.datetime, count: int) -> list[dt.datetime]:
    """What dateutil says when the beginning has the zone."""
    rules = zoneinfo.ZoneInfo(zone)
    found: list[dt.datetime] = []
    text = ";".join(part for part in text.split(";") if not part.startswith("UNTIL"))
    for time in rrule.rrulestr(text, dtstart=begin.replace(tzinfo=rules)):
        if time.astimezone(UTC) > after and time.astimezone(UTC) not in found:
            found.append(time.astimezone(UTC))
            if len(found) == count:
                break
    return found
