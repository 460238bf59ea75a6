# SPDX-License-Identifier: Apache-2.0
"""Readings in the forms that others take: CIM MeterReadings read by lxml, flat rows as a dashboard asks for them."""

from __future__ import annotations

import urllib.request

import pytest
from lxml import etree

CIM = {"m": "http://iec.ch/TC57/2011/MeterReadings#"}
ENERGY = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0"
XML = {"Accept": "application/xml"}


@pytest.fixture(scope="module")
def meter(gateway, simulator) -> str:
    gateway.register("integrated", simulator)
    for code in ("1.0.1.8.0.255", "1.0.32.7.0.255"):
        assert gateway.get(f"/meters/integrated/objects/{code}/attributes/2").status == 200
    return "integrated"


def parsed(gateway, path: str):
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}{path}", headers=XML)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.headers["Content-Type"] == "application/xml"
        return etree.fromstring(answer.read())


def test_stored_readings_are_meter_readings(gateway, meter):
    document = parsed(gateway, f"/readings?meter={meter}&name=energy-import,voltage-l1&last=P1D")
    assert etree.QName(document).localname == "MeterReadings"
    [reading] = document.findall("m:MeterReading", CIM)
    assert reading.findtext("m:Meter/m:Names/m:name", namespaces=CIM) == meter
    values = {
        entry.find("m:ReadingType", CIM).get("ref"): entry.findtext("m:value", namespaces=CIM)
        for entry in reading.findall("m:Readings", CIM)
    }
    latest = gateway.get(f"/meters/{meter}/readings/latest?names=energy-import").json["readings"]["energy-import"]
    assert float(values[ENERGY]) == latest["value"]
    assert all(len(reference.split(".")) == 18 for reference in values)
    assert len(values) == 2


def test_rows_are_interval_blocks(gateway, meter):
    path = f"/meters/{meter}/profiles/1.0.99.1.0.255/rows?entries=8"
    rows = gateway.get(path).json
    blocks = parsed(gateway, path).findall("m:MeterReading/m:IntervalBlocks", CIM)
    references = [block.find("m:ReadingType", CIM).get("ref") for block in blocks]
    assert references and all(reference.split(".")[2] != "0" for reference in references)
    times = [entry.findtext("m:timeStamp", namespaces=CIM) for entry in blocks[0].findall("m:IntervalReadings", CIM)]
    assert times == [row["time"] for row in rows["rows"]]


def test_flat_rows_have_all_members_on_one_level(gateway, meter):
    items = gateway.get(f"/readings?meter={meter}&last=P1D&rowFormat=object").json["items"]
    assert {tuple(item) for item in items} == {("time", "meter", "name", "value", "unit", "quality")}
    assert not any(isinstance(item["value"], dict | list) for item in items if item["name"] == "energy-import")
