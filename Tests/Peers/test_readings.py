# SPDX-License-Identifier: Apache-2.0
"""Stored readings: what the gateway tells again is what the foreign meter sent, as its own client reads it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from foreign_clients import Access, GuruxClient

LOAD = "1.0.99.1.0.255"
ENERGY = "1.0.1.8.0.255"
DAY = "from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z"


def buffer_rows(octets: bytes) -> list[list]:
    """The rows of an encoded buffer: octet strings as octets, integers as numbers."""
    place = 0

    def take(count: int) -> bytes:
        nonlocal place
        place += count
        return octets[place - count : place]

    def length() -> int:
        first = take(1)[0]
        return first if first < 0x80 else int.from_bytes(take(first & 0x7F), "big")

    def value():
        tag = take(1)[0]
        if tag in (1, 2):
            return [value() for _ in range(length())]
        if tag == 9:
            return take(length())
        widths = {5: (4, True), 6: (4, False), 15: (1, True), 16: (2, True), 17: (1, False), 18: (2, False), 20: (8, True), 21: (8, False), 22: (1, False)}
        width, signed = widths[tag]
        return int.from_bytes(take(width), "big", signed=signed)

    return value()


@pytest.fixture(scope="module")
def port(start_gurux_meter) -> int:
    return start_gurux_meter("--auth", "low", "--rows", "960", "--pdu-size", "512")


@pytest.fixture(scope="module")
def meter(gateway, port) -> str:
    gateway.register("readings-gurux", port, timeZone="UTC", keepAlive="PT0S")
    return "/meters/readings-gurux"


@pytest.mark.cell("stored rows", "gurux meter")
def test_stored_rows_are_what_the_peers_own_client_reads(gateway, meter, port):
    live = gateway.get(f"{meter}/profiles/{LOAD}/rows?{DAY}").json
    assert live["source"] == "live"
    stored = gateway.get(f"{meter}/profiles/{LOAD}/rows?{DAY}&source=stored").json
    assert stored["source"] == "stored"
    for member in ("rows", "columns", "coverage", "capturePeriod"):
        assert stored[member] == live[member]
    judge = GuruxClient(Access(port))
    rows = buffer_rows(judge.octets(7, LOAD, 2))
    judge.close()
    times = [index for index, value in enumerate(rows[0]) if isinstance(value, bytes) and len(value) == 12]
    wanted = [row for row in rows if row[times[0]][:4] == bytes([0x07, 0xEA, 1, 2])]
    assert len(wanted) == 96
    assert [row["rawTime"] for row in stored["rows"]] == [row[times[0]].hex().upper() for row in wanted]
    count = len(stored["rows"][0]["values"])
    assert [row["values"] for row in stored["rows"]] == [row[-count:] for row in wanted]


@pytest.mark.cell("stored readings", "gurux meter")
def test_the_history_has_the_values_of_the_rows(gateway, meter):
    rows = gateway.get(f"{meter}/profiles/{LOAD}/rows?{DAY}").json
    place = [column["key"] for column in rows["columns"] if column["key"] not in ("time", "status")].index(f"{ENERGY}/2")
    wanted = [row["values"][place] for row in rows["rows"]]
    answer = gateway.get(f"/readings?meter=readings-gurux&name=energy-import&{DAY}&limit=1000").json
    assert [item["value"] for item in answer["items"]] == wanted
    text = gateway.get(f"/readings?meter=readings-gurux&name=energy-import&{DAY}", headers={"Accept": "text/csv"}).text
    assert [json.loads(row["value"]) for row in csv.DictReader(io.StringIO(text))] == wanted


def test_events_are_told_by_name_and_again_without_the_meter(gateway, simulator):
    gateway.register("readings-events", simulator, timeZone="Europe/Bratislava")
    live = gateway.get("/meters/readings-events/events?from=2020-01-01T00:00:00Z").json
    assert live["failed"] == []
    assert {"power-down", "power-up"} <= {item["event"] for item in live["items"]}
    stored = gateway.get("/meters/readings-events/events?from=2020-01-01T00:00:00Z&source=stored").json
    assert stored["items"] == live["items"]


@pytest.mark.cell("stored readings", "gurux meter")
def test_a_job_stores_what_it_reads_and_says_so(gateway, meter):
    order = {"kind": "read", "target": {"meters": ["readings-gurux"]}, "items": [{"object": ENERGY, "attribute": 2}]}
    job = gateway.call("POST", "/jobs", order).json["id"]
    gateway.get(f"/jobs/{job}", headers={"Prefer": "wait=20"})
    items = gateway.get("/readings?meter=readings-gurux&name=energy-import&last=PT1H&detail=true").json["items"]
    assert [item["job"] for item in items if item["source"] == "register"][-1] == job
