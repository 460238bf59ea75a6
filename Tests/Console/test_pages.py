# SPDX-License-Identifier: Apache-2.0
"""Every page, narrow and wide, light and dark: what axe finds, what runs over the edge, what the keyboard does."""

from __future__ import annotations

import urllib.parse

import pytest
from conftest import flaws
from playwright.sync_api import expect

PAGES = [
    "", "there-is-none", "meters", "add-meter", "meter/demo-1", "meter/demo-1/objects/1.0.1.8.0.255", "meter/demo-1/profiles",
    "meter/demo-1/disconnector", "meter/demo-1/events", "meter/demo-1/trace", "meter/demo-1/check?run=1",
    "meter/demo-1/settings", "jobs", "job/WAITING", "new-job", "schedules", "schedules/nightly", "new-schedule", "orders", "channels",
    "groups?show=all", "webhooks", "admin/audit", "admin/keys", "admin/hold", "admin/nodes", "admin/settings", "import-meters",
    "api", "api/listEvents?q=listEvents", "api/createMeter?q=createMeter", "tools?hex=C001C100030100010800FF0200",
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
