# SPDX-License-Identifier: Apache-2.0
"""What is there already is changed, sorted and warned of: records by their forms, executions by problem, what ends soon, the chain of the audit log."""

from __future__ import annotations

import re
import time

import pytest
from conftest import METER, flaws
from playwright.sync_api import expect


@pytest.mark.parametrize(("place", "method", "path", "body", "changes", "kept"), [
    ("channels", "PUT", "/channels/line-8", {"type": "tcp", "host": "192.0.2.8", "port": 4059}, {"Host": ("host", "192.0.2.88"), "Port": ("port", 4060)}, {"type": "tcp"}),
    ("groups", "POST", "/groups/south", {"id": "south", "selector": "region=south"}, {"Name": ("name", "The south"), "Labels": ("selector", "region=south,model!=test")}, {}),
    ("webhooks", "POST", "/webhooks/alarms", {"id": "alarms", "url": "https://receiver.example/hook", "types": ["meter.alarm"]}, {"Event types": ("types", ["meter.alarm", "order.failed"]), "Enabled": ("enabled", False)}, {"url": "https://receiver.example/hook"}),
], ids=["channel", "group", "webhook"])
def test_a_record_is_changed_in_the_version_that_was_seen(console, gateway, place, method, path, body, changes, kept):
    page = console.page
    name = path.rsplit("/", 1)[1]
    assert gateway.call(method, path if method == "PUT" else f"/{place}", body).status == 201
    console.open(place)
    page.get_by_role("button", name=f"Change {name}").click()
    form = page.get_by_role("region", name=f"Change {name}")
    for label, (_, value) in changes.items():
        if isinstance(value, bool):
            form.get_by_label(label).set_checked(value)
        else:
            form.get_by_label(label, exact=True).fill(", ".join(value) if isinstance(value, list) else str(value))
    assert flaws(page, f"section[aria-label='Change {name}']") == []
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    now = gateway.get(path).json
    assert {member: now[member] for member, _ in changes.values()} == dict(changes.values())
    assert {member: now[member] for member in kept} == kept
    expect(page.locator("#sent code")).to_contain_text(f"-X PUT '{console.base}{path}' -H 'If-Match: ")
    # Somebody else was faster: nothing is overwritten.
    page.get_by_role("button", name=f"Change {name}").click()
    expect(form.get_by_role("button", name="Save")).to_be_visible()
    gateway.call("PUT", path, {member: value for member, value in body.items() if member != "id"})
    with page.expect_console_message(lambda message: "status of 412" in message.text):
        form.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    console.complaints = [text for text in console.complaints if "status of 412" not in text]
    assert gateway.call("DELETE", path, None, {"If-Match": "*"}).status == 204


def test_a_group_that_lists_its_meters_is_made_and_its_members_change(console, gateway):
    page = console.page
    console.open("groups")
    page.get_by_label("Id", exact=True).fill("listed")
    page.get_by_label("Or these meters").fill("demo-1, demo-2")
    page.get_by_role("button", name="Create the group").click()
    page.get_by_role("button", name="See the meters: listed").click()
    page.get_by_label("Add meters").fill("demo-3")
    page.get_by_label("Take meters out").fill("demo-1")
    page.get_by_role("button", name="Change the members").click()
    members = page.get_by_role("region", name="Members: listed")
    expect(members.get_by_role("link", name="demo-3")).to_be_visible()
    expect(members.get_by_role("link", name="demo-1")).to_have_count(0)
    assert [one["meter"] for one in gateway.get("/groups/listed/members").json["items"]] == ["demo-2", "demo-3"]
    gateway.call("DELETE", "/groups/listed", None, {"If-Match": "*"})


def test_executions_are_sorted_and_grouped_by_problem(console):
    job = "0198f6a0-1c2d-7e3f-8a4b-5c6d7e8f9a0c"
    progress = {"total": 4, "done": 4, "succeeded": 1, "failed": 3, "unknown": 0}
    problem = {"title": "The meter does not answer", "detail": "No answer within 10 s."}
    rows = [
        {"meter": "M-1", "state": "succeeded", "attempts": 1, "finishedAt": "2026-11-22T08:16:04Z", "result": {"rows": 96}},
        {"meter": "M-2", "state": "failed", "attempts": 3, "finishedAt": "2026-11-22T08:16:03Z", "problem": problem},
        {"meter": "M-3", "state": "failed", "attempts": 2, "finishedAt": "2026-11-22T08:16:02Z", "problem": {"title": "The key does not fit", "detail": "x"}},
        {"meter": "M-4", "state": "failed", "attempts": 1, "finishedAt": "2026-11-22T08:16:01Z", "problem": problem},
    ]
    body = {"id": job, "kind": "read", "state": "partially-succeeded", "progress": progress, "operation": {}, "priority": 1, "links": {}, "createdAt": "2026-11-22T08:15:03Z", "finishedAt": "2026-11-22T08:16:04Z"}
    page = console.page
    page.route(f"**/jobs/{job}", lambda route: route.fulfill(json=body))
    page.route(f"**/jobs/{job}/executions?*", lambda route: route.fulfill(json={"items": rows, "next": None}))
    console.open(f"job/{job}")
    table = page.get_by_role("group", name="Meters")
    shown = table.locator("tbody td:first-child")
    expect(shown).to_have_text(["M-2", "M-3", "M-4", "M-1"])
    table.get_by_role("button", name="Attempts").click()
    expect(shown).to_have_text(["M-1", "M-4", "M-3", "M-2"])
    expect(table.get_by_role("columnheader", name="Attempts")).to_have_attribute("aria-sort", "ascending")
    expect(table.get_by_role("button", name="Attempts")).to_be_focused()
    page.keyboard.press("Enter")
    expect(shown).to_have_text(["M-2", "M-3", "M-4", "M-1"])
    page.get_by_role("button", name="2 × The meter does not answer").click()
    expect(shown).to_have_text(["M-2", "M-4"])
    assert "problem=" in page.url
    assert "sort=-4" in page.url
    assert flaws(page) == []
    page.get_by_role("button", name="2 × The meter does not answer").click()
    expect(shown).to_have_count(4)


def test_the_audit_page_says_how_far_the_chain_is_sound(console, gateway):
    page = console.page
    console.open("admin/audit")
    count = gateway.get("/audit/chain").json["checked"]
    expect(page.get_by_text(f"The chain is sound: {count} records.")).to_be_visible()
    parts = [
        {"checked": 20_000, "head": "20000:00", "fault": None, "next": "/audit/chain?cursor=20000:00"},
        {"checked": 20_016, "head": "20016:00", "fault": {"ordinal": 20_017, "reason": "its content or its hash was changed"}, "next": None},
    ]
    page.route("**/audit/chain*", lambda route: route.fulfill(json=parts[1 if "cursor" in route.request.url else 0]))
    console.open("admin/audit")
    page.get_by_role("button", name="Check the rest").click()
    expect(page.get_by_text("The chain is broken at record 20017: its content or its hash was changed.")).to_be_visible()
    assert flaws(page, "main [role=status]") == []


def test_a_certificate_that_ends_soon_is_warned_of(console):
    page = console.page

    def with_certificate(route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text() + f"cosem_gateway_tls_certificate_expiry_timestamp_seconds {int(time.time()) + 3 * 86_400}\n")

    page.route("**/metrics", with_certificate)
    console.open()
    expect(page.get_by_text(re.compile("The certificate of the gateway ends in 3 d"))).to_be_visible()


def test_bits_are_switched_one_by_one(console):
    page = console.page
    bodies = []

    def answer(route) -> None:
        if route.request.method == "PUT":
            bodies.append(route.request.post_data_json)
            return route.fulfill(json={"dryRun": True})
        route.fulfill(json={"value": {"type": "bit-string", "bits": "0101"}, "meter": METER, "object": {}})

    def writable(route) -> None:
        given = route.fetch()
        table = given.json()
        for item in table["items"]:
            for attribute in item["attributes"]:
                attribute["access"] = "read-write"
        route.fulfill(response=given, json=table)

    page.route(re.compile(r"/attributes/2(\?|$)"), answer)
    page.route(re.compile(rf"/meters/{METER}/objects(\?|$)"), writable)
    console.open(f"meter/{METER}/objects/0.0.96.1.0.255")
    page.get_by_role("button", name="Write value").click()
    room = page.get_by_role("region", name="Write value")
    switches = room.get_by_role("checkbox")
    expect(switches).to_have_count(4)
    room.get_by_label("0", exact=True).check()
    room.get_by_label("3", exact=True).uncheck()
    assert flaws(page, "main section[aria-label='Write value']") == []
    room.get_by_role("button", name="Try without writing").click()
    expect(room.get_by_text("Nothing was written")).to_be_visible()
    room.get_by_role("button", name="Bits").click()
    room.get_by_label("New value").fill("012")
    expect(room.get_by_text("Only 0 and 1.")).to_be_visible()
    assert [body["value"] for body in bodies] == [{"type": "bit-string", "bits": "1100"}]


def test_orders_are_held_and_let_go_again(console, gateway):
    page = console.page
    console.open("admin/hold")
    page.get_by_label("Reason").fill("storm")
    page.get_by_label("Type HOLD to confirm").fill("HOLD")
    page.get_by_role("button", name="Hold all orders").click()
    expect(page.get_by_role("region", name="Orders are held.")).to_be_visible()
    assert gateway.get("/system/orders-hold").json["reason"] == "storm"
    page.get_by_label("Type RELEASE to confirm").fill("RELEASE")
    page.get_by_role("button", name="Let orders go again").click()
    expect(page.get_by_role("region", name="Orders are held.")).to_have_count(0)
    assert gateway.get("/system/orders-hold").json["held"] is False
