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

    def __init__(self, meter: int, rate: float, seed: int, echoes: bool = False) -> None:
        self._meter = meter
        self._echoes = echoes  # hands the client's frames back to it, as an optical head does
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
                    threading.Thread(target=self._pump, args=(source, target, source is client), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        waiting = b""
        with contextlib.suppress(OSError):
            while octets := source.recv(65_536):
                waiting += octets
                while frame := self._first(waiting):
                    waiting = waiting[len(frame):]
                    if self._echoes and is_request:
                        source.sendall(frame)
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


class ForgetfulLine(NoisyLine):
    """Ends the link with the meter when it is told to, without the client's knowledge."""

    def __init__(self, meter: int) -> None:
        super().__init__(meter, 0, 0)
        self._forgets = False
        self._swallows = False

    def forget(self) -> None:
        """Sends DISC to the meter before the client's next frame, and keeps the answer."""
        self._forgets = True

    def _pump(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(65_536):
                if is_request and self._forgets:
                    # DISC to the addresses of the frame: server of one octet, client of one octet.
                    self._forgets = False
                    header = bytes([0xA0, 0x07, octets[3], octets[4], 0x53])
                    target.sendall(b"\x7e" + header + check_sequence(header) + b"\x7e")
                    self._swallows = True
                if not is_request and self._swallows:
                    self._swallows = False
                    octets = octets[9:]
                if octets:
                    target.sendall(octets)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def check_sequence(octets: bytes) -> bytes:
    """CRC-16/X-25, the low octet first."""
    register = 0xFFFF
    for octet in octets:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x8408 if register & 1 else 0)
    return (register ^ 0xFFFF).to_bytes(2, "little")
