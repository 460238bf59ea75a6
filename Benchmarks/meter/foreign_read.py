#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Read the profile of the canned meter with a foreign client: foreign_read.py NAME PORT ROWS READS

Prints the CPU time of each read in seconds: from the request to the values as the client's own types.
"""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests/Peers"))
import foreign_clients  # noqa: E402

OBIS = "1.0.99.1.0.255"


def pydlms(port: int):
    from pydlms import DlmsClient, Mechanism

    client = DlmsClient.tcp("127.0.0.1", port, client_sap=16, mechanism=Mechanism.NONE)
    client.connect()
    return lambda: client.get(OBIS, 7, 2).value


def gurux(port: int):
    from gurux_dlms.enums import ObjectType
    from gurux_dlms.objects import GXDLMSObject

    client = foreign_clients.GuruxClient(foreign_clients.Access(port, 16, None))
    profile = GXDLMSObject(ObjectType(7), OBIS, 0)
    return lambda: client._exchange(client._client.read(profile, 2)).value


def dlms_cosem(port: int):
    from dlms_cosem import utils

    client = foreign_clients.DlmsCosemClient(foreign_clients.Access(port, 16, None))
    return lambda: utils.parse_as_dlms_data(client.octets(7, OBIS, 2))


name, port, rows, reads = sys.argv[1], *map(int, sys.argv[2:])
read = {"pydlms": pydlms, "gurux-dlms": gurux, "dlms-cosem": dlms_cosem}[name](port)
for _ in range(reads):
    start = time.process_time()
    values = read()
    seconds = time.process_time() - start
    if len(values) != rows:
        sys.exit(f"{name} read {len(values)} rows instead of {rows}")
    print(seconds)
