# SPDX-License-Identifier: Apache-2.0
"""What stands between a gateway and a meter: pseudoterminals, a converter by RFC 2217, a proxy with TLS, datagrams."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import ssl
import subprocess
import threading
import time

import serial
import serial.rfc2217

WAIT_SECONDS = 10


@contextlib.contextmanager
def serial_line(link: pathlib.Path, port: int):
    """A serial line, as a pseudoterminal at a path, whose other end is a TCP port (socat)."""
    process = subprocess.Popen(
        ["socat", f"PTY,link={link},raw,echo=0", f"TCP:127.0.0.1:{port},nodelay"], stderr=subprocess.DEVNULL
    )
    try:
        wait_for(link.exists, f"socat made no {link}")
        yield str(link)
    finally:
        end(process)


@contextlib.contextmanager
def port_of_line(path: str, port: int):
    """A TCP port that leads to a serial line (socat)."""
    process = subprocess.Popen(
        ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,nodelay", f"OPEN:{path},raw,echo=0,noctty"],
        stderr=subprocess.DEVNULL,
    )
    try:
        # A connection to try would have the line for itself.
        wait_for(lambda: is_listened_on(port), f"socat did not listen on {port}")
        yield port
    finally:
        end(process)


def is_listened_on(port: int) -> bool:
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def wait_for(condition, complaint: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(complaint)
        time.sleep(0.02)


def end(process: subprocess.Popen) -> None:
    process.terminate()
    process.wait(WAIT_SECONDS)


class Port(serial.Serial):
    """A pseudoterminal as a serial port: it has no modem lines to be asked for."""

    cts = dsr = ri = cd = property(lambda self: False)


class Converter:
    """A converter that lets clients set its serial port by RFC 2217: the server side of pyserial."""

    def __init__(self, path: str, speaks: bool = True) -> None:
        self.formats: list[tuple[int, int, str, float]] = []
        self._speaks = speaks
        self._port = Port(path, timeout=0.05)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        self._port.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._converse(client)

    def _converse(self, client: socket.socket) -> None:
        lock = threading.Lock()

        class Connection:
            def write(self, octets: bytes) -> None:
                with lock:
                    client.sendall(octets)

        if not self._speaks:
            client.sendall(bytes([255, 254, 44]))  # DONT COM-PORT-OPTION
        manager = serial.rfc2217.PortManager(self._port, Connection()) if self._speaks else None
        alive = threading.Event()
        alive.set()

        def read_line() -> None:
            with contextlib.suppress(OSError, serial.SerialException, TypeError):
                while alive.is_set():
                    octets = self._port.read(max(1, self._port.in_waiting))
                    if octets and manager:
                        Connection().write(b"".join(manager.escape(octets)))

        threading.Thread(target=read_line, daemon=True).start()
        with contextlib.suppress(OSError):
            while octets := client.recv(4096):
                if manager:
                    self._port.write(b"".join(manager.filter(octets)))
                    form = (self._port.baudrate, self._port.bytesize, self._port.parity, self._port.stopbits)
                    if not self.formats or self.formats[-1] != form:
                        self.formats.append(form)
        alive.clear()
        client.close()


class TLSProxy:
    """TLS of Python in front of a TCP port."""

    def __init__(self, meter: int, certificate: str, key: str, authorities: str | None = None, latest=None) -> None:
        self._meter = meter
        self.versions: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        if authorities:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(authorities)
        if latest:
            self._context.maximum_version = latest
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError), self._context.wrap_socket(plain, server_side=True) as client:
            self.versions.append(client.version())
            with socket.create_connection(("127.0.0.1", self._meter)) as meter:
                threading.Thread(target=pump, args=(meter, client), daemon=True).start()
                pump(client, meter)


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while octets := source.recv(4096):
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)


class DatagramRelay:
    """UDP in front of a TCP port: one datagram for each frame of the wrapper. Can lose the answers to some."""

    def __init__(self, meter: int, host: str = "127.0.0.1") -> None:
        self._meter = meter
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self.port = self._socket.getsockname()[1]
        self._peers: dict[tuple, socket.socket] = {}
        self.requests: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()
        for meter in self._peers.values():
            meter.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                datagram, peer = self._socket.recvfrom(65536)
                self.requests.append(datagram)
                if peer not in self._peers:
                    self._peers[peer] = socket.create_connection(("127.0.0.1", self._meter))
                    threading.Thread(target=self._answer, args=(peer,), daemon=True).start()
                self._peers[peer].sendall(datagram)

    def _answer(self, peer: tuple) -> None:
        meter = self._peers[peer]
        pending = b""
        with contextlib.suppress(OSError):
            while octets := meter.recv(4096):
                pending += octets
                while len(pending) >= 8 and len(pending) >= 8 + int.from_bytes(pending[6:8], "big"):
                    length = 8 + int.from_bytes(pending[6:8], "big")
                    self._socket.sendto(pending[:length], peer)
                    pending = pending[length:]


def open_descriptors(process: int) -> int:
    """How many descriptors a process has open."""
    return len(os.listdir(f"/proc/{process}/fd"))
