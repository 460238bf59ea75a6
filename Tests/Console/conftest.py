# SPDX-License-Identifier: Apache-2.0
"""The console in a browser, beside the demo; whatever a page complains about, or asks another host for, fails its test."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import sys
import urllib.parse
import uuid

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Peers"))
from processes import GATEWAY, Gateway, free_ports, running  # noqa: E402

METER = "demo-1"
# A folder of files to show in place of those in the binary, so that an edit of the console is tried without a build.
FILES = os.environ.get("CONSOLE_FILES")
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def gateway(tmp_path_factory) -> Gateway:
    """A running demo with a job, a group, a schedule and an order, so that no page is empty."""
    port = free_ports()
    log = tmp_path_factory.mktemp("demo") / "log"
    command = [GATEWAY, "demo", "--listen", f"127.0.0.1:{port}", "--meters", "3"]
    with running(command, port, "cosem-gateway demo", log) as process:
        gateway = Gateway(port, process)
        item = {"object": "1.0.1.8.0.255", "attribute": 2}
        job = {"kind": "read", "target": {"meters": [METER, "demo-offline"]}, "items": [item]}
        assert gateway.call("POST", "/jobs", job).status == 202
        assert gateway.call("POST", "/groups", {"id": "all", "selector": "site=demo"}).status == 201
        schedule = {
            "id": "nightly", "name": "Load profile at night", "timeZone": "Europe/Bratislava",
            "recurrence": {"cron": "15 2 * * *"}, "target": {"group": "all"},
            "operation": {"profileRead": {"profile": "1.0.99.1.0.255", "last": "P1D"}},
        }
        assert gateway.call("POST", "/schedules", schedule).status == 201
        gateway.waiting = order_two(gateway)
        yield gateway


def order_two(gateway: Gateway) -> str:
    """An order for two meters, which waits for five minutes for somebody to confirm it."""
    order = {"kind": "disconnect", "target": {"meters": ["demo-2", "demo-3"]}, "reason": "try"}
    answer = gateway.call("POST", "/jobs", order, {"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status == 202, answer.text
    return answer.json["id"]


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        # Without its sandbox, since CI runs as root and it only ever sees the console; without a graphics card, which would be imitated.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


LOOKS = [(1280, "dark"), (360, "dark"), (360, "light"), (1280, "light"), (1600, "dark")]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = {"type": "rule", "values": ["color-contrast"]}


def flaws(page, part: str = "html") -> list[str]:
    """What axe finds and what runs over the edge, narrow and wide, light and dark, in what is shown now, or in a part of it."""
    found = []
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    for number, (width, scheme) in enumerate(LOOKS):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            found.append(f"{width} {scheme}: {wider} px wider than the window")
        if width > 1280:
            # A window so wide differs from the one of 1280 px in its room alone.
            continue
        # The other colours of the same width differ in nothing but contrast.
        options = {"runOnly": CONTRAST if number % 2 else RULES, "resultTypes": ["violations"], "selectors": False}
        for violation in page.evaluate("async ([part, options]) => (await axe.run(part, options)).violations", [part, options]):
            nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            found.append(f"{width} {scheme}: {violation['id']}: {nodes}")
    return found


class Console:
    """One tab with the console."""

    def __init__(self, page, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.clicks = 0
        page.set_default_timeout(15_000)
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._ask)
        if FILES:
            page.route(re.compile(r"/console/([a-z]+\.(js|css|svg))?(#.*)?$"), lambda route: route.fulfill(path=f"{FILES}/{route.request.url.split('#')[0].rsplit('/', 1)[1] or 'index.html'}"))

    def _ask(self, request) -> None:
        host = urllib.parse.urlsplit(request.url).netloc
        if host and f"http://{host}" != self.base:
            self.complaints.append(f"asks {request.url}")

    def open(self, place: str = "") -> None:
        """Goes to a page of the console and waits until it shows what it has."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.base}/console/#/{place}")
        self.settle()

    def go(self, place: str) -> None:
        """Goes on to another page in the same tab, as a link does."""
        self.page.evaluate("place => { document.getElementById('main').replaceChildren(); location.hash = '#/' + place; }", place)
        self.settle()

    def settle(self) -> None:
        """Waits until nothing is a skeleton any more."""
        self.page.wait_for_selector("main h1", state="attached")
        expect(self.page.locator("main .bones")).to_have_count(0)

    def click(self, what, **options) -> None:
        """Clicks, and counts it."""
        self.clicks += 1
        what.click(**options)


@contextlib.contextmanager
def tab(browser, gateway):
    """A tab of 1280 px in light."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce")
    console = Console(context.new_page(), f"http://127.0.0.1:{gateway.port}")
    yield console
    context.close()
    assert console.complaints == []


@pytest.fixture
def console(browser, gateway):
    """A tab that nobody used before."""
    with tab(browser, gateway) as console:
        yield console


@pytest.fixture(scope="session")
def tour(browser, gateway):
    """A tab that goes from page to page."""
    with tab(browser, gateway) as console:
        console.open("nowhere")
        yield console
