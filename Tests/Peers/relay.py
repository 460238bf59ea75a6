# SPDX-License-Identifier: Apache-2.0
"""A relay between a client and a meter that keeps the APDUs of both sides, and can put one in between."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading


class Relay:
    """Listens on a port of its own and forwards wrapper frames to a meter and back."""

    def __init__(self, meter: int) -> None:
        self._meter = meter
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.responses: list[bytes] = []
        self._header = b""
        self._upstream: socket.socket | None = None
        self._injected: queue.Queue[bytes] | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def inject(self, apdu: bytes) -> bytes:
        """Send an APDU to the meter as the client's next, while the client waits for nothing; gives the answer."""
        self._injected = queue.Queue()
        self._upstream.sendall(self._header[:6] + len(apdu).to_bytes(2, "big") + apdu)
        answer = self._injected.get(timeout=10)
        self._injected = None
        return answer

    def close(self) -> None:
        self._listener.close()
        if self._upstream:
            self._upstream.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._upstream = socket.create_connection(("127.0.0.1", self._meter))
                for source, target, kept in (
                    (client, self._upstream, self.requests), (self._upstream, client, self.responses),
                ):
                    threading.Thread(target=self._pump, args=(source, target, kept), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, kept: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while True:
                header = self._exactly(source, 8)
                apdu = self._exactly(source, int.from_bytes(header[6:8], "big"))
                if kept is self.requests:
                    self._header = header
                elif self._injected is not None:
                    self._injected.put(apdu)
                    continue
                kept.append(apdu)
                target.sendall(header + apdu)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    @staticmethod
    def _exactly(source: socket.socket, count: int) -> bytes:
        octets = b""
        while len(octets) < count:
            part = source.recv(count - len(octets))
            if not part:
                raise ConnectionError("closed")
            octets += part
        return octets
