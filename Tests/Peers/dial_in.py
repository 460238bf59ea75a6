# SPDX-License-Identifier: Apache-2.0
"""What brings foreign meters to a gateway that does not call them: relays that dial in, modems, and a concentrator."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import socket
import threading
import time
import tty


def wait_until(condition, what: str, seconds: float = 20) -> None:
    """Return once the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


class DialInRelay:
    """Connects to the gateway, says who it is, and passes octets on to a meter and back."""

    def __init__(self, gateway: int, meter: int, greeting: bytes = b"", heartbeat: bytes = b"") -> None:
        self._heartbeat = heartbeat
        self._meter = socket.create_connection(("127.0.0.1", meter))
        self._gateway = socket.create_connection(("127.0.0.1", gateway))
        self.is_open = True
        if greeting:
            self._gateway.sendall(greeting)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.is_open = False
        for side in (self._gateway, self._meter):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                for side in select.select([self._gateway, self._meter], [], [])[0]:
                    octets = side.recv(65536)
                    if not octets:
                        raise OSError("closed")
                    if side is self._meter:
                        # Between two answers, as far as the gateway can tell.
                        self._gateway.sendall(self._heartbeat + octets)
                    else:
                        self._meter.sendall(octets)
        self.is_open = False
        self._gateway.close()
        self._meter.close()


class Modem:
    """A modem with AT commands at a pseudoterminal; each number leads to the port of a meter, or to a result."""

    def __init__(self, numbers: dict[str, int | str]) -> None:
        self._numbers = numbers
        self._leader, self._follower = pty.openpty()
        tty.setraw(self._follower)
        self.device = os.ttyname(self._follower)
        self.commands: list[str] = []
        self.calls = 0
        self._line = b""
        self._meter: socket.socket | None = None
        self._ended = False
        threading.Thread(target=self._run, daemon=True).start()

    def lose_carrier(self) -> None:
        """End the call from the other side."""
        meter, self._meter = self._meter, None
        meter.close()
        self._say("NO CARRIER")

    def close(self) -> None:
        self._ended = True

    def _run(self) -> None:
        while not self._ended:
            sources = [self._leader] + ([self._meter] if self._meter else [])
            with contextlib.suppress(OSError, ValueError):
                for source in select.select(sources, [], [], 0.05)[0]:
                    if source is self._meter:
                        octets = self._meter.recv(65536)
                        os.write(self._leader, octets) if octets else self.lose_carrier()
                    else:
                        self._received(os.read(self._leader, 65536))
        os.close(self._leader)
        os.close(self._follower)

    def _received(self, octets: bytes) -> None:
        if self._meter:
            if octets != b"+++":
                self._meter.sendall(octets)
                return
            self.commands.append("+++")
            meter, self._meter = self._meter, None
            self._held = meter
            self._say("OK")
            return
        for octet in octets:
            if octet != 0x0D:
                self._line += bytes([octet])
                continue
            command, self._line = self._line.decode(), b""
            self.commands.append(command)
            self._obey(command)

    def _obey(self, command: str) -> None:
        # The echo, until it is switched off.
        if "ATE0Q0V1" not in self.commands:
            os.write(self._leader, command.encode() + b"\r")
        match = re.fullmatch(r"ATD[TP]?(\d+)", command)
        if not match:
            if command == "ATH":
                self._held.close()
            self._say("OK")
            return
        number = self._numbers.get(match[1], "NO CARRIER")
        if isinstance(number, str):
            self._say(number)
            return
        self.calls += 1
        self._say("CONNECT 9600")
        self._meter = socket.create_connection(("127.0.0.1", number))

    def _say(self, text: str) -> None:
        os.write(self._leader, f"\r\n{text}\r\n".encode())


class Concentrator:
    """Listens for wrapper frames with a gateway prefix, and passes the APDUs on to the meters behind it."""

    REQUEST, RESPONSE = 0xE6, 0xE7

    def __init__(self, meters: dict[tuple[int, bytes], int]) -> None:
        self._meters = meters
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.responses: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        behind: dict[tuple[int, bytes], socket.socket] = {}
        with contextlib.suppress(OSError), client:
            while True:
                header, apdu = self._frame(client)
                self.requests.append(header + apdu)
                assert apdu[0] == self.REQUEST, apdu.hex()
                prefix, apdu = apdu[1 : 3 + apdu[2]], apdu[3 + apdu[2] :]
                place = (prefix[0], prefix[2:])
                ports, answer = header[4:6] + header[2:4], b"\xd8\x01\x01"
                if place in self._meters:
                    if place not in behind:
                        behind[place] = socket.create_connection(("127.0.0.1", self._meters[place]))
                    behind[place].sendall(header[:6] + len(apdu).to_bytes(2, "big") + apdu)
                    header, answer = self._frame(behind[place])
                    ports, answer = header[2:6], bytes([self.RESPONSE]) + prefix + answer
                frame = b"\x00\x01" + ports + len(answer).to_bytes(2, "big") + answer
                self.responses.append(frame)
                client.sendall(frame)
        for meter in behind.values():
            meter.close()

    @staticmethod
    def _frame(source: socket.socket) -> tuple[bytes, bytes]:
        def exactly(count: int) -> bytes:
            octets = b""
            while len(octets) < count:
                part = source.recv(count - len(octets))
                if not part:
                    raise OSError("closed")
                octets += part
            return octets

        header = exactly(8)
        return header, exactly(int.from_bytes(header[6:8], "big"))
