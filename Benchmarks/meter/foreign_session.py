#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Open sessions with the canned meter by a foreign client: foreign_session.py NAME PORT SESSIONS

Each is: connect, AARQ, seven GETs of one attribute each, release, close. Prints the CPU time of a session in seconds.
"""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests/Peers"))
import foreign_clients  # noqa: E402

VALUE = bytes.fromhex("060012D687")
CLIENTS = {client.name: client for client in (
    foreign_clients.PydlmsClient, foreign_clients.GuruxClient, foreign_clients.DlmsCosemClient
)}


def session(make, access: foreign_clients.Access) -> None:
    client = make(access)
    for number in range(1, 8):
        if client.octets(3, f"1.0.{number}.8.0.255", 2) != VALUE:
            sys.exit("another value came")
    client.close()


name, port, sessions = sys.argv[1], *map(int, sys.argv[2:])
access = foreign_clients.Access(port, 16, None)
session(CLIENTS[name], access)
start = time.process_time()
for _ in range(sessions):
    session(CLIENTS[name], access)
print((time.process_time() - start) / sessions)
