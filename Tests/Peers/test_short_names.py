# SPDX-License-Identifier: Apache-2.0
"""Short-name referencing: the gateway with foreign meters, and foreign clients with our simulated meter.

The Python client gurux-dlms 1.0.203 cannot judge everything: in its table of method offsets class 8 begins at 38
hexadecimal, class 7 at 28, and class 3 is missing; and it crashes on answers in blocks (GXReplyData has no
setTotalCount). So methods and blocks are judged by pydlms, and the gurux client reads from a meter whose PDU is large
enough for whole answers. No peer takes a write in blocks, so that only the pydlms client shows them.
"""

from __future__ import annotations

import sys

import pytest
from comparison import CLOCK, compare_attributes, objects_of
from foreign_clients import Access, GuruxClient, PydlmsClient
from processes import GATEWAY, free_ports, running
from test_simulator import runs

SCRATCH = "0.0.96.50.0.255"
SCRATCH_TEXT = "0.0.96.50.1.255"
DENIED = "0.0.96.50.2.255"
DISCONNECTOR = "0.0.96.3.10.255"
LOAD_PROFILE = "1.0.99.1.0.255"
ROWS = 300
BLOCK_CIPHER_KEY = "000102030405060708090A0B0C0D0E0F"
AUTHENTICATION_KEY = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"
ASSOCIATION = 0xFA00  # the base name of the association itself

# name -> (arguments of gurux_meter.py, or None for pydlms; client; password; who judges)
METERS = {
    "gurux-sn-none-256": (["--auth", "none", "--pdu-size", "256", "--any-type"], 16, None, GuruxClient),
    "gurux-sn-low-1024": (["--auth", "low", "--password", "12345678", "--any-type"], 32, "12345678", GuruxClient),
    "pydlms-sn-none": (None, 16, None, PydlmsClient),
    "pydlms-sn-low": (None, 32, "12345678", PydlmsClient),
}
GURUX = [name for name in METERS if name.startswith("gurux")]


def meter_cell(name: str, feature: str):
    """A parameter that fills the cell of a feature with the peer that the name begins with."""
    return pytest.param(name, marks=pytest.mark.cell(feature, f"{name.split('-')[0]} meter"))


def meter_cells(feature: str, names=METERS) -> list:
    return [meter_cell(name, feature) for name in names]


@pytest.fixture(scope="module")
def meters(gateway, start_gurux_meter, pydlms_meter):
    """Every meter of METERS, started and registered with short names; name -> port."""
    ports = {}
    for name, (arguments, client, password, _) in METERS.items():
        ports[name] = (
            pydlms_meter
            if arguments is None
            else start_gurux_meter("--referencing", "sn", "--rows", str(ROWS), *arguments)
        )
        gateway.register(name, ports[name], client, password, keepAlive="PT1S", referencing="short-name")
    return ports


def judge(name: str, port: int):
    _, client, password, judge_class = METERS[name]
    return judge_class(Access(port, client, password, short_names=True))


@pytest.mark.parametrize("name", meter_cells("SN: read, blocks"))
def test_every_attribute_equals_what_the_foreign_client_reads(gateway, meters, name):
    objects = objects_of(gateway, name)
    assert len(objects) >= (62 if name in GURUX else 12)
    assert len({item["shortName"] for item in objects}) == len(objects)
    if name in GURUX:
        assert {item["shortName"] for item in objects if item["class"] == 12} == {ASSOCIATION}
    client = judge(name, meters[name])
    compared = compare_attributes(gateway, name, client)
    client.close()
    assert compared > 2 * len(objects) - 10


@pytest.mark.parametrize("name", meter_cells("SN: several variables"))
def test_several_attributes_come_in_one_answer(gateway, meters, name):
    asked = [item["obis"] for item in objects_of(gateway, name) if item["class"] == 1][:10]

    def values(path: str) -> dict[str, str]:
        items = [{"object": obis, "attribute": 2} for obis in asked]
        answer = gateway.call("POST", path, {"items": items}, {"Cache-Control": "max-age=0"})
        assert answer.status == 200, answer.text
        return {item["object"]["obis"]: item.get("value") for item in answer.json["items"]}

    together = values(f"/meters/{name}/read")
    assert list(together) == asked
    for obis in asked:
        alone = gateway.get(f"/meters/{name}/objects/{obis}/attributes/2?maxAge=0")
        assert alone.json.get("value") == together[obis]


@pytest.mark.parametrize("name", meter_cells("SN: write, blocks", GURUX))
@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"type": "visible-string", "value": "written by the gateway"}, id="text"),
        pytest.param(
            {"type": "structure", "items": [{"type": "long-unsigned", "value": 7}, {"type": "octet-string", "hex": "00FF80"}]},
            id="structure",
        ),
    ],
)
def test_what_is_put_is_read_back(gateway, meters, name, written):
    path = f"/meters/{name}/objects/{SCRATCH}/attributes/2"
    answer = gateway.call("PUT", path, {"value": written})
    assert answer.status == 200, answer.text
    assert gateway.get(f"{path}?form=typed&maxAge=0").json["value"] == written
    client = judge(name, meters[name])
    octets = client.octets(1, SCRATCH, 2)
    client.close()
    assert gateway.get(f"{path}?form=hex").json["value"]["hex"].upper() == octets.hex().upper()


@pytest.mark.parametrize("name", GURUX)
def test_a_denied_write_is_said_to_be_the_meters_refusal(gateway, meters, name):
    path = f"/meters/{name}/objects/{DENIED}/attributes/2"
    answer = gateway.call("PUT", path, {"value": {"type": "unsigned", "value": 2}})
    assert (answer.status, answer.problem) == (403, "denied-by-meter"), answer.text


def invoke(gateway, name: str, obis: str, method: int, key: str, parameter: dict):
    return gateway.call(
        "POST", f"/meters/{name}/objects/{obis}/methods/{method}", {"parameter": parameter},
        {"Idempotency-Key": f"{name}-{key}"},
    )


@pytest.mark.parametrize("name", meter_cells("SN: methods", GURUX))
def test_methods_are_invoked_and_refused_by_the_meter(gateway, meters, name):
    # Of a script table both sides know the offset.
    script = "0.0.10.0.100.255"
    assert invoke(gateway, name, script, 1, "good", {"type": "long-unsigned", "value": 1}).status == 200
    refused = invoke(gateway, name, script, 1, "bad", {"type": "long-unsigned", "value": 9})
    assert refused.status >= 400 and refused.json["dlms"]["result"] == "scope-of-access-violated", refused.text


@pytest.mark.parametrize("name", meter_cells("SN: methods", ["pydlms-sn-none"]))
def test_a_method_of_pydlms_is_at_its_offset(gateway, meters, name):
    answer = invoke(gateway, name, CLOCK, 6, "shift", {"type": "long", "value": 30})
    assert answer.status == 200, answer.text


@pytest.mark.parametrize("name", meter_cells("SN: parameterized access", GURUX))
def test_profile_rows_are_selected_by_the_meter(gateway, meters, name):
    base = f"/meters/{name}/profiles/{LOAD_PROFILE}/rows"
    by_range = gateway.get(f"{base}?from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z").json
    assert len(by_range["rows"]) == 96
    assert by_range["rows"][0]["values"][-1] == 1_000_000 + 7 * 96
    by_entries = gateway.get(f"{base}?entries=10").json
    assert [row["values"][-1] for row in by_entries["rows"]] == [1_000_000 + 7 * n for n in range(ROWS - 10, ROWS)]


@pytest.mark.parametrize("name", meter_cells("SN: parameterized access", ["pydlms-sn-none"]))
def test_profile_rows_of_pydlms_are_those_its_own_client_reads(gateway, meters, name):
    answer = gateway.get(f"/meters/{name}/profiles/{LOAD_PROFILE}/rows?entries=5")
    assert answer.status == 200, answer.text
    rows = answer.json["rows"]
    assert len(rows) == 5
    client = judge(name, meters[name])
    buffer = client.octets(7, LOAD_PROFILE, 2)
    client.close()
    assert buffer.endswith(bytes.fromhex(rows[-1]["rawTime"]) + b"\x06" + rows[-1]["values"][-1].to_bytes(4, "big"))


@pytest.mark.parametrize("name", meter_cells("referencing found out"))
def test_referencing_auto_finds_out_what_the_meter_speaks(gateway, meters, name):
    _, client, password, _ = METERS[name]
    gateway.register(f"{name}-auto", meters[name], client, password, keepAlive="PT1S", referencing="auto")
    objects = objects_of(gateway, f"{name}-auto")
    # pydlms speaks both, and logical names are tried first.
    uses_short_names = name in GURUX
    assert all((item["shortName"] is not None) == uses_short_names for item in objects)
    for _ in range(2):
        answer = gateway.get(f"/meters/{name}-auto/objects/1.0.1.8.0.255/attributes/2?form=hex&maxAge=0")
        assert answer.status == 200, answer.text


@pytest.fixture(scope="module")
def ciphering_pydlms_meter(tmp_path_factory) -> int:
    """The simulator of pydlms with keys; gives its port."""
    port = free_ports()
    command = [
        sys.executable, "-m", "pydlms.simulator", "--host", "127.0.0.1", "--port", str(port), "--key", BLOCK_CIPHER_KEY,
        "--auth-key", AUTHENTICATION_KEY, "--client", "1:5", "--client", "33:3:12345678", "--client", "32:1:12345678",
    ]
    with running(command, port, "pydlms.simulator", tmp_path_factory.mktemp("pydlms") / "log"):
        yield port


@pytest.mark.parametrize(
    ("mechanism", "client"),
    [
        pytest.param("gmac", 1, marks=pytest.mark.cell("HLS 5 (GMAC)", "pydlms meter")),
        pytest.param("md5", 33, marks=pytest.mark.cell("HLS 3 (MD5)", "pydlms meter")),
        pytest.param("low", 32, marks=pytest.mark.cell("LLS", "pydlms meter")),
    ],
)
@pytest.mark.cell("SN under protection", "pydlms meter")
def test_short_names_are_protected_as_logical_names_are(gateway, ciphering_pydlms_meter, mechanism, client):
    name = f"pydlms-sn-{mechanism}-ciphered"
    authentication = {"mechanism": mechanism}
    if mechanism != "gmac":
        authentication["secret"] = {"text": "12345678"}
    security = {
        "suite": 0, "clientSystemTitle": "4D4D4D0000BC614E", "blockCipherKey": {"hex": BLOCK_CIPHER_KEY},
        "authenticationKey": {"hex": AUTHENTICATION_KEY},
    }
    answer = gateway.call(
        "PUT", f"/meters/{name}",
        {
            "channel": {"type": "tcp", "host": "127.0.0.1", "port": ciphering_pydlms_meter},
            "referencing": "short-name",
            "associations": {
                "reader": {"clientAddress": client, "authentication": authentication, "security": security},
            },
        },
    )
    assert answer.status == 201, answer.text
    objects = objects_of(gateway, name)
    assert len(objects) >= 12 and all(item["shortName"] for item in objects)
    rows = gateway.get(f"/meters/{name}/profiles/{LOAD_PROFILE}/rows?entries=5")
    assert rows.status == 200 and len(rows.json["rows"]) == 5, rows.text


# Foreign clients and our simulated meter


@pytest.fixture(scope="module")
def wide_simulator(tmp_path_factory) -> int:
    """One of our meters with the longest PDU, for a client that cannot put blocks together; gives its port."""
    port = free_ports()
    command = [GATEWAY, "simulate", "--listen", "127.0.0.1", "--port", str(port), "--pdu-size", "65535"]
    with running(command, port, "cosem-gateway simulate", tmp_path_factory.mktemp("simulate") / "log"):
        yield port


@pytest.fixture(scope="module")
def narrow_simulator(tmp_path_factory) -> int:
    """One of our meters with a short PDU, for blocks in both directions; gives its port."""
    port = free_ports()
    command = [GATEWAY, "simulate", "--listen", "127.0.0.1", "--port", str(port), "--pdu-size", "128"]
    with running(command, port, "cosem-gateway simulate", tmp_path_factory.mktemp("simulate") / "log"):
        yield port


@pytest.mark.parametrize(
    "client_class",
    [
        pytest.param(PydlmsClient, marks=pytest.mark.cell("SN: read, blocks", "pydlms client")),
        pytest.param(GuruxClient, marks=pytest.mark.cell("SN: read, blocks", "gurux client")),
    ],
)
def test_a_foreign_client_reads_the_same_by_short_names_as_by_logical_names(wide_simulator, narrow_simulator, client_class):
    port = narrow_simulator if client_class is PydlmsClient else wide_simulator
    by_logical_names = PydlmsClient(Access(port))
    listed = [
        (int(entry.class_id), str(entry.logical_name), attribute.attribute_id)
        for entry in by_logical_names.association_view()
        for attribute in entry.rights.attributes
        if attribute.readable
    ]
    by_short_names = client_class(Access(port, short_names=True))
    compared = 0
    for class_id, obis, attribute in listed:
        if (class_id, obis) == (15, "0.0.40.0.0.255") or runs(class_id, attribute):
            continue
        expected = by_logical_names.octets(class_id, obis, attribute)
        try:
            assert by_short_names.octets(class_id, obis, attribute) == expected, (class_id, obis, attribute)
        except ValueError:
            continue  # a class this client does not know
        compared += 1
    by_logical_names.close()
    by_short_names.close()
    assert compared >= 150


@pytest.mark.cell("SN: read, blocks", "pydlms client")
def test_a_long_profile_passes_in_blocks(narrow_simulator):
    client = PydlmsClient(Access(narrow_simulator, short_names=True))
    octets = client.octets(7, LOAD_PROFILE, 2)
    client.close()
    assert octets[0] == 1 and octets[1] == 0x82 and int.from_bytes(octets[2:4], "big") >= 3000


@pytest.mark.cell("SN: write, blocks", "pydlms client")
@pytest.mark.parametrize("length", [10, 600])
def test_what_pydlms_writes_is_kept(narrow_simulator, length):
    from pydlms import DlmsData

    client = PydlmsClient(Access(narrow_simulator, client=1, short_names=True))
    written = bytes(n % 251 for n in range(length))
    client.write(1, SCRATCH_TEXT, 2, DlmsData.octet_string(written))
    assert client.octets(1, SCRATCH_TEXT, 2).endswith(written)
    client.close()


@pytest.mark.cell("SN: methods", "pydlms client")
def test_what_pydlms_invokes_is_done(narrow_simulator):
    from pydlms import DlmsData

    client = PydlmsClient(Access(narrow_simulator, client=1, short_names=True))
    for method, state in ((1, 0), (2, 1)):
        client.invoke(70, DISCONNECTOR, method, DlmsData.int8(0))
        assert client.octets(70, DISCONNECTOR, 3) == bytes([0x16, state])
    client.close()


@pytest.mark.cell("SN: several variables", "pydlms client")
def test_several_variables_are_answered_in_their_order(narrow_simulator):
    client = PydlmsClient(Access(narrow_simulator, short_names=True))
    first, second = client.octets(1, "0.0.42.0.0.255", 2), client.octets(3, "1.0.1.8.0.255", 3)
    assert client.octets_of([(3, "1.0.1.8.0.255", 3), (1, "0.0.42.0.0.255", 2)]) == [second, first]
    client.close()


