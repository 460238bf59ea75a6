# SPDX-License-Identifier: Apache-2.0
"""Messages that gurux-dlms makes are pushed to the gateway and become readings; pydlms judges what captures mean."""

from __future__ import annotations

import json
import socket

import pytest
from dlms_cosem.protocol.xdlms import DataNotification
from dlms_cosem.utils import parse_as_dlms_data
from gurux_dlms import GXByteBuffer, GXDLMSClient, GXReplyData
from gurux_dlms.enums import InterfaceType
from processes import GATEWAY, ROOT, Gateway, free_ports, running
from pushing import (
    AUTHENTICATION_KEY, BLOCK_CIPHER_KEY, MOMENT, alone, described, notifier, push_tcp, push_udp, readings, wait_for,
)

ENERGY = "1.0.1.8.0.255"
AT = int(MOMENT.timestamp())
CAPTURES = json.loads((ROOT / "Tests/DLMSCodecTests/Vectors/push-capture.json").read_text())


class PushGateway(Gateway):
    """A gateway with a port that meters push to, and its database."""

    def __init__(self, port, process, push_port, database) -> None:
        super().__init__(port, process)
        self.push_port = push_port
        self.database = database

    def meter(self, meter: str, host: str = "127.0.0.1", **members) -> None:
        self.register(meter, 4059, 1, None, **{"channel": {"type": "tcp", "host": host, "port": 4059}, **members})

    def protected(self, meter: str, title: bytes, **members) -> None:
        security = {"blockCipherKey": {"hex": BLOCK_CIPHER_KEY.hex()}, "authenticationKey": {"hex": AUTHENTICATION_KEY.hex()}}
        association = {"clientAddress": 1, "authentication": {"mechanism": "gmac"}, "security": security}
        push = {"identities": [title.hex().upper()]}
        self.meter(meter, "192.0.2.1", associations={"reader": association}, push=push, **members)

    def energies(self, meter: str) -> list[tuple[int, int]]:
        return wait_for(lambda: readings(self.database, meter).get(ENERGY), f"the energy of {meter}")

    def sender(self, address: str) -> dict:
        items = self.get("/push/senders").json["items"]
        return next((item for item in items if item["address"] == address), {"refusals": {}})


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    folder = tmp_path_factory.mktemp("push")
    port, push_port = free_ports(), free_ports()
    database = folder / "gateway.sqlite"
    command = [
        GATEWAY, "serve", "--auth", "none", "--listen", f"127.0.0.1:{port}", "--database", f"sqlite:///{database}",
        "--push-listen", f"127.0.0.1:{push_port}",
    ]
    with running(command, port, "cosem-gateway serve", folder / "log") as process:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", push_port)) == 0, "listening for pushes")
        yield PushGateway(port, process, push_port, database)


def confirms(answer: bytes) -> bool:
    """Whether an answer is a frame of the wrapper from client 102 to device 1 with a confirmation."""
    return answer[:6] == bytes([0, 1, 0, 102, 0, 1]) and answer[8] == 0x10


@pytest.mark.cell("push: wrapper over TCP and UDP", "gurux client")
@pytest.mark.parametrize("send", [push_tcp, push_udp])
def test_a_message_that_describes_itself_becomes_readings_and_is_confirmed(office, send):
    meter = f"GX-{send.__name__}".replace("_", "-")
    office.meter(meter, "192.0.2.7" if send is push_tcp else "192.0.2.8", push={"identities": [meter], "acceptUnprotected": True})
    assert confirms(send(office.push_port, described(notifier(InterfaceType.WRAPPER), meter.encode(), 1234)))
    assert office.energies(meter) == [(AT, 1234)]


@pytest.mark.cell("push: HDLC", "gurux client")
def test_frames_of_hdlc_become_readings(office):
    office.meter("GX-HDLC", "192.0.2.9", push={"identities": ["GX-HDLC"], "acceptUnprotected": True})
    answer = push_tcp(office.push_port, described(notifier(InterfaceType.HDLC), b"GX-HDLC", 77))
    assert answer[:1] == b"\x7e" and b"\xe6\xe6\x00\x10" in answer
    assert office.energies("GX-HDLC") == [(AT, 77)]


@pytest.mark.cell("push: protected", "gurux client")
def test_a_protected_message_proves_its_meter_and_cannot_be_played_back(office):
    title = b"GRX00001"
    office.protected("GX-SECURE", title)
    message = described(notifier(InterfaceType.WRAPPER, title, 41), b"other", 55)
    answer = push_tcp(office.push_port, message)
    assert answer[8] == 0xDB, "the confirmation is protected as the message was"
    assert office.energies("GX-SECURE") == [(AT, 55)]
    newer = described(notifier(InterfaceType.WRAPPER, title, 42), b"other", 56)
    assert push_tcp(office.push_port, newer)[8] == 0xDB
    push_tcp(office.push_port, message, answers=False, source="127.0.0.41")
    wait_for(lambda: office.sender("127.0.0.41")["refusals"].get("replayed"), "the refusal")
    # The last one again is a repetition, and is confirmed again.
    assert push_tcp(office.push_port, newer)[8] == 0xDB
    assert len(readings(office.database, "GX-SECURE")[ENERGY]) == 1


@pytest.mark.cell("push: values alone", "gurux client")
def test_values_alone_go_by_the_configuration(office):
    office.meter("GX-ALONE", "127.0.0.51", push={"objects": [{"object": "0.0.42.0.0.255", "class": 1}, {"object": ENERGY}]})
    message = alone(notifier(InterfaceType.WRAPPER), b"GX-ALONE", 99)
    assert confirms(push_tcp(office.push_port, message, source="127.0.0.51"))
    assert office.energies("GX-ALONE") == [(AT, 99)]


def test_an_unknown_sender_shows_how_it_can_be_configured(office):
    title = b"GRX00099"
    message = described(notifier(InterfaceType.WRAPPER, title, 3), b"other", 5)
    push_tcp(office.push_port, message, answers=False, source="127.0.0.61")
    wait_for(lambda: office.sender("127.0.0.61")["refusals"].get("unknown-sender"), "the refusal")
    sender = office.sender("127.0.0.61")
    assert sender["state"] == "unknown" and sender["names"] == [title.hex().upper()]
    assert bytes.fromhex(sender["lastOctets"]) == message[:64]


def test_damaged_octets_cost_only_themselves(office):
    office.meter("GX-NOISE", "192.0.2.10", push={"identities": ["GX-NOISE"], "acceptUnprotected": True})
    good = described(notifier(InterfaceType.WRAPPER), b"GX-NOISE", 7)
    assert confirms(push_tcp(office.push_port, b"\x00\x01\x00" + bytes(range(0, 120, 2)) + good[:20] + good, source="127.0.0.71"))
    assert office.energies("GX-NOISE") == [(AT, 7)]
    assert office.sender("127.0.0.71")["losses"]


@pytest.mark.cell("push: what captures mean", "pydlms client")
@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture["name"])
def test_captures_mean_what_the_foreign_decoder_says(office, capture):
    from pydlms.push import decode_notification

    parameters = capture.get("params") or {}
    plain = bytes.fromhex(parameters.get("plaintext") or parameters.get("apdu") or capture["hex"])
    _, records, complete = decode_notification(plain)
    assert complete
    # Where the message says what is what, guesses of the decoder at what is inside of values do not count.
    isDescribed = any(record.class_id is not None for record in records)
    judged = {}
    for record in records:
        if isDescribed and record.class_id is None:
            continue
        raw = record.raw.value if hasattr(record.raw, "value") else record.raw
        if record.short_name is None and isinstance(raw, int) and not isinstance(raw, bool):
            judged[str(record.obis)] = raw
    meter = capture["name"].replace("_", "-")
    names = [bytes.fromhex(parameters["system_title"])] if "system_title" in parameters else []
    if names:
        security = {
            "blockCipherKey": {"hex": parameters["encryption_key"]}, "authenticationKey": {"hex": parameters["authentication_key"]},
        }
        association = {"clientAddress": 1, "authentication": {"mechanism": "gmac"}, "security": security}
        office.meter(meter, "192.0.2.2", associations={"reader": association}, push={"identities": [names[0].hex().upper()]})
    else:
        host = f"127.0.1.{len(meter)}"
        office.meter(meter, host)
    apdu = bytes.fromhex(parameters.get("apdu") or capture["hex"])
    frame = bytes([0, 1, 0, 1, 0, 102]) + len(apdu).to_bytes(2, "big") + apdu
    source = "127.0.0.1" if names else host
    push_tcp(office.push_port, frame, answers=False, source=source)
    ours = wait_for(lambda: readings(office.database, meter), "the readings")
    numbers = {name: rows[-1][1] for name, rows in ours.items() if rows[-1][1] is not None}
    assert judged, "the foreign decoder found numbers"
    for name, value in judged.items():
        assert numbers.get(name) == value, name


def test_a_simulated_meter_pushes_to_its_destination_and_others_understand_it(office, tmp_path):
    port = free_ports()
    setup = "/meters/SIM-1/push-setups/0.1.25.9.0.255"
    objects = [{"class": 1, "object": "0.0.42.0.0.255"}, {"class": 8, "object": "0.0.1.0.0.255"}, {"class": 3, "object": ENERGY}]
    objects = [{**item, "attribute": 2, "dataIndex": 0} for item in objects]

    def push_to(destination: int) -> None:
        sheet = {"objects": objects, "destination": {"transport": 0, "destination": f"127.0.0.1:{destination}", "message": 0}}
        written = office.call("PUT", setup, sheet)
        assert written.status == 200, written.text
        told = office.call("POST", "/meters/SIM-1/objects/0.1.25.9.0.255/methods/1", {}, {"Idempotency-Key": str(destination)})
        assert told.status == 200, told.text

    simulate = [GATEWAY, "simulate", "--port", str(port)]
    with running(simulate, port, "cosem-gateway simulate", tmp_path / "log"):
        office.register("SIM-1", port, 1)
        energy = office.get(f"/meters/SIM-1/objects/{ENERGY}/attributes/2?form=typed&maxAge=0").json["value"]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            push_to(listener.getsockname()[1])
            listener.settimeout(20)
            with listener.accept()[0] as line:
                frame = b"".join(iter(lambda: line.recv(4096), b""))
        reply, notified = GXReplyData(), GXReplyData()
        GXDLMSClient(True, 1, 1, interfaceType=InterfaceType.WRAPPER).getData(GXByteBuffer(frame), reply, notified)
        by_gurux = notified.value
        by_cosem = parse_as_dlms_data(DataNotification.from_bytes(frame[8:]).body)
        assert by_cosem[2] == by_gurux[2] and bytes(by_cosem[0]) == bytes(by_gurux[0])
        assert len(by_gurux) == 3 and 0 <= by_gurux[2] - int(energy["value"]) < 100_000, (by_gurux, energy)
        push_to(office.push_port)

        def pushed() -> list[int]:
            items = office.get("/readings?meter=SIM-1").json["items"]
            return [item["raw"] for item in items if (item["source"], item["object"]["obis"]) == ("push", ENERGY)]

        (stored,) = wait_for(pushed, "the reading that was pushed")
        assert 0 <= stored - by_gurux[2] < 100_000
