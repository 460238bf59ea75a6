# SPDX-License-Identifier: Apache-2.0
"""HDLC over TCP: the gateway reads foreign meters, and foreign clients read our simulated meters."""

from __future__ import annotations

import contextlib
import sys

import pytest
from foreign_clients import Access, DlmsCosemClient, GuruxClient, Link, PydlmsClient
from noisy_line import ForgetfulLine, NoisyLine
from processes import GATEWAY, free_ports, running
from protection import Protection

SCRATCH = "0.0.96.50.0.255"
LOAD_PROFILE = "1.0.99.1.0.255"
ROWS = 1500
SECRET = "12345678"
BLOCK_CIPHER_KEY = "000102030405060708090A0B0C0D0E0F"
AUTHENTICATION_KEY = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"


# MARK: The gateway reads foreign meters

GURUX_METERS = {
    f"gurux-{referencing}-{protection}-{size}-{information}": (referencing, protection, size, information)
    for referencing in ("ln", "sn")
    for protection in ("none", "authenc")
    for size in (256, 1024)
    for information in (128, 1000)
}


def register_hdlc(gateway, name: str, port: int, association: dict, referencing: str = "ln", **members) -> None:
    configuration = {
        "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
        "framing": "hdlc",
        "address": {"logicalDevice": 1},
        "referencing": {"ln": "logical-name", "sn": "short-name"}[referencing],
        "associations": {"reader": association},
        "timeouts": {"connect": "PT5S", "response": "PT4S"},
        "keepAlive": "PT1S",
        **members,
    }
    answer = gateway.call("PUT", f"/meters/{name}", configuration, {"If-None-Match": "*"})
    assert answer.status == 201, answer.text


def plain(client: int = 16, password: str | None = None) -> dict:
    mechanism = {"mechanism": "low", "secret": {"text": password}} if password else {"mechanism": "none"}
    return {"clientAddress": client, "authentication": mechanism}


def protected() -> dict:
    return {
        "clientAddress": 16,
        "authentication": {"mechanism": "gmac"},
        "security": {
            "suite": 0,
            "protection": ["authenticated", "encrypted"],
            "clientSystemTitle": "4D4D4D0000BC614E",
            "blockCipherKey": {"hex": BLOCK_CIPHER_KEY},
            "authenticationKey": {"hex": AUTHENTICATION_KEY},
        },
    }


def cells(name: str) -> list:
    referencing, protection, _, information = GURUX_METERS[name]
    features = [f"HDLC: link, {referencing.upper()}", "HDLC: segments"]
    if protection != "none":
        features.append("HDLC: protected")
    return [pytest.mark.cell(feature, "gurux meter") for feature in features]


@pytest.mark.parametrize("name", [pytest.param(name, marks=cells(name)) for name in GURUX_METERS])
def test_a_foreign_meter_is_read_and_written_in_segments(gateway, start_gurux_meter, name):
    referencing, protection, size, information = GURUX_METERS[name]
    security = [] if protection == "none" else [
        "--security", protection, "--block-cipher-key", BLOCK_CIPHER_KEY, "--auth-key", AUTHENTICATION_KEY,
    ]
    port = start_gurux_meter(
        "--interface", "hdlc", "--hdlc-info", str(information), "--referencing", referencing, "--rows", str(ROWS),
        "--auth", "none" if protection == "none" else "high-gmac", "--pdu-size", str(size), "--any-type", *security,
    )
    register_hdlc(gateway, name, port, plain() if protection == "none" else protected(), referencing)
    base = f"/meters/{name}"
    objects = gateway.get(f"{base}/objects")
    assert objects.status == 200, objects.text
    assert len(objects.json["items"]) >= 50
    assert gateway.get(f"{base}/objects/1.0.32.7.0.255/attributes/2").json["value"]["value"] == 230.1
    rows = gateway.get(f"{base}/profiles/{LOAD_PROFILE}/rows?entries={ROWS}", timeout=120)
    assert rows.status == 200, rows.text
    assert [row["values"][-1] for row in rows.json["rows"]] == [1_000_000 + 7 * n for n in range(ROWS)]
    # Short-name blocks of writes are not in this meter.
    written = {"type": "octet-string", "hex": "7EA5" * (100 if referencing == "sn" else 2000)}
    path = f"{base}/objects/{SCRATCH}/attributes/2"
    put = gateway.call("PUT", path, {"value": written})
    assert put.status == 200, put.text
    assert gateway.get(f"{path}?form=typed&maxAge=0").json["value"] == written


@pytest.fixture
def start_pydlms_meter(tmp_path):
    """Start the simulator of pydlms over HDLC with further arguments; gives its port."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> int:
            port = free_ports()
            command = [
                sys.executable, "-m", "pydlms.simulator", "--host", "127.0.0.1", "--port", str(port), "--hdlc", *arguments,
            ]
            stack.enter_context(running(command, port, "pydlms.simulator", tmp_path / f"pydlms-{port}"))
            return port

        yield start


@pytest.mark.cell("HDLC: link, LN", "pydlms meter")
@pytest.mark.cell("HDLC: segments", "pydlms meter")
@pytest.mark.cell("HDLC: windows above 1", "pydlms meter")
@pytest.mark.cell("HDLC: SNRM without parameters", "pydlms meter")
@pytest.mark.parametrize("window", [1, 3, 7])
@pytest.mark.parametrize("offers", [True, False], ids=["offer", "no-offer"])
def test_the_pydlms_meter_is_read(gateway, start_pydlms_meter, window, offers):
    port = start_pydlms_meter("--hdlc-window", str(window), "--client", "16:0", "--client", f"32:1:{SECRET}")
    name = f"pydlms-{window}-{offers}"
    register_hdlc(
        gateway, name, port, plain(32, SECRET), quirks={"linkParameters": offers, "linkFrameLength": 64, "linkWindow": window}
    )
    client = PydlmsClient(Access(port, 16, None, link=Link()))
    objects = gateway.get(f"/meters/{name}/objects")
    assert objects.status == 200, objects.text
    for item in objects.json["items"]:
        path = f"/meters/{name}/objects/{item['obis']}/attributes/1?class={item['class']}&form=hex"
        read = gateway.get(path)
        assert read.status == 200, read.text
        assert bytes.fromhex(read.json["value"]["hex"]) == client.octets(item["class"], item["obis"], 1)
    client.close()
    rows = gateway.get(f"/meters/{name}/profiles/{LOAD_PROFILE}/rows?entries=1000")
    assert rows.status == 200, rows.text
    assert rows.json["rows"]


@pytest.mark.cell("HDLC: link, SN", "pydlms meter")
def test_the_pydlms_meter_is_read_by_short_names(gateway, start_pydlms_meter):
    port = start_pydlms_meter("--client", "16:0")
    register_hdlc(gateway, "pydlms-sn", port, plain(), "sn")
    answer = gateway.get("/meters/pydlms-sn/objects/1.0.1.8.0.255/attributes/2?class=3")
    assert answer.status == 200, answer.text


@pytest.mark.cell("HDLC: protected", "pydlms meter")
def test_the_pydlms_meter_is_read_under_protection(gateway, start_pydlms_meter):
    port = start_pydlms_meter("--key", BLOCK_CIPHER_KEY, "--auth-key", AUTHENTICATION_KEY, "--client", "16:5")
    register_hdlc(gateway, "pydlms-gmac", port, protected())
    answer = gateway.get("/meters/pydlms-gmac/objects/1.0.1.8.0.255/attributes/2?class=3")
    assert answer.status == 200, answer.text


def test_nobody_at_the_address_is_a_timeout_that_names_the_link(gateway, start_gurux_meter):
    port = start_gurux_meter("--interface", "hdlc", "--auth", "none")
    register_hdlc(
        gateway, "nobody", port, plain(), address={"logicalDevice": 2, "physicalDevice": 20},
        timeouts={"connect": "PT2S", "response": "PT1S"},
    )
    answer = gateway.get("/meters/nobody/objects/1.0.1.8.0.255/attributes/2?class=3")
    assert (answer.status, answer.problem) == (504, "meter-timeout"), answer.text
    assert "SNRM" in answer.json["detail"]


@pytest.mark.cell("HDLC: lost, doubled and damaged frames", "gurux meter")
@pytest.mark.parametrize("seed", range(3))
def test_a_foreign_meter_is_read_right_over_a_noisy_line(gateway, start_gurux_meter, seed):
    meter = start_gurux_meter("--interface", "hdlc", "--auth", "none", "--rows", "300")
    line = NoisyLine(meter, 0.02, seed)
    name = f"noisy-{seed}"
    register_hdlc(gateway, name, line.port, plain(), timeouts={"connect": "PT2S", "response": "PT2S"})
    right = 0
    for _ in range(5):
        rows = gateway.get(f"/meters/{name}/profiles/{LOAD_PROFILE}/rows?entries=300", timeout=120)
        assert rows.status == 200 or rows.json["retryable"], rows.text
        if rows.status == 200:
            assert [row["values"][-1] for row in rows.json["rows"]] == [1_000_000 + 7 * n for n in range(300)]
            right += 1
    line.close()
    assert sum(line.harmed.values()) > 3, line.harmed
    assert right >= 4, (right, line.harmed)


@pytest.mark.parametrize("client", [16, 1])
def test_a_foreign_meter_is_read_over_a_line_that_echoes(gateway, start_gurux_meter, client):
    meter = start_gurux_meter("--interface", "hdlc", "--auth", "none", "--rows", "300")
    line = NoisyLine(meter, 0, 0, echoes=True)
    name = f"echo-{client}"
    register_hdlc(gateway, name, line.port, plain(client))
    rows = gateway.get(f"/meters/{name}/profiles/{LOAD_PROFILE}/rows?entries=300")
    line.close()
    assert rows.status == 200, rows.text
    assert [row["values"][-1] for row in rows.json["rows"]] == [1_000_000 + 7 * n for n in range(300)]


@pytest.mark.cell("HDLC: addresses of 1, 2 and 4 octets", "gurux meter")
@pytest.mark.parametrize("octets, physical", [(1, None), (2, 17), (4, 17), (4, 16_382)])
def test_a_foreign_meter_is_addressed_in_1_2_and_4_octets(gateway, start_gurux_meter, octets, physical):
    meter = start_gurux_meter("--interface", "hdlc", "--auth", "none")
    name = f"address-{octets}-{physical}"
    address = {"logicalDevice": 1, "octets": octets} | ({"physicalDevice": physical} if physical else {})
    register_hdlc(gateway, name, meter, plain(), address=address)
    answer = gateway.get(f"/meters/{name}/objects/1.0.32.7.0.255/attributes/2?class=3")
    assert answer.status == 200, answer.text


def test_a_link_that_the_meter_forgot_is_set_up_anew_without_the_caller_noticing(gateway, start_gurux_meter):
    meter = start_gurux_meter("--interface", "hdlc", "--auth", "none")
    line = ForgetfulLine(meter)
    register_hdlc(gateway, "forgetful", line.port, plain(), keepAlive="PT30S")
    path = "/meters/forgetful/objects/1.0.32.7.0.255/attributes/2?class=3&maxAge=0"
    assert gateway.get(path).status == 200
    line.forget()
    answer = gateway.get(path)
    line.close()
    assert answer.status == 200, answer.text


# MARK: Foreign clients read our simulated meters

PHYSICAL = 17
CLIENTS = {PydlmsClient: "pydlms client", GuruxClient: "gurux client", DlmsCosemClient: "dlms-cosem client"}
SERIAL = (1, "0.0.96.1.0.255", 2)
OBJECT_LIST = (15, "0.0.40.0.0.255", 2)
TEXT = (1, "0.0.96.50.1.255", 2)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Start simulated meters over HDLC; (frame length, window, PDU size) -> port."""
    ports: dict[tuple[int, int, int], int] = {}
    with contextlib.ExitStack() as stack:

        def start(length: int, window: int, pdu_size: int = 1024) -> int:
            if (length, window, pdu_size) not in ports:
                port = ports[length, window, pdu_size] = free_ports()
                command = [
                    GATEWAY, "simulate", "--port", str(port), "--framing", "hdlc", "--physical-device", str(PHYSICAL),
                    "--frame-length", str(length), "--window", str(window), "--rows", "500",
                    "--pdu-size", str(pdu_size),
                ]
                log = tmp_path_factory.mktemp("simulate") / "log"
                stack.enter_context(running(command, port, "cosem-gateway simulate", log))
            return ports[length, window, pdu_size]

        yield start


def client_cells(client_class, *features: str) -> list:
    return [pytest.mark.cell(feature, CLIENTS[client_class]) for feature in features]


LINKS = {
    PydlmsClient: [(128, 1), (128, 4), (128, 7), (64, 7), (2030, 1), (2030, 7)],
    GuruxClient: [(64, 1), (128, 1), (1024, 1)],  # its windows above 1 end in an UnboundLocalError of its own
    DlmsCosemClient: [(128, 1)],  # it offers nothing
}


def offers(*features: str) -> list:
    return [
        pytest.param(
            client_class, length, window, id=f"{client_class.name}-{length}-{window}",
            marks=client_cells(client_class, *features, *(["HDLC: windows above 1"] if window > 1 else [])),
        )
        for client_class in CLIENTS
        for length, window in LINKS[client_class]
    ]


@pytest.mark.parametrize("client_class, length, window", offers("HDLC: link, LN", "HDLC: segments"))
def test_foreign_clients_read_our_meter(simulated, client_class, length, window):
    port = simulated(2030, 7)
    client = client_class(Access(port, link=Link(PHYSICAL, None, length, window)))
    assert client.octets(*SERIAL)[0] == 9
    if client_class is not DlmsCosemClient:  # it takes a 7E inside of a frame for its end, and the rows have some
        buffer = client.octets(7, LOAD_PROFILE, 2)
        assert buffer[0] == 1 and int.from_bytes(buffer[2:4], "big") >= 500, buffer[:4].hex()
    assert len(client.octets(*OBJECT_LIST)) > 5000
    client.close()
    again = client_class(Access(port, link=Link(PHYSICAL, None, length, window)))
    assert again.octets(*SERIAL)[0] == 9
    again.close()


@pytest.mark.parametrize(
    "client_class", [pytest.param(c, id=c.name, marks=client_cells(c, "HDLC: segments")) for c in (PydlmsClient, GuruxClient)]
)
def test_foreign_clients_write_in_segments(simulated, client_class):
    port = simulated(64, 3)
    text = bytes(index % 251 for index in range(700))
    window = 1 if client_class is GuruxClient else 3
    client = client_class(Access(port, 1, link=Link(PHYSICAL, None, 64, window)))
    client.write_text(*TEXT, text)
    assert client.octets(*TEXT).endswith(text)
    client.close()


@pytest.mark.parametrize(
    "client_class, octets",
    [
        pytest.param(c, octets, id=f"{c.name}-{octets}", marks=client_cells(c, "HDLC: addresses of 1, 2 and 4 octets"))
        for c in (PydlmsClient, GuruxClient)
        for octets in (2, 4)
    ],
)
def test_foreign_clients_address_our_meter_in_2_and_4_octets(simulated, client_class, octets):
    client = client_class(Access(simulated(128, 1), link=Link(PHYSICAL, octets)))
    assert client.octets(*SERIAL)[0] == 9
    client.close()


@pytest.mark.parametrize(
    "client_class", [pytest.param(c, id=c.name, marks=client_cells(c, "HDLC: link, SN")) for c in (PydlmsClient, GuruxClient)]
)
def test_foreign_clients_read_our_meter_by_short_names(simulated, client_class):
    # gurux-dlms cannot take the blocks of short names out of HDLC frames: it gets the list of objects in one APDU.
    size = 65_535 if client_class is GuruxClient else 1024
    client = client_class(Access(simulated(2030, 7, size), short_names=True, link=Link(PHYSICAL)))
    assert client.octets(*SERIAL)[0] == 9
    client.close()


@pytest.mark.parametrize(
    "client_class", [pytest.param(c, id=c.name, marks=client_cells(c, "HDLC: protected")) for c in CLIENTS]
)
def test_foreign_clients_read_our_meter_under_protection(simulated, client_class):
    protection = Protection(envelope="general-global", counter=1000 + 1000 * list(CLIENTS).index(client_class))
    access = Access(simulated(128, 3), 36, mechanism="gmac", protection=protection, link=Link(PHYSICAL))
    client = client_class(access)
    assert client.octets(*SERIAL)[0] == 9
    client.close()


@pytest.mark.cell("HDLC: lost, doubled and damaged frames", "pydlms client")
def test_a_foreign_client_reads_our_meter_over_a_noisy_line(simulated):
    line = NoisyLine(simulated(128, 1), 0.02, 11)
    value = None
    for _ in range(3):
        with contextlib.suppress(Exception):  # what the client makes of its losses is its own affair
            client = PydlmsClient(Access(line.port, link=Link(PHYSICAL, None, 128, 1)))
            value = client.octets(*OBJECT_LIST)
            client.close()
            break
    line.close()
    assert sum(line.harmed.values()) > 0
    direct = PydlmsClient(Access(simulated(128, 1), link=Link(PHYSICAL)))
    assert direct.octets(*OBJECT_LIST) == value
    direct.close()
