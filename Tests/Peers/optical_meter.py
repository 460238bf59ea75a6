# SPDX-License-Identifier: Apache-2.0
"""The sign-on of IEC 62056-21 mode E in front of a meter that speaks HDLC, of published octets only.

No foreign meter signs on by itself, so this stands in front of one: it takes the request, says who it is, takes the option
252 and repeats it with even parity in bit 7, as a receiver set to 8N1 sees it. From there on it hands octets through.
"""

from __future__ import annotations

import select
import socket
import threading

IDENTIFICATION = b"/LGZ5\\2ZMD3104107.B32\r\n"
OPTION = bytes.fromhex("063235320D0A")
CONFIRMATION = bytes.fromhex("06B235B28D0A")


class OpticalMeter:
    """A port at which a meter has to be greeted before it is the meter at another port."""

    def __init__(self, meter_port: int) -> None:
        self.meter_port = meter_port
        self.requests: list[bytes] = []
        self.options: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=(client,), daemon=True).start()

    @staticmethod
    def _line(client: socket.socket) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            octet = client.recv(1)
            if not octet:
                return b""
            line += bytes([octet[0] & 0x7F])
        return line

    def _session(self, client: socket.socket) -> None:
        with client:
            request = self._line(client)
            if not request:
                return
            self.requests.append(request)
            client.sendall(IDENTIFICATION)
            option = self._line(client)
            self.options.append(option)
            if option != OPTION:
                return
            client.sendall(CONFIRMATION)
            with socket.create_connection(("127.0.0.1", self.meter_port)) as meter:
                ends = {client: meter, meter: client}
                while True:
                    for source in select.select(list(ends), [], [])[0]:
                        octets = source.recv(4096)
                        if not octets:
                            return
                        ends[source].sendall(octets)
