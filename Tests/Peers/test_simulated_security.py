# SPDX-License-Identifier: Apache-2.0
"""The gateway and simulated meters with the keys of docs/simulated-meters.md, in every way that they protect messages.

Both sides are ours here: this shows that the documented keys work and that the configuration reaches the wire. Whether what goes over it is
right is for the foreign meters and clients to say.
"""

from __future__ import annotations

import contextlib
import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from processes import GATEWAY, free_ports, running

SECRET = {"text": "SIMULATED-SECRET"}
REGISTER = "/objects/1.0.1.8.0.255/attributes/2?class=3"
NUMBERS = itertools.count()


def public_key(curve: ec.EllipticCurve, private_key: bytes) -> str:
    key = ec.derive_private_key(int.from_bytes(private_key, "big"), curve).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:].hex()


def security(suite: int, **members) -> dict:
    length = 32 if suite == 2 else 16
    block = {
        "suite": suite,
        "blockCipherKey": {"hex": bytes(range(length)).hex()},
        "authenticationKey": {"hex": bytes(range(0xD0, 0xD0 + length)).hex()},
        "masterKey": {"hex": bytes(range(0x30, 0x30 + length)).hex()},
        "invocationCounterObject": "0.0.43.1.0.255",
    }
    if suite:
        curve, size = (ec.SECP256R1(), 32) if suite == 1 else (ec.SECP384R1(), 48)
        block |= {
            "signingKey": {"hex": "01" * size},
            "serverSigningKey": public_key(curve, b"\x03" * size),
            "agreementKey": {"hex": "02" * size},
            "serverAgreementKey": public_key(curve, b"\x04" * size),
        }
    return block | members


def association(client: int, mechanism: str, block: dict | None = None) -> dict:
    authentication = {"mechanism": mechanism}
    if mechanism in ("high", "md5", "sha1", "sha256"):
        authentication["secret"] = SECRET
    if mechanism == "low":
        authentication["secret"] = {"text": "12345678"}
    return {"clientAddress": client, "authentication": authentication} | ({"security": block} if block else {})


# The suite of the meter with the association.
ASSOCIATIONS = {
    **{mechanism: (0, association(1, mechanism)) for mechanism in ("high", "md5", "sha1", "sha256")},
    "gmac, messages in clear": (0, association(1, "gmac", security(0, protection=[]))),
    "gmac, suite 0": (0, association(36, "gmac", security(0))),
    "gmac, suite 1": (1, association(36, "gmac", security(1))),
    "gmac, suite 2": (2, association(36, "gmac", security(2))),
    "ecdsa, suite 1": (1, association(36, "ecdsa", security(1))),
    "ecdsa, suite 2": (2, association(36, "ecdsa", security(2))),
    "authenticated": (0, association(33, "gmac", security(0, protection=["authenticated"]))),
    "encrypted": (0, association(34, "gmac", security(0, protection=["encrypted"]))),
    "signed": (1, association(35, "ecdsa", security(1, protection=["signed"]))),
    "all three": (2, association(35, "ecdsa", security(2, protection=["authenticated", "encrypted", "signed"]))),
    "dedicated": (0, association(36, "gmac", security(0, ciphering="dedicated"))),
    "general-global": (0, association(36, "gmac", security(0, ciphering="general-global"))),
    "general-dedicated": (0, association(36, "gmac", security(0, ciphering="general-dedicated"))),
    "general, identified": (0, association(36, "gmac", security(0, ciphering="general"))),
    "general, wrapped": (0, association(36, "gmac", security(0, ciphering="general", contentKey="wrapped"))),
    "general, one-pass": (1, association(36, "gmac", security(1, ciphering="general", contentKey="agreed-one-pass"))),
    "general, static": (2, association(36, "gmac", security(2, ciphering="general", contentKey="agreed-static"))),
    "broadcast key": (
        0, association(1, "low", security(0, keySet="broadcast", broadcastKey={"hex": bytes(range(15, -1, -1)).hex()}))
    ),
}


@pytest.fixture(scope="module")
def meters(tmp_path_factory):
    """The port of one simulated meter for each suite."""
    with contextlib.ExitStack() as stack:
        ports = []
        for suite in range(3):
            port = free_ports()
            command = [GATEWAY, "simulate", "--port", str(port), "--suite", str(suite)]
            stack.enter_context(running(command, port, "cosem-gateway simulate", tmp_path_factory.mktemp("suite") / "log"))
            ports.append(port)
        yield ports


def register(gateway, port: int, configured: dict, **members) -> str:
    meter = f"simulated-security-{next(NUMBERS)}"
    configuration = {
        "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
        "associations": {"manager": configured},
        "timeouts": {"connect": "PT5S", "response": "PT5S"},
        "keepAlive": "PT0S",
        **members,
    }
    answer = gateway.call("PUT", f"/meters/{meter}", configuration, {"If-None-Match": "*"})
    assert answer.status == 201, answer.text
    return meter


@pytest.mark.parametrize("referencing", ["logical-name", "short-name"])
@pytest.mark.parametrize("name", ASSOCIATIONS)
def test_documented_keys_open_every_association(gateway, meters, name, referencing):
    suite, configured = ASSOCIATIONS[name]
    meter = register(gateway, meters[suite], configured, referencing=referencing)
    answer = gateway.get(f"/meters/{meter}{REGISTER}")
    assert answer.status == 200, answer.text
    assert answer.json["value"]["unit"] == "Wh"
    # What is encrypted only has no tag that proves it.
    assert answer.json.get("verified") is (False if name == "encrypted" else None)


def test_secrets_never_come_back(gateway, meters):
    meter = register(gateway, meters[2], association(36, "ecdsa", security(2, broadcastKey={"hex": "77" * 32})))
    block = gateway.get(f"/meters/{meter}").json["associations"]["manager"]["security"]
    for member in ("blockCipherKey", "authenticationKey", "masterKey", "broadcastKey", "signingKey", "agreementKey"):
        assert block[member] == {"set": True}
    assert len(block["serverSigningKey"]) == 192
    assert gateway.get(f"/meters/{meter}{REGISTER}").status == 200


def test_a_wrong_key_is_told_as_such(gateway, meters):
    wrong = security(0, blockCipherKey={"hex": "55" * 16}, invocationCounterObject=None)
    meter = register(gateway, meters[0], association(36, "gmac", wrong))
    answer = gateway.get(f"/meters/{meter}{REGISTER}")
    assert answer.status == 502 and answer.problem == "deciphering-failed", answer.text
    assert "55555555" not in answer.text


def test_a_wrong_secret_is_told_as_such(gateway, meters):
    configured = {"clientAddress": 1, "authentication": {"mechanism": "sha256", "secret": {"text": "something else.."}}}
    meter = register(gateway, meters[0], configured)
    answer = gateway.get(f"/meters/{meter}{REGISTER}")
    assert answer.status == 502 and answer.problem == "authentication-failed-at-meter", answer.text


@pytest.mark.cell("answers without the authentication key", "gurux meter")
def test_an_answer_whose_tag_nobody_can_check_is_refused_or_marked(gateway, start_gurux_meter):
    port = start_gurux_meter("--security", "enc", "--answer-security", "authenc")
    keys = {"protection": ["encrypted"], "blockCipherKey": security(0)["blockCipherKey"]}
    meter = register(gateway, port, association(1, "none", keys))
    answer = gateway.get(f"/meters/{meter}{REGISTER}")
    assert answer.status == 502 and answer.problem == "deciphering-failed", answer.text
    meter = register(gateway, port, association(1, "none", keys), quirks={"acceptsUnverified": True})
    answer = gateway.get(f"/meters/{meter}{REGISTER}")
    assert answer.status == 200 and answer.json["verified"] is False, answer.text
    item = gateway.call("POST", f"/meters/{meter}/read", {"items": [{"object": "1.0.1.8.0.255", "class": 3, "attribute": 2}]})
    assert item.json["items"][0]["verified"] is False, item.text
