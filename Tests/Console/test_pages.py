# SPDX-License-Identifier: Apache-2.0
"""Every page, narrow and wide, light and dark: what axe finds, what runs over the edge, what the keyboard does."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PAGES = [
    "", "meters", "add-meter", "meter/demo-1", "meter/demo-1/objects/1.0.1.8.0.255", "meter/demo-1/profiles",
    "meter/demo-1/disconnector", "meter/demo-1/events", "meter/demo-1/trace", "meter/demo-1/check?run=1",
    "meter/demo-1/settings", "jobs", "job/WAITING", "new-job", "schedules", "schedules/nightly", "new-schedule", "orders", "channels",
    "groups?show=all", "webhooks", "admin/audit", "admin/keys", "admin/hold", "admin/nodes",
    "tools?hex=C001C100030100010800FF0200", "nowhere",
]
LOOKS = [(360, "light"), (1280, "dark")]
OTHER_LOOKS = [(360, "dark"), (1280, "light")]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def findings(console, gateway, pages) -> list[str]:
    """What axe finds on each of the pages, and which of them run over the edge."""
    found = []
    for place in pages:
        console.open(place.replace("WAITING", gateway.waiting))
        wider = console.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            found.append(f"{place}: {wider} px wider than the window")
        for violation in Axe().run(console.page, options=RULES).response["violations"]:
            nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            found.append(f"{place}: {violation['id']}: {nodes}")
    return found


@pytest.mark.parametrize("console", LOOKS, indirect=True, ids=lambda look: f"{look[0]}-{look[1]}")
def test_every_page_is_accessible(console, gateway):
    assert findings(console, gateway, PAGES) == []


@pytest.mark.parametrize("console", OTHER_LOOKS, indirect=True, ids=lambda look: f"{look[0]}-{look[1]}")
def test_so_it_is_in_the_other_colours(console, gateway):
    assert findings(console, gateway, PAGES) == []


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
    console.page.get_by_label("New value as JSON").fill('{"type":"nonsense"}')
    console.page.get_by_role("button", name="Try without writing").click()
    problem = console.page.get_by_role("alert")
    problem.wait_for()
    assert "/docs/problems/" in problem.get_by_role("link").get_attribute("href")
    assert problem.get_by_role("button", name="Copy the trace id").inner_text()
    # The browser itself reports the status; everything else would be a complaint.
    console.complaints = [text for text in console.complaints if "the server responded with a status of 4" not in text]
