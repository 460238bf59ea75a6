# SPDX-License-Identifier: Apache-2.0
"""Every page, narrow and wide, light and dark: what axe finds, what runs over the edge, what the keyboard does."""

from __future__ import annotations

import datetime
import urllib.parse
import zoneinfo

import pytest
from conftest import flaws
from playwright.sync_api import expect

PAGES = [
    "", "there-is-none", "meters", "add-meter", "meter/demo-1", "meter/demo-1/objects/1.0.1.8.0.255", "meter/demo-1/profiles",
    "meter/demo-1/disconnector", "meter/demo-1/events", "meter/demo-1/trace", "meter/demo-1/check?run=1",
    "meter/demo-1/settings", "jobs", "job/WAITING", "new-job", "schedules", "schedules/nightly", "new-schedule", "orders", "channels",
    "groups?show=all", "webhooks", "admin/audit", "admin/keys", "admin/hold", "admin/nodes", "admin/settings", "import-meters",
    "api?q=webhook", "api/listEvents?q=listEvents", "api/createMeter?q=createMeter", "tools?hex=C001C100030100010800FF0200",
]


@pytest.mark.parametrize("place", PAGES, ids=lambda place: place.split("?")[0].replace("/", "-") or "overview")
def test_a_page_is_accessible_in_every_look(tour, gateway, place):
    tour.go(place.replace("WAITING", gateway.waiting))
    assert flaws(tour.page) == []
    complaints, tour.complaints = tour.complaints, []
    assert complaints == []


def test_the_keyboard_alone_finds_a_meter(console):
    console.open()
    page = console.page
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_selector("a[href='#/meter/demo-1']")
    page.keyboard.press("/")
    page.keyboard.type("demo-2")
    expect(page.locator("[role=row] a")).to_have_count(1)
    assert page.url.endswith("#/meters?q=demo-2")
    page.keyboard.press("Escape")
    page.locator("main a[href='#/meter/demo-2']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text('demo-2')")


def test_what_opens_above_a_page_is_accessible(console):
    console.open()
    page = console.page
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    keys.wait_for()
    assert flaws(page, "dialog") == []
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    page.set_viewport_size({"width": 360, "height": 800})
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Webhooks").wait_for()
    assert flaws(page, "#side") == []
    page.set_viewport_size({"width": 360, "height": 800})
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("heading", name="Webhooks", exact=True).wait_for()
    expect(page.get_by_role("link", name="Channels")).to_have_count(0)


def test_the_address_holds_the_state(console):
    console.open("meters?q=demo-2&label=site%3Ddemo")
    expect(console.page.locator("main [role=row] a")).to_have_count(1)
    console.open("meter/demo-1/profiles?last=PT6H&mode=absolute")
    assert console.page.locator("button[aria-pressed=true]").all_inner_texts() == ["6 h", "Register"]


def test_a_failure_says_what_to_do(console):
    console.open("meter/demo-offline/check?run=1")
    console.page.wait_for_selector(".steps .bad-ink")
    console.open("meter/demo-1/objects/1.0.1.8.0.255")
    console.page.get_by_role("button", name="Write value").click()
    console.page.get_by_role("button", name="JSON").click()
    console.page.get_by_label("New value").fill('{"type":"nonsense"}')
    console.page.get_by_role("button", name="Try without writing").click()
    problem = console.page.get_by_role("alert")
    problem.wait_for()
    assert "/docs/problems/" in problem.get_by_role("link").get_attribute("href")
    assert problem.get_by_role("button", name="Copy the trace id").inner_text()
    assert flaws(console.page, ".problem") == []
    # The browser itself reports the status; everything else would be a complaint.
    console.complaints = [text for text in console.complaints if "the server responded with a status of 4" not in text]


def test_an_order_with_unknown_outcome_is_no_failure_and_can_be_verified(console):
    order = "0198f6a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b"
    progress = {"total": 1, "done": 1, "succeeded": 0, "failed": 0, "unknown": 1}
    times = {"createdAt": "2026-11-22T08:15:03Z", "finishedAt": "2026-11-22T08:16:03Z"}
    job = {"id": order, "kind": "disconnect", "state": "failed", "progress": progress, "operation": {}, "priority": 1, "links": {}, **times}
    console.page.route(f"**/jobs/{order}", lambda route: route.fulfill(json=job))
    console.page.route(f"**/jobs/{order}/executions?*", lambda route: route.fulfill(json={"items": [{"meter": "demo-1", "state": "outcome-unknown", "attempts": 1}], "next": None}))
    console.open(f"job/{order}")
    last = console.page.get_by_role("region", name="Order").locator("li").last
    expect(last.locator(".warn-ink").first).to_be_visible()
    expect(last.locator(".bad-ink")).to_have_count(0)
    last.get_by_role("link", name="Verify now").click()
    console.page.get_by_role("button", name="Verify now").wait_for()


def test_gaps_are_drawn_as_gaps(console):
    def without_two_hours(route) -> None:
        answer = route.fetch()
        table = answer.json()
        table["rows"] = table["rows"][:40] + table["rows"][48:]
        table["rows"][60]["quality"] = "suspect"
        gap = {"from": table["rows"][39]["time"], "to": table["rows"][40]["time"]}
        table["coverage"] = {"expected": 96, "received": 88, "gaps": [gap]}
        route.fulfill(response=answer, json=table)

    console.page.route("**/profiles/1.0.99.1.0.255/rows?*", without_two_hours)
    console.open("meter/demo-1/profiles")
    chart = console.page.locator("console-chart")
    expect(chart.locator("rect.gap")).to_have_count(1)
    gap = chart.locator("rect.gap").evaluate("node => [Number(node.getAttribute('x')), Number(node.getAttribute('width'))]")
    bars = chart.locator("rect.bar0").evaluate_all("nodes => nodes.map(node => Number(node.getAttribute('x')))")
    assert gap[1] > 50
    assert [x for x in bars if gap[0] + 1 < x < gap[0] + gap[1] - 1] == []
    expect(chart.locator(".doubt")).to_have_count(1)
    expect(console.page.get_by_text("88 of 96 intervals there · 1 gap")).to_be_visible()


def test_the_keyboard_reads_the_chart(console):
    console.open("meter/demo-1/profiles")
    chart = console.page.get_by_role("slider")
    chart.focus()
    expect(chart.locator(".tip")).to_be_visible()
    last = chart.get_attribute("aria-valuetext")
    assert "Wh" in last
    console.page.keyboard.press("ArrowLeft")
    expect(chart).not_to_have_attribute("aria-valuetext", last)
    expect(chart.locator(".tip")).to_have_text(chart.get_attribute("aria-valuetext"))
    console.page.keyboard.press("End")
    expect(chart).to_have_attribute("aria-valuetext", last)
    assert flaws(console.page, "console-chart") == []


def test_a_long_register_has_an_axis_that_can_be_read(console):
    """A register of many digits that grows slowly: marks differ, and are whole numbers with their thousands apart."""
    console.open("meter/demo-1/profiles?mode=absolute")
    console.page.get_by_role("slider").wait_for()
    marks = console.page.locator("console-chart text[text-anchor=end]").all_text_contents()
    values = [mark.replace("\u202f", "") for mark in marks if mark != "Wh"]
    assert len(set(values)) == len(values) >= 2
    assert all(value.isdigit() and len(value) == 8 for value in values), marks
    assert any("\u202f" in mark for mark in marks)


def test_a_day_of_25_hours_has_each_of_them(console):
    """The night of 25 October 2026: the hour from 02:00 to 03:00 comes twice, and is told apart."""

    def in_summer_time(route) -> None:
        """The simulated meters keep winter time; this one does not."""
        answer = route.fetch()
        table = answer.json()
        for row in table["rows"]:
            row["time"] = datetime.datetime.fromisoformat(row["time"]).astimezone(zoneinfo.ZoneInfo("Europe/Bratislava")).isoformat()
        route.fulfill(response=answer, json=table)

    shown = "meter/demo-1/profiles?from=2026-10-25T00:00&to=2026-10-26T00:00"
    console.page.route("**/profiles/1.0.99.1.0.255/rows?*", in_summer_time)
    with console.page.expect_request("**/profiles/1.0.99.1.0.255/rows?*") as asked:
        console.open(shown)
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(asked.value.url).query)
    # The range is in the zone of the meter, whatever the zone of the browser.
    assert query == {"from": ["2026-10-24T22:00:00Z"], "to": ["2026-10-25T23:00:00Z"]}
    console.page.get_by_role("button", name="Show more").click()
    table = console.page.get_by_role("group", name="Rows")
    expect(table.get_by_role("row")).to_have_count(101)
    for hour in ("2026-10-25 02:15:00 +02:00", "2026-10-25 02:15:00 +01:00"):
        expect(table.get_by_role("cell", name=hour)).to_have_count(1)
    marks = console.page.locator("console-chart text[text-anchor=middle]").all_text_contents()
    assert marks == ["03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]


def test_a_gateway_that_has_stopped_is_told_and_comes_back(console):
    page = console.page
    page.route("**/events?type=*", lambda route: route.abort("connectionrefused"))
    page.route("**/console/tools.js", lambda route: route.abort("connectionrefused"))
    console.open("jobs")
    banner = page.get_by_role("alert").filter(has_text="What is shown is from")
    banner.wait_for()
    assert flaws(page, "#away") == []
    console.go("tools")
    page.get_by_role("main").get_by_text("Is it running?").wait_for()
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name="Tools", exact=True).wait_for()
    expect(banner).to_have_count(0)
    console.complaints = [text for text in console.complaints if "ERR_CONNECTION_REFUSED" not in text]


def test_ten_thousand_meters_scroll(console):
    names = [f"M-{number:05}" for number in range(10_000)]

    def answer(route) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(route.request.url).query)
        start = int(query.get("cursor", ["0"])[0])
        items = [{"id": name, "name": f"Flat {name}", "labels": {"region": "north"}, "channel": {"type": "tcp", "host": "192.0.2.1", "port": 4059}} for name in names[start : start + 1000]]
        route.fulfill(json={"items": items, "next": f"/meters?limit=1000&cursor={start + 1000}" if start < 9000 else None})

    console.page.route("**/meters?limit=1000*", answer)
    console.page.route("**/meters/M-*", lambda route: route.fulfill(json={"id": "M", "status": {"linkState": "idle", "breaker": {"state": "closed"}}}))
    console.open("meters")
    expect(console.page.get_by_text("10,000 meters")).to_be_visible()
    console.page.locator(".long").evaluate("node => { node.scrollTop = node.scrollHeight; }")
    expect(console.page.get_by_role("link", name="M-09999")).to_be_visible()
    assert console.page.locator("[role=row]").count() < 60


def test_settings_say_where_they_come_from(console, gateway):
    console.open("admin/settings")
    rows = console.page.get_by_role("row")
    # What somebody set stands before the defaults.
    expect(rows.nth(1)).to_contain_text("command line")
    expect(console.page.get_by_role("row", name="auth.mode")).to_contain_text("--auth")
    count = rows.count()
    assert count > 30
    console.page.get_by_label("Filter settings").fill("listen")
    expect(console.page.get_by_role("row", name=f"127.0.0.1:{gateway.port}")).to_be_visible()
    assert rows.count() < count
