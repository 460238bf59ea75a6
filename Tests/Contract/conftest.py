# SPDX-License-Identifier: Apache-2.0
"""The demo, as a user starts it: the gateway beside its simulated meters."""

from __future__ import annotations

import pathlib
import re
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Peers"))
from processes import GATEWAY, ROOT, free_ports, running  # noqa: E402


@pytest.fixture(scope="session")
def guarded(tmp_path_factory) -> tuple[str, str]:
    """The base URL of a demo whose callers need a key, and the administrator's key."""
    port = free_ports()
    log = tmp_path_factory.mktemp("guarded") / "log"
    command = [GATEWAY, "demo", "--listen", f"127.0.0.1:{port}", "--meters", "3", "--auth", "required"]
    with running(command, port, "cosem-gateway demo", log):
        end = time.monotonic() + 10
        while not (found := re.search(r"^cgw_\w+$", log.read_text(), re.MULTILINE)):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", found.group()


@pytest.fixture(scope="session")
def contract() -> pathlib.Path:
    return ROOT / "openapi.yaml"


def pytest_terminal_summary(terminalreporter) -> None:
    """How many cases schemathesis made."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    cases = [value for report in reports for name, value in report.user_properties if name == "cases" and report.when == "call"]
    if cases:
        terminalreporter.write_line(f"schemathesis: {sum(cases)} cases in {len(cases)} runs")
