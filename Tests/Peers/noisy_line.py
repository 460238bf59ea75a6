# SPDX-License-Identifier: Apache-2.0
"""A relay between a client and a meter on which frames of HDLC get lost, come twice, or are damaged."""

from __future__ import annotations

import contextlib
import random
import socket
import threading


class NoisyLine:
    """Listens on a port of its own and forwards frames to a meter and back, most of them whole."""

    DAMAGES = ("lost", "doubled", "damaged", "cut")

    def __init__(self, meter: int, rate: float, seed: int) -> None:
        self._meter = meter
        self._rate = rate
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.frames = 0
        self.harmed = {damage: 0 for damage in self.DAMAGES}
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                meter = socket.create_connection(("127.0.0.1", self._meter))
                for source, target in ((client, meter), (meter, client)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        waiting = b""
        with contextlib.suppress(OSError):
            while octets := source.recv(65_536):
                waiting += octets
                while frame := self._first(waiting):
                    waiting = waiting[len(frame):]
                    target.sendall(self._harm(frame))
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    @staticmethod
    def _first(octets: bytes) -> bytes:
        """The first frame with its flags; nothing while it is not whole."""
        if len(octets) < 3:
            return b""
        length = (int.from_bytes(octets[1:3], "big") & 0x7FF) + 2
        return octets[:length] if len(octets) >= length else b""

    def _harm(self, frame: bytes) -> bytes:
        self.frames += 1
        if self._random.random() >= self._rate:
            return frame
        damage = self._random.choice(self.DAMAGES)
        self.harmed[damage] += 1
        place = self._random.randrange(1, len(frame) - 1)
        match damage:
            case "doubled":
                return frame + frame
            case "damaged":
                return frame[:place] + bytes([frame[place] ^ 0x10]) + frame[place + 1:]
            case "cut":
                return frame[:place]
            case _:
                return b""
