# SPDX-License-Identifier: Apache-2.0
"""Profiles: selection of rows and columns at foreign meters and at ours, the forms of buffers, and the time of rows."""

from __future__ import annotations

import json

import pytest
from foreign_clients import Access, GuruxClient, PydlmsClient

LOAD = "1.0.99.1.0.255"
ROWS = 960
NDJSON = {"Accept": "application/x-ndjson"}


@pytest.fixture(scope="module")
def gurux(gateway, start_gurux_meter) -> str:
    """A gurux meter with 960 quarters of an hour from 2026-01-01T00:00:00Z on."""
    port = start_gurux_meter("--auth", "low", "--rows", str(ROWS), "--pdu-size", "512")
    gateway.register("profiles-gurux", port, timeZone="UTC")
    return "/meters/profiles-gurux/profiles"


@pytest.fixture(scope="module")
def pydlms(gateway, pydlms_meter) -> str:
    gateway.register("profiles-pydlms", pydlms_meter, keepAlive="PT0S")
    return "/meters/profiles-pydlms/profiles"


@pytest.fixture(scope="module")
def ours(gateway, simulator) -> str:
    gateway.register("profiles-ours", simulator + 1, timeZone="Europe/Bratislava")
    return "/meters/profiles-ours/profiles"


def lines(text: str) -> tuple[list[dict], dict]:
    """The rows of NDJSON, and its last line."""
    parsed = [json.loads(line) for line in text.splitlines()]
    return parsed[:-1], parsed[-1]


@pytest.mark.cell("range", "gurux meter")
@pytest.mark.parametrize("query", ["from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z", "from=2026-01-02T00:00:00Z&last=P1D"])
def test_a_range_is_selected_by_the_meter(gateway, gurux, query):
    answer = gateway.get(f"{gurux}/{LOAD}/rows?{query}").json
    assert answer["selection"] == {"rows": "by-meter", "columns": "none"}
    assert [row["values"][0] for row in answer["rows"]] == [1_000_000 + 7 * n for n in range(96, 192)]
    assert answer["coverage"] == {"expected": 96, "received": 96, "gaps": []}
    # The peer sends no deviation, so that the zone of the meter tells the instant.
    assert {row["timeSource"] for row in answer["rows"]} <= {"time-zone", "meter-deviation"}
    assert answer["rows"][0]["rawTime"].startswith("07EA0102")


@pytest.mark.cell("column selection", "gurux meter")
def test_columns_of_a_range_are_selected_by_the_meter(gateway, gurux):
    query = "from=2026-01-02T00:00:00Z&to=2026-01-02T01:00:00Z&columns=time"
    answer = gateway.get(f"{gurux}/{LOAD}/rows?{query}").json
    assert answer["selection"] == {"rows": "by-meter", "columns": "by-meter"}
    assert [column["key"] for column in answer["columns"]] == ["time", "status"]
    assert [row["values"] for row in answer["rows"]] == [[]] * 4


@pytest.mark.cell("entry", "gurux meter")
@pytest.mark.cell("column selection", "gurux meter")
def test_entries_and_their_columns_are_selected_by_the_meter(gateway, gurux):
    answer = gateway.get(f"{gurux}/{LOAD}/rows?entries=5").json
    assert answer["selection"] == {"rows": "by-meter", "columns": "none"}
    assert [row["values"][0] for row in answer["rows"]] == [1_000_000 + 7 * n for n in range(ROWS - 5, ROWS)]
    few = gateway.get(f"{gurux}/{LOAD}/rows?entries=5&columns=status").json
    assert few["selection"] == {"rows": "by-meter", "columns": "by-meter"}
    assert [row["time"] for row in few["rows"]] == [row["time"] for row in answer["rows"]]
    assert few["rows"][0]["values"] == []


@pytest.mark.cell("profile: streamed", "gurux meter")
def test_all_rows_come_as_lines(gateway, gurux):
    answer = gateway.get(f"{gurux}/{LOAD}/rows?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", headers=NDJSON)
    rows, last = lines(answer.text)
    assert last == {"end": True, "rows": ROWS, "selection": {"rows": "by-meter", "columns": "none"}}
    assert [row["values"][0] for row in rows] == [1_000_000 + 7 * n for n in range(ROWS)]


@pytest.mark.cell("profile: status bits", "gurux meter")
def test_status_bits_become_quality_and_reasons(gateway, gurux):
    rows = gateway.get(f"{gurux}/{LOAD}/rows?from=2026-01-01T00:00:00Z&to=2026-01-03T00:00:00Z").json["rows"]
    for number, row in enumerate(rows):
        if number % 97 == 96:
            assert (row["status"], row["quality"]) == (["power-down"], "valid")
        elif number % 31 == 30:
            assert (row["status"], row["quality"]) == (["clock-invalid"], "suspect")
            assert row["reasons"] == ["clock-invalid"]
        else:
            assert (row["status"], row["quality"]) == ([], "valid")
            assert "reasons" not in row


@pytest.mark.cell("range", "pydlms meter")
@pytest.mark.cell("entry", "pydlms meter")
def test_the_profiles_of_the_pydlms_meter_are_read(gateway, pydlms):
    listed = gateway.get(pydlms)
    assert listed.status == 200, listed.text
    profiles = [item for item in listed.json["items"] if item["class"] == 7]
    if not profiles:
        pytest.skip("this release of the peer has no profile")
    for profile in profiles:
        whole = gateway.get(f"{pydlms}/{profile['obis']}/rows?from=2000-01-01T00:00:00Z&to=2099-01-01T00:00:00Z")
        assert whole.status == 200, whole.text
        rows = whole.json["rows"]
        two = gateway.get(f"{pydlms}/{profile['obis']}/rows?entries=2")
        assert two.status == 200, two.text
        assert [row["values"] for row in two.json["rows"]] == [row["values"] for row in rows[-2:]]


FORMS = {"null-data": 1, "compact array": 2, "newest first": 3, "unix time": 4, "no selection": 6, "no columns": 7}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_buffer_gives_the_same_rows(gateway, ours, form):
    window = "last=PT6H"
    plain = gateway.get(f"{ours}/{LOAD}/rows?{window}").json
    assert len(plain["rows"]) in (24, 25)
    answer = gateway.get(f"{ours}/1.0.99.1.{FORMS[form]}.255/rows?{window}")
    assert answer.status == 200, answer.text
    other = answer.json
    values = {row["time"]: row["values"][-2:] for row in other["rows"]}
    common = {row["time"]: row["values"] for row in plain["rows"] if row["time"] in values}
    assert len(common) >= len(plain["rows"]) - 1
    assert {time: values[time] for time in common} == common
    assert [row["time"] for row in other["rows"]] == sorted(row["time"] for row in other["rows"])
    assert other["selection"]["rows"] == ("by-gateway" if form == "no selection" else "by-meter")
    source = {"null-data": "inferred", "unix time": "unix"}.get(form, "meter-deviation")
    assert other["rows"][-1]["timeSource"] == source


def test_columns_are_cut_here_where_the_meter_does_not(gateway, ours):
    for name, chooser in ((LOAD, "by-meter"), ("1.0.99.1.7.255", "by-gateway"), ("1.0.99.1.2.255", "by-meter")):
        answer = gateway.get(f"{ours}/{name}/rows?entries=3&columns=1.0.2.8.0.255").json
        assert answer["selection"] == {"rows": "by-meter", "columns": chooser}
        assert [column["key"] for column in answer["columns"]] == ["time", "status", "1.0.2.8.0.255/2"]
    learned = [item["name"] for item in gateway.get("/meters/profiles-ours/quirks").json["items"] if item["origin"] == "learned"]
    assert "columnSelection" in learned


def test_one_element_of_a_structure_has_a_column(gateway, ours):
    answer = gateway.get(f"{ours}/1.0.99.1.5.255/rows?entries=1").json
    assert answer["columns"][1]["key"] == "1.0.1.8.0.255/3/2"
    assert answer["columns"][1]["element"] == "unit"
    assert answer["rows"][0]["values"][0] == {"code": 30, "name": "Wh"}


def test_compact_data_is_a_profile_of_one_row(gateway, ours):
    item = gateway.get(f"{ours}/0.0.66.0.0.255").json
    assert item["class"] == 62
    answer = gateway.get(f"{ours}/0.0.66.0.0.255/rows")
    assert answer.status == 200, answer.text
    (row,) = answer.json["rows"]
    assert row["timeSource"] == "unix"
    assert len(row["values"]) == 2
    assert [column.get("unit") for column in answer.json["columns"]] == [None, None, "Wh", "Wh"]
    refused = gateway.get(f"{ours}/0.0.66.0.0.255/rows?last=P1D")
    assert (refused.status, refused.problem) == (422, "range-not-supported")


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(PydlmsClient, marks=pytest.mark.cell("profile: compact array", "pydlms client")),
        pytest.param(GuruxClient, marks=pytest.mark.cell("profile: null-data", "gurux client")),
    ],
)
def test_foreign_clients_read_the_forms_of_our_buffers(ours, simulator, client):
    judge = client(Access(simulator + 2))
    form = 2 if client is PydlmsClient else 1
    octets = judge.octets(7, f"1.0.99.1.{form}.255", 2)
    judge.close()
    assert octets[0] == (0x13 if form == 2 else 0x01)
    assert len(octets) > 3360 * 8
