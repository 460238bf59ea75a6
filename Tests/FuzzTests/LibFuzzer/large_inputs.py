#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Write inputs of 64 kB that ask for as much memory or work as they can: large_inputs.py FOLDER"""
import pathlib
import sys

LENGTH = 65_536
folder = pathlib.Path(sys.argv[1])


def length(count: int) -> bytes:
    return bytes([count]) if count < 128 else bytes([0x84]) + count.to_bytes(4, "big")


def octets(content: bytes) -> bytes:
    return length(len(content)) + content


def repeated(unit: bytes, room: int) -> tuple[int, bytes]:
    count = room // len(unit)
    return count, unit * count


def compact(description: bytes, contents: bytes) -> bytes:
    return b"\x13" + description + octets(contents)


def in_array(unit: bytes) -> bytes:
    count, items = repeated(unit, LENGTH - 6)
    return b"\x01" + length(count) + items


def nested(depth: int) -> bytes:
    return b"\x02\x01" * depth


nulls = b"\x01\xff\xff\x00"
values = {
    "nulls": in_array(b"\x00"),
    "empty-arrays": in_array(b"\x01\x00"),
    "single-structures": in_array(b"\x02\x01\x00"),
    "octet-strings": in_array(b"\x09\x01\x07"),
    "empty-strings": in_array(b"\x09\x00"),
    "bit-strings": in_array(b"\x04\x01\x80"),
    "deep-structures": in_array(nested(30) + b"\x00"),
    "pretended-count": b"\x01\x82\xff\xf0" * 16_000,
    "pretended-lengths": b"\x01\x84\x00\x00\xff\x00" + b"\x09\x84\x7f\xff\xff\xff" * 10_000,
    "compact-octets": compact(b"\x11", bytes(LENGTH - 10)),
    "compact-structures": compact(b"\x02\x01\x11", bytes(LENGTH - 10)),
    "compact-two-structures": compact(b"\x02\x01\x02\x01\x11", bytes(LENGTH - 12)),
    "compact-deep": compact(nested(30) + b"\x11", bytes(LENGTH - 80)),
    "compact-nulls": compact(b"\x02\x05\x00\x00\x00\x00\x11", bytes(LENGTH - 20)),
    "compact-many-nulls": compact(b"\x02\x02" + nulls + b"\x11", bytes(LENGTH - 20)),
    "compact-null-arrays": compact(b"\x02\x02\x01\x00\x0f\x00\x11", bytes(LENGTH - 20)),
    "compact-empty-arrays": compact(b"\x02\x02\x01\x00\x08\x01\x00\x00\x00\x11", bytes(LENGTH - 20)),
    "compact-strings": compact(b"\x09", b"\x01\x07" * 32_000),
    "compact-empty-strings": compact(b"\x09", bytes(LENGTH - 10)),
    "compact-small": in_array(compact(b"\x11", b"\x01")),
    "compact-small-nulls": in_array(compact(b"\x02\x02\x01\x03\xf0\x00\x11", b"\x01")),
    "compact-small-some-nulls": in_array(compact(b"\x02\x02\x01\x00\x20\x00\x11", b"\x01")),
    "compact-wide": compact(b"\x02" + length(30_000) + b"\x11" * 30_000, bytes(30_000)),
    "compact-wide-nulls": compact(b"\x02" + length(60_000) + b"\x00" * 59_999 + b"\x11", bytes(5_000)),
    "compact-multiplied": compact(b"\x01\xff\xff" * 20 + b"\x11", bytes(60_000)),
}
get = b"\xc4\x01\xc1\x00"
apdus = {name: get + value[: LENGTH - 4] for name, value in values.items()}
for count, unit, head, name in [
    (8, b"\x03\x00\x01\x00\x00\x01\x00\x00\xff\x02\x00"[:11], b"\xc0\x03\xc1", "get-list"),
    (1, b"\x01\x02", b"\x0c", "read-response"),
    (3, b"\x02\xfa\x00", b"\x05", "read-request"),
    (1, b"\x00", b"\xc5\x03\xc1", "set-results"),
    (2, b"\x01\x02", b"\xc4\x03\xc1", "get-results"),
    (3, b"\x00\x00\x02", b"\xc7\x03\xc1", "action-results"),
]:
    items, body = repeated(unit, LENGTH - 10)
    apdus[name] = head + length(items) + body
fields, body = repeated(b"\x8f\x00", LENGTH - 40)
apdus["association-fields"] = b"\x60" + octets(b"\xa1\x09\x06\x07\x60\x85\x74\x05\x08\x01\x01" + body)
apdus["notification"] = b"\x0f\x00\x00\x00\x01\x00" + b"\x01" + length(7_000) + b"\x02\x02\x00\x03\x01\x00\x01\x08\x00\xff\x02" * 7_000
apdus["ciphered"] = b"\xc8" + octets(b"\x20\x00\x00\x00\x01" + bytes(LENGTH - 20))
frame = bytes.fromhex("7EA00703213117877E")
other = {
    "flags": b"\x7e" * LENGTH,
    "format": b"\x7e\xa7\xff" * (LENGTH // 3),
    "frames": frame * (LENGTH // len(frame)),
    "segments": bytes.fromhex("7EA80E210332CFB048454C4C4F72997E") * (LENGTH // 16),
    "solidus": b"/" * LENGTH,
    "starts": b"\x02" * LENGTH,
    "acknowledgements": b"\x06" * LENGTH,
    "sets": b"\x02" + b"()" * 32_000 + b"\x03\x00",
    "lines": b"\x02" + b"()\r\n" * 16_000 + b"!\r\n\x03\x00",
    "commands": bytes.fromhex("0142300371") * 13_000,
}
for name, content in (values | {f"apdu-{name}": apdu for name, apdu in apdus.items()} | other).items():
    (folder / name).write_bytes(content[:LENGTH])
