# SPDX-License-Identifier: Apache-2.0
"""Foreign clients read our simulated meter: every attribute of every object, and a profile of 3,000 rows."""

from __future__ import annotations

import pytest
from foreign_clients import ALL_CLIENTS, Access, PydlmsClient, ReadRefused

LOAD_PROFILE = "1.0.99.1.0.255"
NEGOTIATED = {(15, 5), (64, 4)}  # what each client agreed with the meter, and the client's own system title


@pytest.fixture(scope="module")
def readable(simulator) -> list[tuple[int, str, int]]:
    """(class, logical name, attribute) of every attribute that the meter lists as readable, as pydlms reads the list."""
    client = PydlmsClient(Access(simulator))
    listed = [
        (int(entry.class_id), str(entry.logical_name), attribute.attribute_id)
        for entry in client.association_view()
        for attribute in entry.rights.attributes
        if attribute.readable
    ]
    client.close()
    return listed


def test_the_meter_has_sixty_objects_or_more(readable):
    assert len({(class_id, obis) for class_id, obis, _ in readable}) >= 60


@pytest.mark.cell("LLS", "pydlms client")
@pytest.mark.cell("LLS", "gurux client")
@pytest.mark.cell("LLS", "dlms-cosem client")
def test_each_foreign_client_reads_every_attribute_and_all_read_the_same(simulator, readable):
    clients = [client_class(Access(simulator)) for client_class in ALL_CLIENTS]
    read = {client.name: 0 for client in clients}
    for class_id, obis, attribute in readable:
        values = {}
        for client in clients:
            try:
                values[client.name] = client.octets(class_id, obis, attribute)
            except ReadRefused as refusal:
                pytest.fail(f"{client.name}: {class_id} {obis} {attribute} is listed as readable but refused: {refusal}")
            except ValueError:
                continue  # a class this client does not know
            read[client.name] += 1
        assert values, (class_id, obis, attribute)
        if not runs(class_id, attribute):
            assert len(set(values.values())) == 1, (class_id, obis, attribute, values)
    for client in clients:
        client.close()
    assert min(read.values()) >= 150, read


def runs(class_id: int, attribute: int) -> bool:
    """Whether two reads, one after the other, may differ by right: the clock, measured values, captured buffers."""
    running = {(3, 2), (4, 2), (5, 2), (5, 3), (7, 2), (7, 7), (8, 2), (8, 4)}
    return (class_id, attribute) in running | NEGOTIATED


@pytest.mark.cell("LN: GET, blocks", "pydlms client")
@pytest.mark.cell("LN: GET, blocks", "gurux client")
@pytest.mark.cell("LN: GET, blocks", "dlms-cosem client")
def test_all_foreign_clients_read_the_same_3000_rows(simulator):
    buffers = read_load_profile(simulator)
    if len(set(buffers.values())) > 1:
        buffers = read_load_profile(simulator)  # a quarter of an hour ended between two clients
    first = buffers["pydlms"]
    assert first[0] == 1 and first[1] == 0x82 and int.from_bytes(first[2:4], "big") >= 3000, first[:4].hex()
    assert len(set(buffers.values())) == 1, {name: len(octets) for name, octets in buffers.items()}


def read_load_profile(port: int) -> dict[str, bytes]:
    """The buffer of the load profile as each client reads it, by the client's name."""
    buffers = {}
    for client_class in ALL_CLIENTS:
        client = client_class(Access(port))
        buffers[client_class.name] = client.octets(7, LOAD_PROFILE, 2)
        client.close()
    return buffers
