# SPDX-License-Identifier: Apache-2.0
"""A foreign meter that pushes: gurux-dlms makes the messages, sockets of ours send them."""

from __future__ import annotations

import contextlib
import datetime
import pathlib
import socket
import sqlite3
import time

from gurux_dlms import GXByteBuffer
from gurux_dlms.enums import DataType, InterfaceType, Security
from gurux_dlms.objects import GXDLMSCaptureObject, GXDLMSData, GXDLMSPushSetup, GXDLMSRegister
from gurux_dlms.secure import GXDLMSSecureNotify

BLOCK_CIPHER_KEY = bytes(range(16))
AUTHENTICATION_KEY = bytes(range(0xD0, 0xE0))
MOMENT = datetime.datetime(2026, 11, 22, 8, 15, tzinfo=datetime.timezone.utc)


def objects(name: bytes, energy: int):
    device = GXDLMSData("0.0.42.0.0.255")
    device.value = bytearray(name)
    device.setDataType(2, DataType.OCTET_STRING)
    register = GXDLMSRegister("1.0.1.8.0.255")
    register.value = energy
    register.setDataType(2, DataType.UINT32)
    return device, register


def notifier(interface: InterfaceType, title: bytes | None = None, counter: int = 1) -> GXDLMSSecureNotify:
    """What makes messages of logical device 1 to client 102, protected with the keys above if it has a title."""
    made = GXDLMSSecureNotify(True, 102, 1, interface)
    if title:
        made.ciphering.security = Security.AUTHENTICATION_ENCRYPTION
        made.ciphering.systemTitle = title
        made.ciphering.blockCipherKey = BLOCK_CIPHER_KEY
        made.ciphering.authenticationKey = AUTHENTICATION_KEY
        made.ciphering.invocationCounter = counter
    return made


def described(made: GXDLMSSecureNotify, name: bytes, energy: int, moment: datetime.datetime = MOMENT) -> bytes:
    """A message that begins with its push object list, as gurux-dlms sends it."""
    setup = GXDLMSPushSetup("0.0.25.9.0.255")
    setup.pushObjectList.append((setup, GXDLMSCaptureObject(2, 0)))
    for item in objects(name, energy):
        setup.pushObjectList.append((item, GXDLMSCaptureObject(2, 0)))
    return b"".join(bytes(part) for part in made.generatePushSetupMessages(moment, setup))


def alone(made: GXDLMSSecureNotify, name: bytes, energy: int, moment: datetime.datetime = MOMENT) -> bytes:
    """A message with the values alone."""
    body = GXByteBuffer()
    body.setUInt8(DataType.STRUCTURE)
    body.setUInt8(2)
    for item in objects(name, energy):
        made.addData(item, 2, body)
    return b"".join(bytes(part) for part in made.generateDataNotificationMessages(moment, body))


def push_tcp(port: int, octets: bytes, answers: bool = True, source: str = "127.0.0.1") -> bytes:
    """Send octets over a connection; gives what is answered."""
    with socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0)) as line:
        line.sendall(octets)
        return line.recv(4096) if answers else b""


def push_udp(port: int, octets: bytes, source: str = "127.0.0.1") -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((source, 0))
        line.settimeout(10)
        line.sendto(octets, ("127.0.0.1", port))
        return line.recv(4096)


def readings(database: pathlib.Path, meter: str) -> dict[str, list[tuple[int, int]]]:
    """What is kept of a meter: (seconds since 1970, number) by logical name."""
    found: dict[str, list[tuple[int, int]]] = {}
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT s.object, r.at / 1000000, r.number FROM readings r JOIN reading_series s"
            " ON s.meter_id = r.meter_id AND s.series = r.series WHERE r.meter_id = ? ORDER BY r.at",
            (meter,),
        )
        for name, at, number in rows:
            found.setdefault(name, []).append((at, number))
    return found


def wait_for(condition, what: str, seconds: float = 10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {seconds} s")
