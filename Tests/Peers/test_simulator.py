# SPDX-License-Identifier: Apache-2.0
"""Foreign clients read our simulated meter: every attribute of every object, and a profile of 3,000 rows."""

from __future__ import annotations

import pytest
from foreign_clients import ALL_CLIENTS, Access, PydlmsClient, ReadRefused

LOAD_PROFILE = "1.0.99.1.0.255"
MOVING = {8}  # classes whose values run on while one reads
ASSOCIATION = "0.0.40.0.0.255"


@pytest.fixture(scope="module")
def object_list(simulator) -> list[tuple[int, str, list[int]]]:
    """(class, logical name, readable attributes) of each object, as pydlms reads them."""
    client = PydlmsClient(Access(simulator))
    entries = client._client.get_association_view()
    listed = [
        (int(entry.class_id), str(entry.logical_name), sorted(entry.readable_attributes))
        if hasattr(entry, "readable_attributes")
        else (int(entry.class_id), str(entry.obis), [a for a in range(1, 20) if client._client.can_read(entry.obis, a)])
        for entry in entries
    ]
    client.close()
    return listed


def test_the_meter_has_sixty_objects_or_more(object_list):
    assert len(object_list) >= 60


@pytest.mark.parametrize("client_class", ALL_CLIENTS, ids=lambda c: c.name)
def test_each_foreign_client_reads_every_attribute(simulator, object_list, client_class):
    client = client_class(Access(simulator))
    read = 0
    for class_id, obis, attributes in object_list:
        for attribute in attributes:
            if (class_id, attribute) == (7, 2):
                continue
            try:
                octets = client.octets(class_id, obis, attribute)
            except ReadRefused as refusal:
                pytest.fail(f"{class_id} {obis} {attribute}: listed as readable but refused: {refusal}")
            except ValueError:
                continue  # a class this client does not know
            assert octets, (class_id, obis, attribute)
            read += 1
    client.close()
    assert read >= 150


def test_all_foreign_clients_read_the_same_3000_rows(simulator):
    buffers = {}
    for client_class in ALL_CLIENTS:
        client = client_class(Access(simulator))
        buffers[client_class.name] = client.octets(7, LOAD_PROFILE, 2)
        client.close()
    lengths = {name: len(octets) for name, octets in buffers.items()}
    first = buffers["pydlms"]
    assert first[0] == 1 and first[1] == 0x82 and int.from_bytes(first[2:4], "big") >= 3000, first[:4].hex()
    assert len(set(buffers.values())) == 1, lengths
