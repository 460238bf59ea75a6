# SPDX-License-Identifier: Apache-2.0
"""What the peer tests talk to: the gateway, foreign meters, and our simulator."""

from __future__ import annotations

import contextlib
import sys

import pytest
from processes import GATEWAY, Gateway, free_ports, running


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cell(feature, peer): a cell of docs/interoperability.md that the test shows")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    """A gateway on an empty database."""
    folder = tmp_path_factory.mktemp("gateway")
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--database", f"sqlite:///{folder}/gateway.sqlite",
        # The tests read the same rows of the same meters over and over, to see what the meters answer.
        "--stored-rows", "on-request",
    ]
    with running(arguments, port, "cosem-gateway serve", folder / "log") as process:
        yield Gateway(port, process)


@pytest.fixture(scope="session")
def start_gurux_meter(tmp_path_factory):
    """Start gurux_meter.py with arguments; gives its port, and its log by `start.logs[port]`. All end with the session."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> int:
            port = free_ports()
            log = start.logs[port] = tmp_path_factory.mktemp("gurux") / "log"
            command = [sys.executable, "gurux_meter.py", "--port", str(port), *arguments]
            stack.enter_context(running(command, port, "gurux_meter.py", log))
            return port

        start.logs = {}
        yield start


@pytest.fixture(scope="session")
def pydlms_meter(tmp_path_factory) -> int:
    """The simulator of pydlms with a public client 16 and an LLS client 32; gives its port."""
    port = free_ports()
    command = [
        sys.executable, "-m", "pydlms.simulator", "--host", "127.0.0.1", "--port", str(port),
        "--client", "16:0", "--client", "32:1:12345678",
    ]
    log = tmp_path_factory.mktemp("pydlms") / "log"
    with running(command, port, "pydlms.simulator", log):
        yield port


@pytest.fixture(scope="session")
def simulator(tmp_path_factory) -> int:
    """Three meters of our simulator on consecutive ports; gives the first port."""
    port = free_ports(3)
    command = [GATEWAY, "simulate", "--listen", "127.0.0.1", "--port", str(port), "--count", "3"]
    with running(command, port, "cosem-gateway simulate", tmp_path_factory.mktemp("simulate") / "log"):
        yield port
