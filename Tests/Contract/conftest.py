# SPDX-License-Identifier: Apache-2.0
"""The demo, as a user starts it: the gateway beside its simulated meters."""

from __future__ import annotations

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Peers"))
from processes import GATEWAY, ROOT, free_ports, running  # noqa: E402


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> str:
    """The base URL of a running demo."""
    port = free_ports()
    log = tmp_path_factory.mktemp("demo") / "log"
    with running([GATEWAY, "demo", "--listen", f"127.0.0.1:{port}", "--meters", "3"], port, "cosem-gateway demo", log):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def contract() -> pathlib.Path:
    return ROOT / "openapi.yaml"
