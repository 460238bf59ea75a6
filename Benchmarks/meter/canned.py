# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""The canned meter and the plain client, compiled and run for a comparison."""
from __future__ import annotations

import contextlib
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

HERE = pathlib.Path(__file__).resolve().parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_listener(port: int, process: subprocess.Popen) -> None:
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("the canned meter does not listen")


class CannedMeter:
    """A meter with ready answers, and what clients of it need."""

    def __init__(self, folder: str, rows: int, pdu: int) -> None:
        self._folder = folder
        self._rows, self._pdu = rows, pdu
        self.plain_client = self._compile("plain_client")
        self._binary = self._compile("canned_meter")

    def _compile(self, name: str) -> str:
        binary = f"{self._folder}/{name}"
        subprocess.run(["gcc", "-O2", "-o", binary, str(HERE / f"{name}.c")], check=True)
        return binary

    @contextlib.contextmanager
    def listening(self, record: str | None = None) -> Iterator[int]:
        """Runs the meter and gives its port; `record` takes the frames of the first client."""
        port = _free_port()
        process = subprocess.Popen([self._binary, str(port), str(self._rows), str(self._pdu), *([record] if record else [])])
        try:
            _await_listener(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()

    def frames_of(self, *command: str) -> str:
        """The file with the frames that a command sends to the meter, whose port takes the place of PORT."""
        path = f"{self._folder}/frames"
        with self.listening(path) as port:
            subprocess.run([str(port) if word == "PORT" else word for word in command], check=True, capture_output=True)
        return path


@contextlib.contextmanager
def canned_meter(rows: int = 10_000, pdu: int = 1024) -> Iterator[CannedMeter]:
    """Compiles the meter and the plain client into a folder that goes away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield CannedMeter(folder, rows, pdu)
