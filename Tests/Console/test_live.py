# SPDX-License-Identifier: Apache-2.0
"""What happens is seen as it happens: streams that are followed, taken up after a cut, given back, and done without."""

from __future__ import annotations

import datetime

import pytest
from conftest import METER
from playwright.sync_api import expect

ITEM = {"object": "1.0.1.8.0.255", "attribute": 2}


def read_job(gateway, **more) -> str:
    answer = gateway.call("POST", "/jobs", {"kind": "read", "target": {"meters": [METER]}, "items": [ITEM], **more})
    assert answer.status == 202, answer.text
    return answer.json["id"]


def later() -> str:
    """A time at which this test is long over."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).isoformat()


@pytest.fixture
def streams(console):
    """What the page asked of streams: path and position of each, and how they ended."""
    found = []

    def ask(request) -> None:
        if "event-stream" in request.headers.get("accept", ""):
            found.append({"path": request.url.removeprefix(console.base).split("?")[0], "last": request.headers.get("last-event-id"), "ended": False})
            request_of[id(request)] = found[-1]

    def end(request) -> None:
        if id(request) in request_of:
            request_of[id(request)]["ended"] = True

    request_of: dict[int, dict] = {}
    console.page.on("request", ask)
    console.page.on("requestfinished", end)
    console.page.on("requestfailed", end)
    return found


def live(console):
    return console.page.locator("#live").get_by_text("Live")


def test_a_job_that_somebody_else_makes_appears(console, gateway, streams):
    console.open("jobs?kind=read")
    live(console).wait_for()
    job = read_job(gateway)
    console.page.locator(f"main a[href='#/job/{job}']").wait_for()
    assert [stream["path"] for stream in streams] == ["/events"]


def test_a_job_is_followed_until_it_ends_and_its_stream_is_given_back(console, gateway, streams):
    job = read_job(gateway, startAt=later())
    console.open(f"job/{job}")
    live(console).wait_for()
    assert [stream["path"] for stream in streams if not stream["ended"]].count(f"/jobs/{job}/events") == 1
    assert gateway.call("POST", f"/jobs/{job}/cancel").status == 200
    expect(console.page.locator(".head .badge", has_text="Cancelled")).to_be_visible()
    console.page.wait_for_function("!document.querySelector('main .head button.danger')")

    other = read_job(gateway, startAt=later())
    with console.page.expect_request(lambda request: request.url.endswith(f"/jobs/{other}/events")):
        console.page.goto(f"{console.base}/console/#/job/{other}")
    with console.page.expect_event("requestfailed", lambda request: request.url.endswith(f"/jobs/{other}/events")):
        console.page.goto(f"{console.base}/console/#/tools")
    assert [stream["path"] for stream in streams if not stream["ended"]] == ["/events"]
    gateway.call("POST", f"/jobs/{other}/cancel")


def test_a_stream_that_is_cut_is_taken_up_after_its_last_event(console, gateway, streams):
    cuts = []

    def cut(route) -> None:
        """The first stream ends in the middle; those after it are the gateway's own."""
        if cuts:
            return route.continue_()
        cuts.append(route)
        route.fulfill(content_type="text/event-stream", body='id: 0198f6a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b\nevent: job.created\ndata: {"id":"x","type":"job.created"}\n\nid: lost')

    console.page.route("**/events?type=*", cut)
    with console.page.expect_request(lambda request: "/events?type=" in request.url and "last-event-id" in request.headers):
        console.open("jobs?kind=read")
    live(console).wait_for()
    assert [stream["last"] for stream in streams][:2] == [None, "0198f6a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b"]
    job = read_job(gateway)
    console.page.locator(f"main a[href='#/job/{job}']").wait_for()


def test_without_a_stream_the_console_asks_and_says_so(console, gateway):
    refusal = {"type": "/problems/insufficient-scope", "title": "Insufficient scope", "status": 403}
    console.page.route("**/events?type=*", lambda route: route.fulfill(status=403, content_type="application/problem+json", json=refusal))
    console.page.clock.install()
    console.open("jobs?kind=read")
    console.page.locator("#live").get_by_text("Every 10 s").wait_for()
    job = read_job(gateway)
    console.page.clock.fast_forward(10_000)
    console.page.locator(f"main a[href='#/job/{job}']").wait_for()
    console.complaints = [text for text in console.complaints if "status of 403" not in text]


def test_a_tab_that_is_not_seen_has_no_stream(console, streams):
    console.open("jobs")
    live(console).wait_for()
    hide = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
    with console.page.expect_event("requestfailed", lambda request: "/events?type=" in request.url):
        console.page.evaluate(hide, True)
    with console.page.expect_request(lambda request: "/events?type=" in request.url):
        console.page.evaluate(hide, False)
    assert streams[-1]["last"]
