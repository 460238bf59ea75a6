# SPDX-License-Identifier: Apache-2.0
"""What is written in the console: meters from a table, values by their types, and requests of the explorer."""

from __future__ import annotations

import json
import re

import pytest
from conftest import METER, flaws
from playwright.sync_api import expect

HEAD = "id,channel.host,channel.port,associations.reader.clientAddress,associations.reader.authentication.mechanism\n"


def test_meters_are_imported_after_a_dry_run(console, gateway):
    page = console.page
    console.open("meters")
    page.get_by_role("link", name="Import meters").click()
    page.get_by_label("Lines").fill(HEAD + "imported-1,192.0.2.10,4059,16,none\ndemo-1,192.0.2.11,4059,16,none\nimported-2,192.0.2.12,not-a-port,16,none\n")
    assert page.get_by_role("button", name=re.compile("Register")).count() == 0
    page.get_by_role("button", name="Try without registering").click()
    report = page.get_by_role("region", name="What would become of each line")
    expect(report.get_by_role("row")).to_have_count(4)
    assert "/channel/port" in report.get_by_role("row", name="imported-2").inner_text() or "channel.port" in report.get_by_role("row", name="imported-2").inner_text()
    assert gateway.get("/meters/imported-1").status == 404
    assert flaws(page, "main") == []
    page.get_by_label("If a meter is there already").select_option("skip")
    expect(report).to_have_count(0)
    page.get_by_role("button", name="Try without registering").click()
    page.get_by_role("button", name="Register 1 meter").click()
    done = page.get_by_role("region", name="What became of each line")
    done.get_by_role("link", name="imported-1").wait_for()
    assert gateway.get("/meters/imported-1").status == 200
    assert gateway.get("/meters/demo-1").json["channel"]["host"] != "192.0.2.11"
    gateway.call("DELETE", "/meters/imported-1")


def test_a_file_of_lines_can_be_dropped(console, tmp_path):
    line = json.dumps({"id": "dropped", "channel": {"type": "tcp", "host": "192.0.2.9", "port": 4059}, "associations": {"reader": {"clientAddress": 16, "authentication": {"mechanism": "none"}}}})
    console.open("import-meters")
    console.page.evaluate(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'meters.ndjson')); document.querySelector('.drop').dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true })); }",
        line + "\n",
    )
    expect(console.page.get_by_label("Lines")).to_have_value(line + "\n")
    assert "application/x-ndjson" in console.page.locator("console-curl code").first.inner_text()
    console.page.get_by_role("button", name="Try without registering").click()
    console.page.get_by_role("button", name="Register 1 meter").wait_for()


@pytest.fixture
def sent(console):
    """What would be written to the clock; its access rights are those of an association that may write."""
    bodies = []

    def answer(route) -> None:
        if route.request.method == "PUT":
            bodies.append(route.request.post_data_json)
            return route.fulfill(json={"dryRun": True})
        route.continue_()

    def writable(route) -> None:
        given = route.fetch()
        table = given.json()
        for item in table["items"]:
            for attribute in item["attributes"]:
                attribute["access"] = "read-write"
        route.fulfill(response=given, json=table)

    console.page.route("**/attributes/*", answer)
    console.page.route("**/attributes/*?*", answer)
    console.page.route(re.compile(r"/meters/demo-1/objects(\?|$)"), writable)
    console.open(f"meter/{METER}/objects/0.0.1.0.0.255")
    return bodies


def attempt(console, attribute: str):
    console.page.get_by_role("button", name=f"Write {attribute}", exact=True).click()
    return console.page.get_by_role("region", name=f"Write {attribute}")


def test_values_are_written_by_their_types(console, sent):
    room = attempt(console, "time_zone")
    room.get_by_label("New value").fill("40000")
    expect(room.get_by_text("from -32768 to 32767")).to_be_visible()
    room.get_by_label("New value").fill("-120")
    room.get_by_role("button", name="Try without writing").click()
    expect(room.get_by_text("Nothing was written")).to_be_visible()

    assert flaws(console.page, "main section[aria-label='Write time_zone']") == []

    room = attempt(console, "daylight_savings_enabled")
    room.get_by_label("New value").select_option("true")
    room.get_by_role("button", name="Try without writing").click()
    expect(room.get_by_text("Nothing was written")).to_be_visible()

    room = attempt(console, "clock_base")
    room.get_by_label("New value").select_option(label="0 not-defined")
    room.get_by_role("button", name="Try without writing").click()
    expect(room.get_by_text("Nothing was written")).to_be_visible()

    room = attempt(console, "time")
    room.get_by_label("New value").fill("2026-11-22T08:15:00")
    room.get_by_label("Offset from UTC").fill("+01:00")
    room.get_by_role("button", name="Try without writing").click()
    expect(room.get_by_text("Nothing was written")).to_be_visible()

    # A time of which not everything is said is written as octets.
    room = attempt(console, "daylight_savings_begin")
    expect(room.get_by_label("New value")).to_have_value("FFFF03FE0702000000800000")
    room.get_by_role("button", name="JSON").click()
    room.get_by_label("New value").fill('{"type": "structure", "items": [}')
    expect(room.get_by_text("Not JSON yet")).to_be_visible()
    room.get_by_label("New value").fill('{"type": "octet-string", "hex": "00"}')
    room.get_by_role("button", name="Try without writing").click()
    expect(room.get_by_text("Nothing was written")).to_be_visible()
    assert [body["value"] for body in sent] == [
        {"type": "long", "value": -120}, {"type": "boolean", "value": True}, {"type": "enum", "value": 0}, "2026-11-22T08:15:00+01:00", {"type": "octet-string", "hex": "00"},
    ]


def test_the_explorer_has_every_operation_and_sends_requests(console, gateway):
    page = console.page
    console.open("api")
    contract = gateway.get("/openapi.json").json
    count = sum(method in item for item in contract["paths"].values() for method in ("get", "put", "post", "patch", "delete"))
    expect(page.locator(".tree li a")).to_have_count(count)
    page.get_by_label("Filter by words or path").fill("latest")
    page.locator(".tree").get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text("/readings/latest")
    page.get_by_label("id *").fill(METER)
    page.get_by_role("button", name="Send the request").click()
    answer = page.get_by_role("group", name="Answer", exact=True)
    expect(answer).to_contain_text('"readings"')
    assert flaws(page, "[aria-label=Answer]") == []
    assert f"id={METER}" in page.url
    assert f"/meters/{METER}/readings/latest" in page.locator("console-curl code").nth(1).inner_text()


def test_the_explorer_makes_a_form_from_a_schema_and_asks_before_it_changes_something(console, gateway):
    page = console.page
    console.open("api/createMeterGroup")
    page.get_by_label("id *").fill("explored")
    page.get_by_label("selector", exact=True).fill("site=demo")
    send = page.get_by_role("button", name="Send the request")
    assert send.is_disabled()
    page.get_by_label("Type createMeterGroup to send it").fill("createMeterGroup")
    send.click()
    expect(page.get_by_role("group", name="Answer", exact=True)).to_contain_text("explored")
    assert gateway.get("/groups/explored").json["selector"] == "site=demo"
    page.goto(f"{console.base}/console/#/api/decodeOctets")
    page.get_by_role("button", name="JSON").click()
    page.get_by_role("textbox", name="Body").fill('{"hex":"0600","layer":"data"}')
    page.get_by_role("button", name="Send the request").click()
    problem = page.get_by_role("alert")
    problem.wait_for()
    console.complaints = [text for text in console.complaints if "status of 422" not in text]


@pytest.mark.parametrize(("place", "path", "method", "body"), [
    ("channels", "/channels/line-9", "PUT", {"type": "tcp", "host": "192.0.2.9", "port": 4059}),
    ("webhooks", "/webhooks/billing", "POST", {"id": "billing", "url": "https://receiver.example/hook"}),
])
def test_what_is_deleted_is_named_first(console, gateway, place, path, method, body):
    page = console.page
    name = path.rsplit("/", 1)[1]
    assert gateway.call(method, path if method == "PUT" else f"/{place}", body).status == 201
    console.open(place)
    page.get_by_role("button", name=f"Delete {name}").click()
    delete = page.get_by_role("button", name="Delete", exact=True)
    assert delete.is_disabled()
    page.get_by_label(f"Type {name} to delete").fill(name)
    delete.click()
    expect(page.get_by_role("row", name=name)).to_have_count(0)
    assert gateway.get(path).status == 404
    expect(page.locator("#sent code")).to_contain_text(f"-X DELETE '{console.base}{path}'")
