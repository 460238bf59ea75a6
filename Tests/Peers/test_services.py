# SPDX-License-Identifier: Apache-2.0
"""ACCESS, general blocks, lists and notifications: our engine against foreign meters, foreign clients on our simulator."""

from __future__ import annotations

import os
import subprocess

import pytest
from foreign_clients import Access, GuruxClient
from processes import GATEWAY, ROOT

PROBE = os.environ.get("COSEM_PROBE_BINARY", str(ROOT / ".build/debug/meter-probe"))
CLOCK, SERIAL = "0.0.1.0.0.255", "0.0.96.1.0.255"
PROFILE = "1.0.99.1.0.255"
SCRATCH = ("0.0.96.50.0.255", "0.0.96.50.1.255")  # of gurux_meter.py: an integer and a text that may be written
PUSH = "0.1.25.9.0.255"  # of our simulator


def probe(port: int, *arguments: str) -> list[str]:
    """The lines that one request of our engine comes to, without the first one, which tells what was agreed."""
    command = [PROBE, "--port", str(port), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[1:]


def results(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith(("learned", "requests", "unsolicited"))]


def requests(lines: list[str]) -> int:
    return next(int(line.split()[1]) for line in lines if line.startswith("requests"))


@pytest.fixture
def pydlms_services():
    """Starts the meter of pydlms in this process; gives the meter and its port. All end with the test."""
    from pydlms import Mechanism
    from pydlms.association import Conformance
    from pydlms.simulator import ClientProfile, example_meter, serve

    servers = []

    def start(pdu: int = 128, without: tuple[str, ...] = (), **options):
        meter = example_meter(max_pdu=pdu)
        meter.clients = {16: ClientProfile(), 32: ClientProfile(Mechanism.LLS, b"12345678")}
        meter.conformance |= Conformance.GENERAL_BLOCK_TRANSFER
        for name in without:
            meter.conformance &= ~Conformance[name]
        for name, value in options.items():
            setattr(meter, name, value)
        server = serve(meter)
        servers.append(server)
        return meter, server.server_address[1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


READER = ("--client", "32", "--password", "12345678")


@pytest.fixture
def profile_octets(pydlms_services) -> str:
    """The profile of the pydlms meter as its own client reads it, in hexadecimal."""
    from pydlms import DlmsClient, encode_data

    _, port = pydlms_services(pdu=65535)
    client = DlmsClient.tcp("127.0.0.1", port)
    client.connect()
    octets = bytes(encode_data(client.get(PROFILE, 7, 2)))
    client.close()
    return octets.hex().upper()


@pytest.mark.cell("general block transfer, answers", "pydlms meter")
@pytest.mark.parametrize("window", [1, 2, 5, 63])
@pytest.mark.parametrize("use", ["never", "always"])
def test_a_profile_comes_in_general_blocks_with_any_window(pydlms_services, profile_octets, window, use):
    _, port = pydlms_services(gbt_window=3)
    lines = probe(
        port, "--general-blocks", use, "--window", str(window), "--max-receive", "128", f"get=7:{PROFILE}:2"
    )
    assert results(lines) == [f"get {profile_octets}"]


@pytest.mark.cell("general block transfer, answers", "pydlms meter")
@pytest.mark.parametrize("lost", [{1}, {2}, {3, 4}, {5}, {2, 7, 8, 9}])
def test_blocks_that_a_meter_loses_are_asked_for_again(pydlms_services, profile_octets, lost):
    meter, port = pydlms_services(gbt_window=4, drop_gbt_blocks=set(lost))
    lines = probe(
        port, "--general-blocks", "always", "--window", "4", "--max-receive", "128", "--response-seconds", "1",
        f"get=7:{PROFILE}:2",
    )
    assert results(lines) == [f"get {profile_octets}"], (lost, lines)


@pytest.mark.cell("general block transfer, requests", "pydlms meter")
@pytest.mark.parametrize("window", [1, 3, 63])
@pytest.mark.parametrize("octets", [64, 200, 1000])
def test_a_long_write_goes_in_general_blocks(pydlms_services, window, octets):
    _, port = pydlms_services(pdu=64, gbt_window=window)
    length = f"{octets:02X}" if octets < 128 else f"81{octets:02X}" if octets < 256 else f"82{octets:04X}"
    value = "09" + length + "A5" * octets
    lines = probe(port, *READER, "--general-blocks", "for-long-requests", f"set=1:{SERIAL}:2:{value}")
    assert results(lines) == ["set success"], lines
    assert results(probe(port, *READER, f"get=1:{SERIAL}:2")) == [f"get {value}"]


@pytest.mark.cell("ACCESS", "pydlms meter")
def test_access_reads_writes_and_invokes_in_one_request(pydlms_services):
    meter, port = pydlms_services(pdu=1024)
    lines = probe(
        port, *READER, "--access", f"get=8:{CLOCK}:2", f"set=1:{SERIAL}:2:0901AA", f"get=1:{SERIAL}:2",
        "action=70:0.0.96.3.10.255:1:0F00", f"get=8:{CLOCK}:99",
    )
    read = results(lines)
    assert read[0].startswith("get 090C")
    assert read[1:3] == ["set success", "get 0901AA"]
    assert read[3].startswith("action ")
    assert read[4] != "get success" and not read[4].startswith("get 0")
    assert requests(lines) == 2  # the association and the request


@pytest.mark.cell("ACCESS", "pydlms meter")
def test_access_stops_at_an_error_when_asked_to(pydlms_services):
    _, port = pydlms_services(pdu=1024)
    items = [f"get=8:{CLOCK}:99", f"get=8:{CLOCK}:2"]
    assert results(probe(port, "--access", *items))[1].startswith("get 090C")
    assert results(probe(port, "--access", "--break-on-error", *items))[1] in ("get other-reason", "skipped")


@pytest.mark.cell("ACCESS", "pydlms meter")
@pytest.mark.cell("general block transfer, requests", "pydlms meter")
def test_a_long_access_goes_and_comes_in_general_blocks(pydlms_services):
    _, port = pydlms_services(pdu=64, gbt_window=4)
    items = [f"get=8:{CLOCK}:2"] * 30
    lines = probe(port, "--access", "--general-blocks", "where-needed", "--max-receive", "64", *items)
    assert len(results(lines)) == 30
    assert len(set(results(lines))) == 1


@pytest.mark.cell("ACCESS", "pydlms meter")
def test_several_reads_go_by_access_where_lists_were_not_agreed(pydlms_services):
    _, port = pydlms_services(pdu=1024)
    lines = probe(port, "--without-lists", f"get=8:{CLOCK}:2", f"get=1:{SERIAL}:2")
    assert len(results(lines)) == 2
    assert requests(lines) == 2


@pytest.mark.cell("LN: SET with-list", "pydlms meter")
@pytest.mark.parametrize("blocks", [False, True])
def test_pydlms_meter_takes_a_list_of_writes(pydlms_services, blocks):
    _, port = pydlms_services(pdu=96)
    values = {SERIAL: "0920" + "A5" * 32, "0.0.42.0.0.255": "0920" + "5A" * 32}
    items = [f"set=1:{name}:2:{value}" for name, value in values.items()]
    lines = probe(port, *READER, *(["--lists-in-blocks"] if blocks else []), *items)
    assert results(lines) == ["set success", "set success"], lines
    for name, value in values.items():
        assert results(probe(port, *READER, f"get=1:{name}:2")) == [f"get {value}"]


@pytest.mark.cell("LN: SET with-list", "gurux meter")
@pytest.mark.parametrize("pdu", [64, 1024])
@pytest.mark.parametrize("blocks", [False, True])
def test_gurux_meter_takes_a_list_of_writes(start_gurux_meter, pdu, blocks):
    port = start_gurux_meter("--auth", "none", "--pdu-size", str(pdu), "--rows", "10")
    text = "written by a list".encode().hex().upper()
    items = [f"set=1:{SCRATCH[0]}:2:0500000007", f"set=1:{SCRATCH[1]}:2:0911{text}"]
    lines = probe(port, *(["--lists-in-blocks"] if blocks else []), *items)
    assert results(lines) == ["set success", "set success"], lines
    read = results(probe(port, f"get=1:{SCRATCH[0]}:2", f"get=1:{SCRATCH[1]}:2"))
    assert read == ["get 0500000007", f"get 0911{text}"]


@pytest.mark.cell("LN: ACTION with-list", "gurux meter")
def test_gurux_meter_invokes_a_list_of_methods(start_gurux_meter):
    port = start_gurux_meter("--auth", "none", "--rows", "10")
    lines = probe(port, "action=70:0.0.96.3.10.255:1:0F00", "action=70:0.0.96.3.10.255:2:0F00")
    assert results(lines) == ["action success", "action success"], lines


@pytest.mark.cell("LN: ACTION with-list", "pydlms meter")
def test_pydlms_meter_invokes_a_list_of_methods(pydlms_services):
    _, port = pydlms_services(pdu=1024)
    lines = probe(port, *READER, "action=70:0.0.96.3.10.255:1:0F00", "action=70:0.0.96.3.10.255:2:0F00")
    assert len(results(lines)) == 2 and all(line.startswith("action ") for line in results(lines)), lines
    assert requests(lines) == 2


@pytest.mark.cell("event and data notification", "pydlms meter")
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_push_between_request_and_answer_is_passed_on(pydlms_services, confirmed):
    meter, port = pydlms_services(pdu=1024)
    push = bytes.fromhex(("0F40000007" if confirmed else "0F00000007") + "00" + "0202110209020102")
    meter.push_before_response(push)
    answer, confirmations = meter.handle_all, []

    def handle(apdu, session):
        # The meter of pydlms does not know what it asked for: it would answer the confirmation with an exception-response,
        # which nobody can tell from the answer to the next request.
        if apdu[:1] != b"\x10":
            return answer(apdu, session)
        confirmations.append(apdu)
        return []

    meter.handle_all = handle
    # The meter of pydlms pushes before its first answer, the one to the AARQ.
    lines = probe(port, f"get=8:{CLOCK}:2")
    assert [line for line in lines if line.startswith("get 090C")], lines
    assert [apdu[:5].hex() for apdu in confirmations] == (["1040000007"] if confirmed else [])


# Foreign clients on our simulator.


def pydlms_client(port: int, client: int = 32, **settings):
    from pydlms import DlmsClient, Mechanism

    return DlmsClient.tcp(
        "127.0.0.1", port, client_sap=client, mechanism=Mechanism.LLS, password="12345678", **settings
    ).connect()


@pytest.mark.cell("general block transfer, answers", "pydlms client")
@pytest.mark.parametrize("window", [1, 3, 63])
@pytest.mark.parametrize("pdu", [128, 512])
def test_pydlms_reads_a_profile_from_the_simulator_in_general_blocks(simulator, window, pdu):
    plain = pydlms_client(simulator)
    expected = plain.get(PROFILE, 7, 2)
    plain.close()
    client = pydlms_client(simulator, propose_gbt=True, gbt_window=window, max_receive_pdu_size=pdu)
    try:
        read = client.get(PROFILE, 7, 2)
    finally:
        client.close()
    assert read == expected or len(read.value) >= len(expected.value)  # a quarter of an hour may have ended


@pytest.mark.cell("ACCESS", "pydlms client")
@pytest.mark.cell("general block transfer, requests", "pydlms client")
@pytest.mark.parametrize("count", [1, 10, 200])
def test_pydlms_uses_access_on_the_simulator(simulator, count):
    from pydlms import AccessGet

    client = pydlms_client(simulator, propose_gbt=True, propose_access=True, gbt_window=4)
    outcomes = client.access([AccessGet(SERIAL, 1, 2)] * count + [AccessGet("1.0.99.99.99.255", 1, 2)])
    client.close()
    assert [int(outcome.result) for outcome in outcomes[:-1]] == [0] * count
    assert len({outcome.data.value for outcome in outcomes[:-1]}) == 1
    assert int(outcomes[-1].result) == 4


@pytest.mark.cell("ACCESS", "pydlms client")
def test_the_simulator_stops_an_access_at_an_error(simulator):
    from pydlms import AccessGet

    client = pydlms_client(simulator, propose_access=True)
    items = [AccessGet("1.0.99.99.99.255", 1, 2), AccessGet(SERIAL, 1, 2)]
    assert [int(outcome.result) for outcome in client.access(items)] == [4, 0]
    assert [int(outcome.result) for outcome in client.access(items, break_on_error=True)] == [4, 250]
    client.close()


@pytest.mark.cell("LN: SET with-list", "pydlms client")
@pytest.mark.cell("LN: ACTION with-list", "pydlms client")
def test_pydlms_writes_and_invokes_lists_on_the_simulator(simulator):
    from pydlms import DlmsData

    client = pydlms_client(simulator, client=1)
    before = client.get("0.0.96.50.0.255", 1, 2)
    written = client.set_many(
        [("0.0.96.50.0.255", 1, 2, DlmsData(before.tag, 77)), (SERIAL, 1, 2, DlmsData(9, b"no"))]
    )
    assert [int(result) for result in written] == [0, 3]
    assert client.get("0.0.96.50.0.255", 1, 2).value == 77
    outcomes = client.action_many([(PUSH, 40, 1, DlmsData(15, 0)), ("0.0.96.3.10.255", 70, 99, DlmsData(15, 0))])
    assert outcomes[0] is None
    assert int(outcomes[1]) == 4
    client.close()


@pytest.mark.cell("event and data notification", "pydlms client")
def test_the_simulator_pushes_to_the_client_that_tells_it_to(simulator):
    from pydlms import DlmsData
    from pydlms.association import Conformance

    client = pydlms_client(simulator, client=1, conformance=Conformance(0x007E9F | 0x80))
    client.action(PUSH, 40, 1, DlmsData(15, 0))
    message = client.read_push(timeout=10)
    client.close()
    assert message is not None


@pytest.mark.cell("LN: GET with-list", "gurux client")
def test_gurux_reads_a_list_from_the_simulator(simulator):
    client = GuruxClient(Access(simulator))
    single = client.octets(1, SERIAL, 2)
    values = client.octet_strings([(SERIAL, 2), ("0.0.42.0.0.255", 2), (SERIAL, 2)])
    client.close()
    assert single[2:] == values[0] == values[2]


def test_the_gateway_reads_all_attributes_at_once_and_passes_negative_numbers_on(gateway, simulator):
    gateway.register("services", simulator)
    whole = gateway.get(f"/meters/services/objects/{SERIAL}/attributes/0?form=typed")
    assert whole.status == 200, whole.text
    assert [item["type"] for item in whole.json["value"]["items"]] == ["octet-string", "octet-string"]
    negative = gateway.get(f"/meters/services/objects/{SERIAL}/attributes/-1")
    assert negative.status == 404, negative.text
    assert negative.problem == "attribute-undefined"
