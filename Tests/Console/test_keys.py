# SPDX-License-Identifier: Apache-2.0
"""A gateway that wants to know its callers: what the console does without a key, with one, and with one of few scopes."""

from __future__ import annotations

import subprocess
import urllib.request

import pytest
from conftest import GATEWAY, Console, flaws, free_ports, running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A gateway with keys: its base URL, the key of an administrator and that of a viewer."""
    folder = tmp_path_factory.mktemp("guarded")
    database = f"sqlite://{folder}/gateway.sqlite"

    def make(role: str) -> str:
        command = [GATEWAY, "key", "create", f"the-{role}", "--role", role, "--database", database]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=folder).stdout.strip()

    port = free_ports()
    command = [GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--database", database]
    with running(command, port, "cosem-gateway serve", folder / "log"):
        # Its database is there once it answers.
        urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=60).close()
        yield f"http://127.0.0.1:{port}", {role: make(role) for role in ("admin", "viewer")}


@pytest.fixture
def visitor(browser, guarded):
    """A tab without a key; refusals are to be expected there."""
    context = browser.new_context()
    console = Console(context.new_page(), guarded[0])
    yield console
    context.close()
    assert [text for text in console.complaints if "status of 40" not in text] == []


def sign_in(console: Console, key: str) -> None:
    console.page.get_by_label("API key").fill(key)
    console.page.get_by_role("dialog").get_by_role("button", name="Sign in").click()


def test_the_console_asks_for_a_key_and_forgets_it(visitor, guarded):
    visitor.page.goto(f"{guarded[0]}/console/#/meters")
    visitor.page.get_by_role("dialog").wait_for()
    assert flaws(visitor.page, "dialog") == []
    sign_in(visitor, guarded[1]["admin"])
    visitor.page.get_by_text("No meter yet").wait_for()
    visitor.page.get_by_text("the-admin").wait_for()
    line = visitor.page.locator("console-curl code").first.inner_text()
    assert "$GATEWAY_KEY" in line
    assert guarded[1]["admin"] not in visitor.page.content()
    assert visitor.page.evaluate("localStorage.length") == 0
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.get_by_role("dialog").wait_for()


def test_a_key_is_made_shown_once_and_revoked(visitor, guarded):
    page = visitor.page
    page.goto(f"{guarded[0]}/console/#/admin/keys")
    sign_in(visitor, guarded[1]["admin"])
    page.get_by_label("Name", exact=True).fill("dashboard")
    page.get_by_role("button", name="Make a key").click()
    made = page.locator("pre.code").inner_text()
    assert made.startswith("cgw_")
    name = made.split("_")[1]
    assert flaws(page) == []
    page.get_by_role("button", name=f"Revoke {name}").click()
    revoke = page.get_by_role("button", name="Revoke", exact=True)
    assert revoke.is_disabled()
    page.get_by_label(f"Type {name} to revoke").fill(name)
    revoke.click()
    page.get_by_role("row", name=name).get_by_text("Revoked").wait_for()
    page.reload()
    page.get_by_role("row", name=name).wait_for()
    assert made not in page.content()


def test_what_a_key_may_not_do_is_said(visitor, guarded):
    visitor.page.goto(f"{guarded[0]}/console/#/admin/keys")
    sign_in(visitor, guarded[1]["viewer"])
    problem = visitor.page.get_by_role("alert")
    problem.wait_for()
    assert "keys:manage" in problem.inner_text()
    # What needs no more than looking works beside it.
    visitor.page.goto(f"{guarded[0]}/console/#/")
    visitor.page.get_by_text("No meter yet").wait_for()
    assert flaws(visitor.page) == []
