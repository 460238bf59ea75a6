# SPDX-License-Identifier: Apache-2.0
"""A meter of IEC 62056-21 mode C on a TCP port, written from the standard and with nothing of the gateway in it."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from functools import reduce

# A meter whose third letter is a small one reacts after 20 ms at the earliest.
REACTION = 0.02
STX, ETX, ACK, SOH = b"\x02", b"\x03", b"\x06", b"\x01"
READOUT = (
    "0.0.0(12345678)\r\nC.1.0(00004711)\r\n0.9.1(0130000)\r\n0.9.2(0261121)\r\n1.8.0(000123.45*kWh)\r\n"
    "1.8.0*01(000120.00)\r\n1.6.0(01.234*kW)(0261110181500)\r\nF.F(00)\r\n"
)


def check(block: bytes) -> bytes:
    """The block with its check character: the exclusive or of everything behind the first character."""
    return block + bytes([reduce(lambda left, right: left ^ right, block[1:], 0)])


class TextMeter:
    """The data of the meter, what it was asked, and its server while in a `with` block."""

    def __init__(self, password: str = "00000000", readout: str = READOUT):
        self.password = password
        self.readout = readout
        self.others = {"32.7.0": "230.1*V"}
        self.commands: list[str] = []
        self.readouts = 0
        meter = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(ConnectionError, ValueError):
                    while line := self.rfile.readline():
                        if line.strip(b"\0").startswith(b"/?"):
                            self.session()

            def session(self):
                time.sleep(REACTION)
                self.wfile.write(b"/ISk5MT174-0001\r\n")
                option = self.rfile.readline()
                time.sleep(REACTION)
                if option[3:4] == b"1":
                    self.programming()
                else:
                    meter.readouts += 1
                    self.wfile.write(check(STX + meter.readout.encode() + b"!\r\n" + ETX))

            def programming(self):
                self.wfile.write(check(SOH + b"P0" + STX + b"()" + ETX))
                is_known = False
                while True:
                    command, data = self.command()
                    if command in ("B0", ""):
                        return
                    if command == "P1":
                        is_known = data == f"({meter.password})"
                        self.wfile.write(ACK if is_known else check(SOH + b"B0" + ETX))
                        if not is_known:
                            return
                        continue
                    answer = meter.answer(command, data, is_known)
                    self.wfile.write(ACK if answer is None else check(STX + answer.encode() + ETX))

            def command(self) -> tuple[str, str]:
                block = b""
                while not block.startswith(SOH):
                    block = self.rfile.read(1)
                    if not block:
                        return "", ""
                while not block.endswith(ETX):
                    block += self.rfile.read(1)
                assert check(block)[-1:] == self.rfile.read(1)
                head, _, data = block[1:-1].partition(STX)
                return head.decode(), data.decode()

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def __enter__(self) -> TextMeter:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, command: str, data: str, is_known: bool) -> str | None:
        """What is said to a command; None is ACK."""
        self.commands.append(command + data)
        address, _, value = data.partition("(")
        value = value.rstrip(")")
        if command[0] == "R" and address == "P.01":
            return self.profile(value) if command == "R5" else "(ER02)"
        if command[0] == "R":
            for line in self.readout.split("\r\n"):
                if line.startswith(address + "("):
                    return line
            return f"{address}({self.others[address]})" if address in self.others else "(ER01)"
        if command[0] == "W" and not is_known:
            return "(ER05)"
        if command in ("W1", "W5") and f"{address}(" in self.readout:
            lines = self.readout.split("\r\n")
            place = next(index for index, line in enumerate(lines) if line.startswith(address + "("))
            unit = "*kWh" if "*kWh" in lines[place] else ""
            lines[place] = f"{address}({value}{unit})"
            self.readout = "\r\n".join(lines)
            return None
        return "(ER03)"

    @staticmethod
    def profile(span: str) -> str:
        """Rows over the end of summer time 2026 in Bratislava: both hours that are called two o'clock, and a gap."""
        header = "(15)(1)(1.5.0)(kW)"
        sections = [
            ("12610250200", "(00)", ["0.100", "0.110", "0.120", "0.130"]),
            ("02610250200", "(08)", ["0.140", "0.150"]),
            ("02610250300", "(80)", ["0.180"]),
        ]
        start, _, end = span.partition(";")
        wanted = [
            section
            for section in sections
            if (not start or section[0][1:] >= start[-10:]) and (not end or section[0][1:] <= end[-10:])
        ]
        if not wanted:
            return "P.01(ERROR)"
        return "".join(
            f"P.01({time}){status}{header}\r\n" + "".join(f"({row})\r\n" for row in rows) for time, status, rows in wanted
        )

