# SPDX-License-Identifier: Apache-2.0
"""IEC 62056-21: a foreign client and the gateway read the same simulated text meters, over TCP and over a serial line
whose speed changes; the gateway reads a foreign HDLC meter behind a sign-on of mode E."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from iec62056_21 import messages
from iec62056_21.client import Iec6205621Client
from optical_meter import OpticalMeter
from processes import GATEWAY, free_ports, running

PASSWORD = "12345678"
CLIENT = "iec62056-21 client"
SCRATCH = "0.0.96.50.0.255"


@pytest.fixture(scope="module")
def text_line(tmp_path_factory):
    """Text meters: number 0 at a pseudoterminal, 1 and 2 at TCP ports, 3 in mode E at a pseudoterminal."""
    folder = tmp_path_factory.mktemp("text")
    port = free_ports(2)
    line, optical = folder / "line", folder / "optical"
    # The foreign client takes 0.75 s to change its speed; a meter may take up to 1.5 s to react.
    slow = {"quirks": {"reactionTime": "PT0.9S"}}
    scenario = {
        "name": "text meters",
        "lines": [
            {
                "listen": {"type": "pseudoterminal", "path": str(line)},
                "framing": "iec62056-21",
                "meters": [{"number": 0, **slow}],
            },
            {"listen": {"type": "tcp", "port": port}, "framing": "iec62056-21", "meters": [{"number": 1}]},
            {"listen": {"type": "tcp", "port": port + 1}, "framing": "iec62056-21", "meters": [{"number": 2}]},
            {
                "listen": {"type": "pseudoterminal", "path": str(optical)},
                "framing": "hdlc-mode-e",
                "meters": [{"number": 3}],
            },
        ],
    }
    file = folder / "scenario.json"
    file.write_text(json.dumps(scenario))
    with running([GATEWAY, "simulate", "--scenario", str(file)], port + 1, "cosem-gateway simulate", folder / "log"):
        yield {"serial": line, "tcp": port, "writable": port + 1, "optical": optical}


@contextlib.contextmanager
def foreign(text_line, medium: str):
    if medium == "serial":
        client = Iec6205621Client.with_serial_transport(str(text_line["serial"]), password=PASSWORD)
    else:
        client = Iec6205621Client.with_tcp_transport(("127.0.0.1", text_line[medium]), password=PASSWORD)
    client.connect()
    try:
        yield client
    finally:
        client.disconnect()
        # A meter keeps the speed of a session for a moment.
        time.sleep(2.5)


def give_password(client: Iec6205621Client) -> None:
    """What the client's send_password would do if it did not call a constructor without an argument that it needs."""
    command = messages.CommandMessage("P", 1, messages.DataSet(address="", value=PASSWORD))
    client.transport.send(command.to_bytes())
    assert client._recv_ack() == "\x06"


def readout(text_line, medium: str) -> dict[str, tuple[str, str | None]]:
    with foreign(text_line, medium) as client:
        return {entry.address: (entry.value, entry.unit) for entry in client.standard_readout().data}


def register_text(gateway, name: str, channel: dict, framing: str = "iec62056-21", **members) -> None:
    configuration = {
        "channel": channel,
        "framing": framing,
        "associations": {"reader": {"authentication": {"mechanism": "low", "secret": {"text": PASSWORD}}}},
        "timeouts": {"connect": "PT5S", "response": "PT4S"},
        "keepAlive": "PT1S",
        **members,
    }
    answer = gateway.call("PUT", f"/meters/{name}", configuration, {"If-None-Match": "*"})
    assert answer.status == 201, answer.text


# MARK: A foreign client reads our text meters


@pytest.mark.parametrize("medium", ["serial", "tcp"])
@pytest.mark.cell("IEC 62056-21: readout, mode C", CLIENT)
def test_a_foreign_client_reads_out(text_line, medium):
    data = readout(text_line, medium)
    number = {"serial": "26000001", "tcp": "26000002"}[medium]
    assert data["0.0.0"] == (number, None)
    assert data["1.8.0"][1] == "kWh"
    total = float(data["1.8.0"][0])
    assert total == pytest.approx(float(data["1.8.1"][0]) + float(data["1.8.2"][0]), abs=0.002)


@pytest.mark.parametrize("medium", ["serial", "tcp"])
@pytest.mark.cell("IEC 62056-21: programming mode", CLIENT)
def test_a_foreign_client_reads_single_values(text_line, medium):
    with foreign(text_line, medium) as client:
        challenge = client.access_programming_mode()
        assert challenge.command == "P"
        give_password(client)
        value = client.read_single_value("1.8.0")
        assert value.unit == "kWh"
        client.send_break()


@pytest.mark.cell("IEC 62056-21: programming mode", CLIENT)
def test_a_foreign_client_sets_the_clock(text_line):
    with foreign(text_line, "writable") as client:
        client.access_programming_mode()
        give_password(client)
        client.write_single_value("0.9.1", "120000")
        assert client.read_single_value("0.9.1").value.startswith("1200")
        client.send_break()


# MARK: The gateway reads the same meters


@pytest.mark.cell("IEC 62056-21: readout, mode C", CLIENT)
def test_the_gateway_sees_what_a_foreign_client_sees(gateway, text_line):
    register_text(gateway, "text-tcp", {"type": "tcp", "host": "127.0.0.1", "port": text_line["tcp"]})
    before = readout(text_line, "tcp")
    answer = gateway.call("POST", "/meters/text-tcp/readout")
    assert answer.status == 200, answer.text
    ours = {item["address"]: item["raw"][0] for item in answer.json["items"]}
    assert ours["1.8.0*01"] == {"text": before["1.8.0*01"][0], "unit": "kWh"}
    assert ours["0.0.0"]["text"] == before["0.0.0"][0]
    value = gateway.get("/meters/text-tcp/objects/1.0.1.8.0.255/attributes/2").json["value"]
    assert value["unit"] == "Wh"
    assert value["value"] == pytest.approx(float(before["1.8.0"][0]) * 1000, abs=50)
    time.sleep(2.5)


def test_the_gateway_reads_over_a_line_whose_speed_changes(gateway, text_line):
    register_text(gateway, "text-serial", {"type": "serial", "device": str(text_line["serial"])})
    answer = gateway.call("POST", "/meters/text-serial/readout")
    assert answer.status == 200, answer.text
    items = {item["address"]: item["raw"][0] for item in answer.json["items"]}
    assert items["0.0.0"]["text"] == "26000001"
    assert items["1.8.0"]["unit"] == "kWh"


def test_the_gateway_says_that_the_password_is_wrong(gateway, text_line):
    register_text(
        gateway,
        "text-wrong",
        {"type": "tcp", "host": "127.0.0.1", "port": text_line["writable"]},
        associations={"reader": {"authentication": {"mechanism": "low", "secret": {"text": "00000000"}}}},
    )
    answer = gateway.get("/meters/text-wrong/profiles/1.0.99.1.0.255/rows?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z")
    assert answer.problem == "authentication-failed-at-meter", answer.text
    assert "00000000" not in answer.text


# MARK: Mode E


@pytest.mark.cell("IEC 62056-21: mode E", "gurux meter")
def test_the_gateway_signs_on_to_a_foreign_hdlc_meter(gateway, start_gurux_meter):
    meter = OpticalMeter(start_gurux_meter("--auth", "low", "--password", PASSWORD, "--interface", "hdlc"))
    try:
        register_text(
            gateway,
            "optical-gurux",
            {"type": "tcp", "host": "127.0.0.1", "port": meter.port},
            framing="hdlc-mode-e",
            address={"logicalDevice": 1, "device": "4711"},
            associations={
                "reader": {
                    "clientAddress": 16,
                    "authentication": {"mechanism": "low", "secret": {"text": PASSWORD}},
                }
            },
        )
        answer = gateway.get(f"/meters/optical-gurux/objects/{SCRATCH}/attributes/1")
        assert answer.status == 200, answer.text
        assert meter.requests == [b"/?4711!\r\n"]
        assert meter.options == [bytes.fromhex("063235320D0A")]
    finally:
        meter.close()


def test_the_gateway_goes_on_with_hdlc_at_another_speed(gateway, text_line):
    register_text(
        gateway,
        "optical-simulated",
        {"type": "serial", "device": str(text_line["optical"])},
        framing="hdlc-mode-e",
        address={"logicalDevice": 1},
        associations={
            "reader": {"clientAddress": 32, "authentication": {"mechanism": "low", "secret": {"text": PASSWORD}}}
        },
    )
    answer = gateway.get("/meters/optical-simulated/objects/0.0.96.1.0.255/attributes/2")
    assert answer.status == 200, answer.text
    assert "26000004" in answer.text
