#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three foreign clients read every attribute of a simulated meter, and its load profile; they must agree.

    read_simulator.py HOST PORT PASSWORD

Every attribute that the meter lists as readable is read by pydlms, gurux-dlms, dlms-cosem, and pydlms again. A value that
did not change in between has to be the same octets for all; one that runs on has to be of the same type. Prints what
disagrees and a last line "N passed, M failed"; exits with 1 if anything failed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from foreign_clients import Access, DlmsCosemClient, GuruxClient, PydlmsClient, ReadRefused

ASSOCIATION = "0.0.40.0.0.255"
LOAD_PROFILE = "1.0.99.1.0.255"
FEWEST_ROWS = 3000
# What both sides agreed on when the association was opened, which is for each client its own.
OWN = {(15, ASSOCIATION, 5)}
LENGTHS = {0: 0, 3: 1, 5: 4, 6: 4, 13: 1, 15: 1, 16: 2, 17: 1, 18: 2, 20: 8, 21: 8, 22: 1, 23: 4, 24: 8, 25: 12, 26: 5, 27: 4}


class Reader:
    """Takes A-XDR octets apart into (tag, content) pairs; content is a list, bytes, or None."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.place = 0

    def take(self, count: int) -> bytes:
        taken = self.octets[self.place : self.place + count]
        if len(taken) < count:
            raise ValueError("the octets end too early")
        self.place += count
        return taken

    def length(self) -> int:
        first = self.take(1)[0]
        return first if first < 0x80 else int.from_bytes(self.take(first & 0x7F), "big")

    def value(self):
        tag = self.take(1)[0]
        if tag in (1, 2):
            return tag, [self.value() for _ in range(self.length())]
        if tag == 4:
            return tag, self.take((self.length() + 7) // 8)
        if tag in (9, 10, 12):
            return tag, self.take(self.length())
        return tag, self.take(LENGTHS[tag])


def parse(octets: bytes):
    """The value of octets that hold nothing else."""
    reader = Reader(octets)
    value = reader.value()
    if reader.place != len(octets):
        raise ValueError(f"{len(octets) - reader.place} octets left over")
    return value


def types(value):
    """The tags of a value, without what it holds."""
    tag, content = value
    return (tag, [types(item) for item in content]) if isinstance(content, list) else tag


def listed(octets: bytes) -> Iterator[tuple[int, str, int, bool]]:
    """(class, logical name, attribute, readable) of every attribute in an object list."""
    for _, (class_id, _, name, rights) in parse(octets)[1]:
        for _, (attribute, mode, *_) in rights[1][0][1]:
            yield (
                int.from_bytes(class_id[1], "big"),
                ".".join(str(octet) for octet in name[1]),
                attribute[1][0],
                bool(mode[1][0] & 1),
            )


def read(client, class_id: int, name: str, attribute: int) -> bytes | str:
    """The octets, or the words of the refusal."""
    try:
        return client.octets(class_id, name, attribute)
    except ReadRefused as refusal:
        return f"refused: {refusal}"


def compare(clients, class_id: int, name: str, attribute: int, is_readable: bool) -> str | None:
    """What the clients disagree about, None if they agree."""
    first, *others = clients
    before = read(first, class_id, name, attribute)
    answers = {client.name: read(client, class_id, name, attribute) for client in others}
    after = read(first, class_id, name, attribute)
    answers[first.name] = after
    if not is_readable:
        readers = [client for client, answer in answers.items() if isinstance(answer, bytes)]
        return f"not listed as readable, but read by {', '.join(readers)}" if readers else None
    refused = {client: answer for client, answer in answers.items() if isinstance(answer, str)}
    if refused:
        return str(refused)
    if before == after and (class_id, name, attribute) not in OWN:
        return None if len(set(answers.values())) == 1 else str({who: what.hex() for who, what in answers.items()})
    kinds = {client: types(parse(octets)) for client, octets in answers.items()}
    return None if len({str(kind) for kind in kinds.values()}) == 1 else f"types differ: {kinds}"


def main() -> int:
    host, port, password = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    access = Access(port, password=password, host=host)
    clients = [client(access) for client in (PydlmsClient, GuruxClient, DlmsCosemClient)]
    passed = 0
    failures: list[str] = []

    def note(what: str, fault: str | None) -> None:
        nonlocal passed
        if fault is None:
            passed += 1
        else:
            failures.append(f"{what}: {fault}"[:2000])

    lists = {client.name: client.octets(15, ASSOCIATION, 2) for client in clients}
    note("object list", None if len(set(lists.values())) == 1 else "the clients read different lists")
    attributes = list(listed(lists["gurux-dlms"]))
    objects = {(class_id, name) for class_id, name, _, _ in attributes}
    note("number of objects", None if len(objects) >= 60 else f"{len(objects)}")
    for class_id, name, attribute, is_readable in attributes:
        try:
            fault = compare(clients, class_id, name, attribute, is_readable)
        except (ValueError, KeyError) as error:
            fault = f"{type(error).__name__}: {error}"
        note(f"class {class_id} {name} attribute {attribute}", fault)
    buffer = parse(clients[0].octets(7, LOAD_PROFILE, 2))
    note("rows of the load profile", None if len(buffer[1]) >= FEWEST_ROWS else f"{len(buffer[1])}")
    note("layout of the load profile", None if len({str(types(row)) for row in buffer[1]}) == 1 else "rows differ")
    for client in clients:
        client.close()
    for failure in failures:
        print(failure)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
