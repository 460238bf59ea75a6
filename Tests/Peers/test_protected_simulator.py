# SPDX-License-Identifier: Apache-2.0
"""Foreign clients with our simulated meter in every mode of authentication and protection that they have.

Each mode is judged by values that an unprotected association reads as well, and by the octets on the way: the tag and
the security control of every request and answer are those of the mode.

What the packages do not have, so that its cell stays empty, or do otherwise:

- gurux-dlms 1.0.203 challenges with 16 octets for HLS 7, too, where the Green Book demands 32 to 64; it is given a longer
  challenge here. It signs on P-256 only (`GXEcdsa.sign` asks for P-256 twice). It cannot cipher requests with short names (`getSNPdu` ends in `assert not tmp`), and proves itself with
  short names by a write, whose answer has no place for the proof of the meter that it then misses. Its general-ciphering
  and general-signing are for receiving only.
- dlms-cosem 25.1 has LLS, HLS 2 and HLS 5; ciphered messages are always authenticated and encrypted, and in
  general-glo-ciphering. Its challenge for HLS 2 is the secret itself. The GMAC proof takes the invocation counter of the
  message that carries it: one initialization vector for two messages. Our meter accepts that, as real ones do.
- pydlms 0.1 has all modes. It authenticates the header of general-ciphering only when told to, as the sources disagree.
"""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from foreign_clients import (
    Access, AssociationRefused, DlmsCosemClient, GuruxClient, NotProtected, PydlmsClient, ReadRefused,
)
from processes import GATEWAY, free_ports, running
from protection import ENVELOPES, Keys, Protection
from relay import Relay

SERIAL = (1, "0.0.96.1.0.255", 2)
SERIAL_VALUE = b"\x09\x0826000001"
LOAD_PROFILE = (7, "1.0.99.1.0.255", 2)
TEXT = (1, "0.0.96.50.1.255", 2)
SECRET = "SIMULATED-SECRET"
READER, MANAGER = 32, 1
AUTHENTICATED_READER, ENCRYPTED_READER, SIGNING_READER, PROTECTED_MANAGER = 33, 34, 35, 36
SUITES = (0, 1, 2)
CELLS = {PydlmsClient: "pydlms client", GuruxClient: "gurux client", DlmsCosemClient: "dlms-cosem client"}
HLS = {
    "aes": "HLS 2 (AES-ECB)", "md5": "HLS 3 (MD5)", "sha1": "HLS 4 (SHA-1)", "gmac": "HLS 5 (GMAC)",
    "sha256": "HLS 6 (SHA-256)", "ecdsa": "HLS 7 (ECDSA)",
}
# envelope -> (the feature it shows; tags of a GET request and of its answer).
WIRE = {
    "global": ("global key", 0xC8, 0xCC),
    "dedicated": ("dedicated key", 0xD0, 0xD4),
    "general-global": ("general-glo-ciphering", 0xDB, 0xDB),
    "general-dedicated": ("general-ded-ciphering", 0xDC, 0xDC),
    "general-identified": ("general-ciphering, identified key", 0xDD, 0xDD),
    "general-wrapped": ("general-ciphering, wrapped key", 0xDD, 0xDD),
    "general-one-pass": ("general-ciphering, agreed key", 0xDD, 0xDD),
    "general-static": ("general-ciphering, agreed key", 0xDD, 0xDD),
}


@pytest.fixture(scope="session")
def meters(tmp_path_factory):
    """Simulated meters of every suite, suite -> port of the first of five."""
    with contextlib.ExitStack() as stack:
        ports = {}
        for suite in SUITES:
            ports[suite] = free_ports(5)
            command = [
                GATEWAY, "simulate", "--port", str(ports[suite]), "--count", "5", "--suite", str(suite),
                "--rows", "200",
            ]
            log = tmp_path_factory.mktemp("simulate") / "log"
            stack.enter_context(running(command, ports[suite] + 4, "cosem-gateway simulate", log))
        yield ports


@pytest.fixture
def relay(meters):
    """Makes relays to the first meter of a suite."""
    with contextlib.ExitStack() as stack:
        yield lambda suite: stack.enter_context(contextlib.closing(Relay(meters[suite])))


@contextlib.contextmanager
def opened(client_class, *arguments, **members):
    client = client_class(Access(*arguments, **members))
    try:
        yield client
    finally:
        client.close()


def cells(client_class, *features: str):
    return [pytest.mark.cell(feature, CELLS[client_class]) for feature in features]


def for_keys_only(suite: int) -> Protection:
    """Keys and titles that serve the authentication, with messages in clear."""
    return Protection(suite=suite, authenticated=False, encrypted=False)


def security_control(apdu: bytes) -> int:
    """The first octet of what a ciphered APDU with tag C8 to D7, DB or DC contains."""
    position = 1
    if apdu[0] in (0xDB, 0xDC):
        position += 1 + apdu[1]
    length = apdu[position]
    return apdu[position + 1 + (length & 0x7F if length & 0x80 else 0)]


# MARK: Authentication


def mechanisms():
    offered = [(client_class, name, 0) for client_class in (PydlmsClient, GuruxClient) for name in HLS if name != "ecdsa"]
    offered += [(client_class, "gmac", suite) for client_class in (PydlmsClient, GuruxClient) for suite in (1, 2)]
    offered += [(PydlmsClient, "ecdsa", 1), (PydlmsClient, "ecdsa", 2), (GuruxClient, "ecdsa", 1)]
    offered.append((DlmsCosemClient, "aes", 0))
    return [
        pytest.param(client_class, name, suite, id=f"{client_class.name}-{name}-{suite}", marks=cells(client_class, HLS[name]))
        for client_class, name, suite in offered
    ]


@pytest.mark.parametrize("client_class, mechanism, suite", mechanisms())
def test_a_challenge_is_answered_by_both_sides(meters, client_class, mechanism, suite):
    keys = for_keys_only(suite) if mechanism in ("gmac", "sha256", "ecdsa") else None
    with opened(client_class, meters[suite], READER, SECRET, mechanism=mechanism, protection=keys) as client:
        assert client.octets(*SERIAL) == SERIAL_VALUE


@pytest.mark.parametrize("client_class, mechanism, suite", mechanisms())
def test_a_client_with_a_wrong_secret_is_refused(meters, client_class, mechanism, suite):
    keys = for_keys_only(suite) if mechanism in ("gmac", "sha256", "ecdsa") else None
    secret = SECRET
    if mechanism == "gmac":
        keys = with_keys(keys, block_cipher=bytes(len(Keys.documented(suite).block_cipher)))
    elif mechanism == "ecdsa":
        keys = with_keys(keys, client_signing=bytes([5]) * len(Keys.documented(suite).client_signing))
    else:
        secret = "SIMULATED-secret"
    with pytest.raises(AssociationRefused):
        client_class(Access(meters[suite], READER, secret, mechanism=mechanism, protection=keys))


def with_keys(protection: Protection, **keys: bytes) -> Protection:
    """The same protection with some keys that the meter does not have."""
    return dataclasses.replace(protection, keys=dataclasses.replace(protection.all_keys, **keys))


@pytest.mark.parametrize("client_class", CELLS, ids=lambda client_class: client_class.name)
def test_a_client_with_a_wrong_password_is_refused(meters, client_class):
    with pytest.raises(AssociationRefused):
        client_class(Access(meters[0], READER, "12345679"))


# MARK: Protection


def modes() -> list:
    listed = []
    for suite in SUITES:
        for client_class in (PydlmsClient, GuruxClient):
            envelopes = ENVELOPES if client_class is PydlmsClient else ENVELOPES[:4]
            for envelope in envelopes:
                if suite == 0 and WIRE[envelope][0] == "general-ciphering, agreed key":
                    continue  # suite 0 has no curve
                for authenticated, encrypted in ((True, True), (True, False), (False, True)):
                    listed.append((client_class, Protection(suite, authenticated, encrypted, envelope=envelope)))
        listed.append((DlmsCosemClient, Protection(suite, envelope="general-global")))
    parameters = []
    for client_class, protection in listed:
        features = [WIRE[protection.envelope][0], "HLS 5 (GMAC)"]
        both = protection.authenticated and protection.encrypted
        features.append("authenticated and encrypted" if both else "authenticated" if protection.authenticated else "encrypted")
        if protection.suite:
            features.append(f"suite {protection.suite}")
        name = f"{client_class.name}-{protection}"
        parameters.append(pytest.param(client_class, protection, id=name, marks=cells(client_class, *features)))
    return parameters


@pytest.mark.parametrize("client_class, protection", modes())
def test_every_message_is_protected_as_agreed(relay, client_class, protection):
    wire = relay(protection.suite)
    _, request_tag, response_tag = WIRE[protection.envelope]
    with opened(client_class, wire.port, READER, SECRET, mechanism="gmac", protection=protection) as client:
        wire.requests.clear()
        wire.responses.clear()
        assert client.octets(*SERIAL) == SERIAL_VALUE
        rows = client.octets(*LOAD_PROFILE)  # in blocks, each protected by itself
        requests, responses = list(wire.requests), list(wire.responses)
    assert rows[:3] == b"\x01\x81\xc8"
    assert len(requests) == len(responses) > 5
    assert {request[0] for request in requests} == {request_tag}
    assert {response[0] for response in responses} == {response_tag}
    if request_tag != 0xDD:
        control = protection.suite | 0x10 * protection.authenticated | 0x20 * protection.encrypted
        assert {security_control(apdu) for apdu in requests + responses} == {control}


def mixtures() -> list:
    listed = [
        (client_class, mechanism, Protection(0, authenticated, encrypted))  # each with a system title of its own
        for client_class in (PydlmsClient, GuruxClient)
        for mechanism in ("low", "aes", "md5", "sha1", "sha256")
        for authenticated, encrypted in ((True, True), (True, False), (False, True))
    ]
    listed += [(DlmsCosemClient, mechanism, Protection(envelope="general-global")) for mechanism in ("low", "aes")]
    return [
        pytest.param(
            client_class, mechanism, protection, id=f"{client_class.name}-{mechanism}-{protection}",
            marks=cells(client_class, {"low": "LLS", **HLS}[mechanism]),
        )
        for client_class, mechanism, protection in listed
    ]


@pytest.mark.parametrize("client_class, mechanism, protection", mixtures())
def test_every_mechanism_goes_with_every_protection(meters, client_class, mechanism, protection):
    secret = "12345678" if mechanism == "low" else SECRET
    with opened(client_class, meters[0], READER, secret, mechanism=mechanism, protection=protection) as client:
        assert client.octets(*SERIAL) == SERIAL_VALUE


@pytest.mark.parametrize("suite", [pytest.param(suite, marks=pytest.mark.cell(f"suite {suite}", "pydlms client")) for suite in (1, 2)])
@pytest.mark.parametrize("ciphered", [None, "global", "general-identified"], ids=["plain", "global", "general"])
@pytest.mark.cell("general-signing", "pydlms client")
def test_messages_are_signed_by_both_sides(relay, suite, ciphered):
    wire = relay(suite)
    protection = Protection(suite, bool(ciphered), bool(ciphered), signed=True, envelope=ciphered or "global")
    with opened(PydlmsClient, wire.port, SIGNING_READER, mechanism="ecdsa", protection=protection) as client:
        wire.requests.clear()
        wire.responses.clear()
        assert client.octets(*SERIAL) == SERIAL_VALUE
        assert {apdu[0] for apdu in wire.requests + wire.responses} == {0xDF}


@pytest.mark.parametrize("mechanism", HLS)
@pytest.mark.parametrize("envelope", ENVELOPES[:4])
@pytest.mark.cell("SN under protection", "pydlms client")
def test_short_names_are_protected_too(relay, mechanism, envelope):
    suite = 1 if mechanism == "ecdsa" else 0
    wire = relay(suite)
    access = {"mechanism": mechanism, "protection": Protection(suite, envelope=envelope), "short_names": True}
    with opened(PydlmsClient, wire.port, READER, SECRET, **access) as client:
        wire.requests.clear()
        assert client.octets(*SERIAL) == SERIAL_VALUE
        assert client.octets(*LOAD_PROFILE)[:3] == b"\x01\x81\xc8"
        tags = {"global": 0x25, "dedicated": 0x45, "general-global": 0xDB, "general-dedicated": 0xDC}
        assert {apdu[0] for apdu in wire.requests} == {tags[envelope]}


@pytest.mark.cell("broadcast key", "pydlms client")
@pytest.mark.parametrize("suite", SUITES)
def test_a_request_with_the_broadcast_key_is_served(meters, suite):
    from pydlms.apdu import xdlms
    from pydlms.obis import ObisCode
    from pydlms.security.ciphering import unwrap, wrap
    from pydlms.security.suites import SecurityControl, SecurityPolicy

    with opened(PydlmsClient, meters[suite], READER, mechanism="gmac", protection=Protection(suite)) as client:
        association = client._client.association
        control = SecurityControl.for_policy(SecurityPolicy.AUTHENTICATED_ENCRYPTED, suite, broadcast=True)
        descriptor = xdlms.AttributeDescriptor(SERIAL[0], ObisCode.parse(SERIAL[1]), SERIAL[2])
        request = xdlms.GetRequestNormal(0xC1, descriptor).to_bytes()
        answer = unwrap(association.security, association.link.request(wrap(association.security, request, sc=control)))
        assert answer.plaintext.endswith(SERIAL_VALUE)


# MARK: Services under protection


WITH_LIST = [SERIAL, (3, "1.0.1.8.0.255", 3), (8, "0.0.1.0.0.255", 3), (1, "0.0.42.0.0.255", 2)]


@pytest.mark.parametrize(
    "client_class", [pytest.param(c, id=c.name, marks=cells(c, "LN: GET with-list")) for c in CELLS]
)
def test_lists_are_read_under_protection(meters, client_class):
    protection = Protection(envelope="general-global")
    with opened(client_class, meters[0], PROTECTED_MANAGER, mechanism="gmac", protection=protection) as client:
        assert client.octets_of(WITH_LIST) == [client.octets(*attribute) for attribute in WITH_LIST]


@pytest.mark.parametrize(
    "client_class, envelope, length",
    [
        pytest.param(PydlmsClient, "general-global", 1016, id="pydlms", marks=cells(PydlmsClient, "LN: SET, blocks")),
        # Its blocks in general-glo-ciphering are longer than the meter takes: it leaves no room for the system title.
        pytest.param(GuruxClient, "global", 1016, id="gurux-dlms", marks=cells(GuruxClient, "LN: SET, blocks")),
        # It writes no blocks, and its ciphered messages have one octet for their length: 127 octets.
        pytest.param(DlmsCosemClient, "general-global", 60, id="dlms-cosem"),
    ],
)
def test_values_are_written_under_protection(meters, client_class, envelope, length):
    text = bytes(index % 251 for index in range(length))
    protection = Protection(envelope=envelope)
    with opened(client_class, meters[0], PROTECTED_MANAGER, mechanism="gmac", protection=protection) as client:
        client.write_text(*TEXT, text)
        assert client.octets(*TEXT).endswith(text)


@pytest.mark.parametrize("client_class", [pytest.param(c, id=c.name, marks=cells(c, "image transfer")) for c in CELLS])
def test_firmware_is_transferred(meters, client_class):
    image = bytes((index * 7) % 256 for index in range(512 * 5 + 100))
    identifier = f"by {client_class.name}".encode()
    access = {"client": PROTECTED_MANAGER, "mechanism": "gmac", "protection": Protection(envelope="general-global")}
    if client_class is DlmsCosemClient:
        access = {"client": MANAGER}  # its ciphered messages are too short for blocks of 512 octets
    with opened(client_class, meters[0], **access) as client:
        client.send_image(identifier, image)
        assert client.octets(1, "1.0.0.2.0.255", 2)[2:] == identifier
        assert client.octets(18, "0.0.44.0.0.255", 6) == b"\x16\x06"  # activation successful


@pytest.mark.cell("general block transfer, answers", "pydlms client")
@pytest.mark.cell("general block transfer, requests", "pydlms client")
@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize("envelope", ["global", "general-dedicated"])
def test_general_blocks_carry_protected_messages(relay, window, envelope):
    wire = relay(0)
    text = bytes(index % 251 for index in range(1016))
    access = {"mechanism": "gmac", "protection": Protection(envelope=envelope), "general_blocks": window}
    with opened(PydlmsClient, wire.port, PROTECTED_MANAGER, **access) as client:
        wire.requests.clear()
        wire.responses.clear()
        assert client.octets(*LOAD_PROFILE)[:3] == b"\x01\x81\xc8"
        assert {response[0] for response in wire.responses} == {0xE0}
        wire.requests.clear()
        client.write_text(*TEXT, text)
        assert {request[0] for request in wire.requests} == {0xE0}
        assert client.octets(*TEXT).endswith(text)


@pytest.mark.cell("ACCESS", "pydlms client")
@pytest.mark.parametrize("envelope", ["general-global", "general-dedicated"])
def test_access_is_served_under_protection(meters, envelope):
    from pydlms.client import AccessAction, AccessGet, AccessSet
    from pydlms.cosem.data import DlmsData

    protection = Protection(envelope=envelope)
    members = {"mechanism": "gmac", "protection": protection, "access_service": True}
    with opened(PydlmsClient, meters[0], PROTECTED_MANAGER, **members) as client:
        outcomes = client._client.access([
            AccessSet(TEXT[1], 1, 2, DlmsData.octet_string(b"by ACCESS")),
            AccessGet(TEXT[1], 1, 2),
            AccessGet("9.9.9.9.9.9", 1, 2),
            AccessAction("0.0.10.0.0.255", 9, 1, DlmsData.uint16(1)),
        ])
        assert [outcome.ok for outcome in outcomes[:3]] == [True, True, False]
        assert outcomes[1].data.value == b"by ACCESS"


@pytest.mark.parametrize(
    "client_class, meter, suite",
    [
        pytest.param(c, number, suite, id=f"{c.name}-{suite}", marks=cells(c, "key transfer"))
        for number, c in enumerate(CELLS, 1)
        for suite in SUITES
        if (c, suite) != (GuruxClient, 2)  # it wraps with master keys of 16 octets only
    ],
)
def test_keys_are_transferred_and_the_old_ones_refused(meters, client_class, meter, suite):
    port = meters[suite] + meter
    old = Keys.documented(suite)
    new = dataclasses.replace(
        old, block_cipher=bytes(reversed(old.authentication)), authentication=bytes(reversed(old.block_cipher))
    )

    def protected(keys: Keys) -> dict:
        return {"mechanism": "gmac", "protection": Protection(suite, envelope="general-global", keys=keys)}

    with opened(client_class, port, PROTECTED_MANAGER, **protected(old)) as client:
        client.transfer_keys({0: new.block_cipher, 2: new.authentication})
    with pytest.raises(AssociationRefused):
        client_class(Access(port, PROTECTED_MANAGER, **protected(old)))
    forged = dataclasses.replace(new, master=bytes(len(new.master)))
    with opened(client_class, port, PROTECTED_MANAGER, **protected(forged)) as client, pytest.raises(ReadRefused):
        client.transfer_keys({0: old.block_cipher})  # not wrapped with the master key
    with opened(client_class, port, PROTECTED_MANAGER, **protected(new)) as client:
        client.transfer_keys({0: old.block_cipher, 2: old.authentication})
    with opened(client_class, port, PROTECTED_MANAGER, **protected(old)) as client:
        client.octets(*SERIAL)


# MARK: What is refused


@pytest.mark.parametrize("client_class", CELLS, ids=lambda c: c.name)
@pytest.mark.parametrize("which", ["block_cipher", "authentication"])
def test_a_client_with_a_wrong_key_is_refused(meters, client_class, which):
    protection = with_keys(Protection(envelope="general-global"), **{which: bytes(16)})
    with pytest.raises(AssociationRefused):
        client_class(Access(meters[0], READER, mechanism="gmac", protection=protection))


@pytest.mark.parametrize(
    "client, authenticated, encrypted",
    [
        (PROTECTED_MANAGER, True, False), (PROTECTED_MANAGER, False, True), (PROTECTED_MANAGER, False, False),
        (AUTHENTICATED_READER, False, True), (AUTHENTICATED_READER, False, False),
        (ENCRYPTED_READER, True, False), (ENCRYPTED_READER, False, False),
    ],
)
@pytest.mark.parametrize("client_class", [PydlmsClient, GuruxClient], ids=lambda c: c.name)
def test_less_protection_than_the_client_needs_is_refused(meters, client_class, client, authenticated, encrypted):
    protection = Protection(0, authenticated, encrypted)
    with pytest.raises(AssociationRefused):
        client_class(Access(meters[0], client, mechanism="gmac", protection=protection))


@pytest.mark.parametrize(
    "client, authenticated, encrypted",
    [
        (PROTECTED_MANAGER, True, True), (AUTHENTICATED_READER, True, False), (AUTHENTICATED_READER, True, True),
        (ENCRYPTED_READER, False, True), (ENCRYPTED_READER, True, True),
    ],
)
@pytest.mark.parametrize("client_class", [PydlmsClient, GuruxClient], ids=lambda c: c.name)
def test_as_much_protection_as_the_client_needs_is_served(meters, client_class, client, authenticated, encrypted):
    protection = Protection(0, authenticated, encrypted)
    with opened(client_class, meters[0], client, mechanism="gmac", protection=protection) as opened_client:
        assert opened_client.octets(*SERIAL) == SERIAL_VALUE


@pytest.mark.parametrize("client_class", CELLS, ids=lambda c: c.name)
def test_an_invocation_counter_is_taken_once(meters, client_class):
    protection = Protection(envelope="general-global")
    with opened(client_class, meters[0], READER, mechanism="gmac", protection=protection) as client:
        client.octets(*SERIAL)
    with pytest.raises(AssociationRefused):
        client_class(Access(meters[0], READER, mechanism="gmac", protection=protection))
    later = dataclasses.replace(protection, counter=client.counter + 1000)
    with opened(client_class, meters[0], READER, mechanism="gmac", protection=later) as client:
        assert client.octets(*SERIAL) == SERIAL_VALUE


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_a_recorded_request_is_refused_and_the_association_goes_on(relay, envelope):
    wire = relay(1)
    access = {"mechanism": "gmac", "protection": Protection(1, envelope=envelope)}
    with opened(PydlmsClient, wire.port, PROTECTED_MANAGER, **access) as client:
        client.octets(*SERIAL)
        answer = wire.inject(wire.requests[-1])
        assert answer[:3] == b"\xd8\x01\x06" and len(answer) == 7  # the counter it expects
        assert client.octets(*SERIAL) == SERIAL_VALUE


def test_a_request_in_clear_is_refused_and_the_association_goes_on(relay):
    wire = relay(0)
    with opened(PydlmsClient, wire.port, PROTECTED_MANAGER, mechanism="gmac", protection=Protection()) as client:
        answer = wire.inject(bytes.fromhex("c001c1000100006001 00ff0200"))
        assert answer[0] == 0xD8
        assert client.octets(*SERIAL) == SERIAL_VALUE


def test_a_changed_request_is_refused_and_the_association_goes_on(relay):
    wire = relay(0)
    with opened(PydlmsClient, wire.port, PROTECTED_MANAGER, mechanism="gmac", protection=Protection()) as client:
        client.octets(*SERIAL)
        recorded = bytearray(wire.requests[-1])
        recorded[6] += 16  # the invocation counter
        recorded[-1] ^= 1  # the tag
        assert wire.inject(bytes(recorded))[:3] == b"\xd8\x01\x05"  # deciphering error
        # A counter that nobody authenticated does not move the meter's.
        assert client.octets(*SERIAL) == SERIAL_VALUE


@pytest.mark.cell("counter repair", "pydlms client")
def test_the_public_client_reads_where_counters_have_to_begin(meters):
    protection = Protection(counter=5000)
    with opened(PydlmsClient, meters[0], READER, mechanism="gmac", protection=protection) as client:
        used = client.counter - 1
    with opened(PydlmsClient, meters[0], 16, None) as client:
        value = client.octets(1, "0.0.43.1.0.255", 2)
    assert value[0] == 6 and int.from_bytes(value[1:], "big") >= used
