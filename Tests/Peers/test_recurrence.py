# SPDX-License-Identifier: Apache-2.0
"""When recurrences are due, compared with PyPI croniter and python-dateutil.

Two comparisons of each rule. First the arithmetic: the peers compute local times without a zone, and the rules of docs/schedules.md
for changes of the clock, written here once more over `zoneinfo`, make instants of them; ours have to be equal. Then the peers
with the zone: where they differ, the difference has to be of a class that is known and told."""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import json
import os
import random
import re
import signal
import subprocess

import pytest

import recurrences as peers
from processes import GATEWAY

# 1,000 with every change; 10,000 for the record.
RULES = int(os.environ.get("RULES", "1000"))
COUNT = 3
# How long a peer may look for the times of a rule, seconds of its own, whatever else the machine does.
PATIENCE = 1.0
# Peers give up where a rule has no more times for decades; so far nobody plans.
LAST_YEAR = 2089

KNOWN = {
    "range of one": "croniter takes n-n for every value of the field; so it is asked again with n",
    "first week": "dateutil lets the first week of FREQ=WEEKLY begin with the rule, so BYSETPOS counts in a shorter set",
    "cron: skipped": "croniter moves a time that the clock skips in other ways; ours is due when the skip ends, once",
    "cron: repeated": "croniter takes a time that the clock shows twice for two; ours is due once unless due in every hour",
    "rrule: skipped": "dateutil moves a time that the clock skips on by the skip, 02:30 to 03:30; ours is due at 03:00",
    "rrule: repeated": "dateutil knows the first pass only; ours is due in both what is due in every hour",
}


class Slow(Exception):
    """A peer looks for a time for too long."""


def slow(*_: object) -> None:
    raise Slow


def instants(answer: dict) -> list[dt.datetime]:
    times = [dt.datetime.fromisoformat(item["at"]).astimezone(peers.UTC) for item in answer["items"]]
    return [time for time in times if time.year < LAST_YEAR]


@pytest.fixture(scope="module")
def cases() -> list[tuple]:
    """Kind, rule, beginning, zone, instant, and our answer."""
    chance = random.Random(5545)
    found = []
    for index in range(RULES):
        zone = peers.ZONES[index % len(peers.ZONES)]
        after = peers.random_instant(chance, zone)
        if index // len(peers.ZONES) % 2:
            found.append(("cron", peers.random_cron(chance), None, zone, after))
        else:
            found.append(("rrule", *peers.random_rule(chance), zone, after))
    lines = []
    for kind, text, begin, zone, after in found:
        recurrence = {kind: text} | ({"anchor": begin.isoformat()} if begin else {})
        lines.append(json.dumps({"recurrence": recurrence, "timeZone": zone, "after": after.isoformat(), "count": COUNT}))
    run = subprocess.run(
        [GATEWAY, "preview-schedule", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(found)
    return [(*case, answer) for case, answer in zip(found, answers)]


def within(seconds: float, compute):
    """What a peer says, or why it says nothing."""
    signal.signal(signal.SIGVTALRM, slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        return compute()
    except Slow:
        return "slow"
    except ValueError as error:
        return f"refuses: {error}"
    except IndexError:
        # dateutil's mask of a year is too short for weekdays counted from far away.
        return "fails"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def expected(kind, text, begin, zone, after, answer_has_items: bool = True):
    near = peers.local_time(after, zone)
    if kind == "cron":
        local, by_clock = peers.cron_locals(text, near), peers.cron_is_by_clock(text)
    else:
        local, by_clock = peers.rule_locals(text, begin, near), peers.rule_is_by_clock(text)
    early = itertools.takewhile(lambda time: time.year < LAST_YEAR + 1, local)
    return [time for time in peers.due(early, zone, after, COUNT, by_clock) if time.year < LAST_YEAR]


def without_ranges_of_one(text: str) -> str:
    """A range of one number as the number itself, and with a step too, of which only the first is in it."""
    def one(match: re.Match) -> str:
        low, high = (value(word) for word in match.group(1, 2))
        return match.group(1) if low == high else match.group(0)

    def value(word: str) -> int:
        for names, first in ((peers.MONTHS, 1), (peers.DAYS, 0)):
            if word.upper() in names:
                return names.index(word.upper()) + first
        return int(word)

    return re.sub(r"(\w+)-(\w+)(/\d+)?", one, text)


def differs_in_first_week(text: str, begin: dt.datetime | None, ours: list[dt.datetime], theirs: list[dt.datetime]) -> bool:
    """Whether only the week in which a rule begins is counted in another way, of which a position is chosen."""
    if begin is None or "WEEKLY" not in text or "BYSETPOS" not in text:
        return False
    week = begin.replace(tzinfo=peers.UTC) + dt.timedelta(days=8)
    return [time for time in ours if time > week][:1] == [time for time in theirs if time > week][:1]


def test_next_times_are_those_of_the_peers(cases) -> None:
    """Every rule gives what the peers' local times and the rules of docs/schedules.md make of it."""
    classes: collections.Counter[str] = collections.Counter()
    wrong = []
    for kind, text, begin, zone, after, answer in cases:
        theirs = within(PATIENCE, lambda: expected(kind, text, begin, zone, after))
        if isinstance(theirs, str):
            # Ours finds out that a rule never comes, or comes to an answer; there is nobody to compare it with.
            says = "answers" if answer.get("items") else "finds none"
            classes[f"{kind}: peer {theirs.split(':')[0]}, ours {says}"] += 1
            continue
        ours = [] if "problem" in answer else instants(answer)
        if ours == theirs:
            classes[f"{kind}: equal"] += 1
            continue
        if kind == "cron" and (rest := without_ranges_of_one(text)) != text:
            if ours == within(PATIENCE, lambda: expected(kind, rest, begin, zone, after)):
                classes["cron: range of one"] += 1
                continue
        if differs_in_first_week(text, begin, ours, theirs):
            classes["rrule: first week"] += 1
            continue
        wrong.append((kind, text, begin, zone, after, ours, theirs))
    print(f"\n{RULES} rules, arithmetic:", dict(sorted(classes.items())))
    assert not wrong, f"{len(wrong)} differ, first {wrong[:5]}"
    assert sum(count for name, count in classes.items() if name.endswith("equal")) > 0.85 * RULES


def test_with_a_zone_peers_differ_by_changes_of_the_clock_only(cases) -> None:
    """Given the zone, the peers differ by their rules for changes of the clock only."""
    classes: collections.Counter[str] = collections.Counter()
    wrong = []
    for kind, text, begin, zone, after, answer in cases:
        if "problem" in answer:
            continue
        if kind == "cron":
            # A range of one is what the peer makes of it, or the number itself.
            texts = dict.fromkeys((text, without_ranges_of_one(text)))
            answers = [within(PATIENCE, lambda text=text: peers.cron_with_zone(text, zone, after, COUNT)) for text in texts]
            theirs = instants(answer) if instants(answer) in answers else answers[-1]
        else:
            theirs = within(PATIENCE, lambda: peers.rule_with_zone(text, begin, zone, after, COUNT))
        if isinstance(theirs, str):
            classes[f"{kind}: peer {theirs.split(':')[0]}"] += 1
            continue
        ours, theirs = instants(answer), [time for time in theirs if time.year < LAST_YEAR]
        if "UNTIL" in text:
            theirs = theirs[: len(ours)]
        if ours == theirs:
            classes[f"{kind}: equal"] += 1
            continue
        if differs_in_first_week(text, begin, ours, theirs):
            classes["rrule: first week"] += 1
            continue
        # The first that differs lies by a change of the clock, or is the last of a peer that gave up.
        pairs = itertools.zip_longest(ours, theirs)
        first = next(pair for pair in pairs if pair[0] != pair[1])
        near = min((abs(change - time), change) for time in first if time for change in peers.changes(zone))
        if near[0] > dt.timedelta(days=1):
            wrong.append((kind, text, begin, zone, after, ours, theirs))
            continue
        before = (near[1] - peers.MINUTE).astimezone(peers.zoneinfo.ZoneInfo(zone)).utcoffset()
        is_skip = near[1].astimezone(peers.zoneinfo.ZoneInfo(zone)).utcoffset() > before
        classes[f"{kind}: {'skipped' if is_skip else 'repeated'}"] += 1
    print(f"\n{RULES} rules, with zones:", dict(sorted(classes.items())))
    print("known differences:", json.dumps(KNOWN, indent=1))
    assert not wrong, f"{len(wrong)} differ away from changes of the clock, first {wrong[:5]}"
