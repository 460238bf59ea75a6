# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""No gateway tells a secret: whatever the tests give to one is looked for in every answer, and at the end in every log and database.

The gateways of the tests run at the level `trace` unless a test is about levels. Secrets are learned from the requests that carry them and
from the answers that show one once; nobody has to list them.
"""

from __future__ import annotations

import base64
import os
import pathlib
import re
import urllib.parse

# Members that hold a secret as {"text"}, {"hex"} or {"base64"}, or as a string.
SECRET_MEMBER = re.compile(r"(^|[a-z])(secret|password|masterKey|[kK]ey|globalUnicast|globalBroadcast|authentication|master)$")
PUBLIC_MEMBER = re.compile(r"^(public|server\w+)Key$|^idempotencyKey$")
TOKEN = re.compile(r"\b(?:cgw_[0-9A-Za-z]{8}_\w+|whsec_[\w+/=]+)")
# What many meters of these tests have as password is a device number and a part of numbers, too; test_secrets.py has one of its own.
ORDINARY = {"12345678"}
SHORTEST = 6
# The first start shows the administrator's key once: alone, and in a curl line.
FIRST_KEY = re.compile(r"(?m)^  (curl -H 'Authorization: Bearer )?cgw_\w+('.*)?$")
#: Each spelling of each secret, with what it is.
known: dict[str, str] = {}


def learn(secret: bytes | str, what: str) -> None:
    """Remember a secret in the spellings in which it could be told: as it is, in hexadecimal digits, in base64."""
    octets = secret.encode() if isinstance(secret, str) else secret
    if len(octets) < SHORTEST or octets.decode("latin-1") in ORDINARY or len(set(octets)) == 1:
        return
    spellings = {octets.hex(), octets.hex().upper(), base64.b64encode(octets).decode().rstrip("=")}
    if octets.isascii() and octets.decode().isprintable():
        spellings.add(octets.decode())
    known.update(dict.fromkeys(spellings, what))


def learn_request(body: object, headers: dict[str, str]) -> None:
    """Remember the secrets of a request: those of its body, and the key or token that it came with."""
    for name, value in headers.items():
        if name.lower() == "authorization":
            learn(value.split(" ", 1)[-1], "credentials")
    learn_members(body, "")


def learn_members(node: object, name: str) -> None:
    if isinstance(node, list):
        for item in node:
            learn_members(item, name)
    if isinstance(node, str) and name in ("secret", "password"):
        learn(node, name)
    if not isinstance(node, dict):
        return
    if len(node) == 1 and SECRET_MEMBER.search(name) and not PUBLIC_MEMBER.search(name):
        form, text = next(iter(node.items()))
        if isinstance(text, str):
            if form == "text":
                learn(text, name)
            elif form == "hex" and re.fullmatch(r"([0-9A-Fa-f]{2})*", text):
                learn(bytes.fromhex(text), name)
            elif form == "base64":
                learn(base64.b64decode(text), name)
    for member, value in node.items():
        learn_members(value, member)


def found_in(text: str) -> set[str]:
    """Which known secrets a text tells."""
    return {what for spelling, what in known.items() if spelling in text}


def check_answer(text: str, where: str) -> None:
    """Fail when an answer tells a secret; a key that is made and shown once is known from then on."""
    assert not (told := found_in(text)), f"{where} tells {told}"
    if where.startswith("POST "):
        for token in TOKEN.findall(text):
            learn(token, "a key shown once")


def check_files(folder: pathlib.Path) -> int:
    """Fail when a log or database below a folder tells a secret; gives how many were searched."""
    if server := os.environ.get("COSEM_GATEWAY_TEST_POSTGRESQL"):
        learn(urllib.parse.urlparse(server).password or "", "password of the database")
    searched = 0
    leaks = []
    for file in folder.rglob("*"):
        if file.is_symlink() or not file.is_file():
            continue
        text = file.read_bytes().decode("latin-1")
        is_log = '"level":"' in text and '"message":"' in text
        if not is_log and not text.startswith("SQLite format 3"):
            continue
        searched += 1
        leaks += [f"{file} tells {told}" for told in found_in(FIRST_KEY.sub("", text))]
    assert leaks == []
    return searched
