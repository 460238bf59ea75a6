# SPDX-License-Identifier: Apache-2.0
"""Foreign meters behind a concentrator that wants the gateway prefix; the gurux client is the judge of the prefix."""

from __future__ import annotations

import pytest
from dial_in import Concentrator
from foreign_clients import Access, GuruxClient
from gurux_dlms import GXByteBuffer, GXDLMSClient, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType
from gurux_dlms.GXDLMSGateway import GXDLMSGateway

SCRATCH = "0.0.96.50.0.255"


def client_behind_gateway() -> GXDLMSClient:
    client = GXDLMSClient(True, 16, 1, Authentication.NONE, None, InterfaceType.WRAPPER)
    client.gateway = GXDLMSGateway()
    client.gateway.networkId = 1
    client.gateway.physicalDeviceAddress = bytes.fromhex("0123")
    return client


@pytest.mark.cell("gateway prefix", "gurux meter")
@pytest.mark.cell("gateway prefix", "gurux client")
def test_foreign_meters_are_read_behind_a_concentrator(gateway, start_gurux_meter):
    meters = {address: start_gurux_meter("--auth", "none", "--rows", "50") for address in ("0123", "0124")}
    concentrator = Concentrator({(1, bytes.fromhex(address)): port for address, port in meters.items()})
    for address, port in meters.items():
        name = f"behind-{address}"
        place = {"logicalDevice": 1, "gateway": {"networkId": 1, "physicalAddress": address}}
        gateway.register(name, concentrator.port, 16, None, address=place, keepAlive="PT0S")
        answer = gateway.get(f"/meters/{name}/objects/{SCRATCH}/attributes/2?form=hex&class=1")
        assert answer.status == 200, answer.text
        assert answer.json["value"]["hex"].upper() == GuruxClient(Access(port, 16, None)).octets(1, SCRATCH, 2).hex().upper()
    rows = gateway.get("/meters/behind-0123/profiles/1.0.99.1.0.255/rows?entries=50")
    assert rows.status == 200, rows.text
    assert len(rows.json["rows"]) == 50

    # A foreign client puts the same octets in front, and understands the answers.
    judge = client_behind_gateway()
    theirs = bytes(judge.aarqRequest()[0])
    ours = next(frame for frame in concentrator.requests if frame[8:13] == theirs[8:13])
    assert ours[:6] == theirs[:6]
    assert ours[13] == theirs[13] == 0x60
    reply = GXReplyData()
    answer = next(frame for frame in concentrator.responses if frame[11:13] == b"\x01\x23")
    assert judge.getData(GXByteBuffer(answer), reply, None)
    judge.parseAareResponse(reply.data)
    concentrator.close()


def test_an_address_that_the_concentrator_does_not_know_is_refused(gateway, start_gurux_meter):
    concentrator = Concentrator({})
    place = {"logicalDevice": 1, "gateway": {"physicalAddress": "99"}}
    gateway.register("behind-nothing", concentrator.port, 16, None, address=place)
    answer = gateway.get(f"/meters/behind-nothing/objects/{SCRATCH}/attributes/2?class=1")
    assert (answer.status, answer.problem) == (502, "exception-response"), answer.text
    concentrator.close()
