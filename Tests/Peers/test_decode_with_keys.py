# SPDX-License-Identifier: Apache-2.0
"""What foreign implementations cipher, `cosem-gateway decode` opens with the keys; and what was altered, it refuses."""

from __future__ import annotations

import json
import subprocess

import dlms_cosem.security
import pytest
from gurux_dlms.enums import InterfaceType, ObjectType, Security
from gurux_dlms.objects import GXDLMSClock
from gurux_dlms.secure import GXDLMSSecureClient
from processes import GATEWAY
from pydlms.security import general
from pydlms.security.ciphering import wrap, wrap_general_glo
from pydlms.security.context import SecurityContext

TITLE = bytes.fromhex("4D4D4D0000BC614E")
METER = bytes.fromhex("4D4D4D0000000001")
GET = bytes.fromhex("C001C1000800000100 00FF0200")
CONTROLS = {"authenticated": 0x10, "encrypted": 0x20, "both": 0x30}


def keys(suite: int) -> tuple[bytes, bytes]:
    length = 32 if suite == 2 else 16
    return bytes(range(length)), bytes(range(0xD0 - length, 0xD0))


def decode(octets: bytes, suite: int, *, authentication: bool = True) -> dict:
    key, authentication_key = keys(suite)
    arguments = [GATEWAY, "decode", "--block-cipher-key", key.hex(), "--system-title", TITLE.hex()]
    if authentication:
        arguments += ["--authentication-key", authentication_key.hex()]
    answer = subprocess.run([*arguments, octets.hex()], capture_output=True, text=True, check=False)
    assert key.hex().upper() not in (answer.stdout + answer.stderr).upper()
    return json.loads(answer.stdout)


def check(octets: bytes, suite: int, *, verified: bool) -> None:
    value = decode(octets, suite)
    assert value["plaintext"] == GET.hex().upper()
    assert value["plaintext_decoded"]["apdu"] == "get-request-normal"
    assert value["verified"] is verified
    assert value["reencoded"] == octets.hex().upper()
    assert decode(octets, suite, authentication=False)["verified"] is False
    if verified:
        altered = octets[:-1] + bytes([octets[-1] ^ 1])
        assert decode(altered, suite)["problem"]["title"] == "Not deciphered"


@pytest.mark.parametrize("suite", [0, 1, 2])
@pytest.mark.parametrize("policy", CONTROLS)
def test_what_pydlms_ciphers_is_deciphered(suite: int, policy: str):
    key, authentication_key = keys(suite)
    context = SecurityContext(
        encryption_key=key, authentication_key=authentication_key, client_system_title=TITLE, server_system_title=METER,
        invocation_counter=77, suite=suite, policy=CONTROLS[policy],
    )
    verified = policy != "encrypted"
    check(wrap(context, GET), suite, verified=verified)
    check(wrap_general_glo(context, GET), suite, verified=verified)
    for form in general.GeneralAad:
        context.general_aad = form
        check(general.wrap_general_ciphering(context, GET, METER, transaction_id=b"\x01\x02"), suite, verified=verified)


@pytest.mark.parametrize("policy", CONTROLS)
def test_what_gurux_ciphers_is_deciphered(policy: str):
    client = GXDLMSSecureClient(True, interfaceType=InterfaceType.WRAPPER)
    client.ciphering.systemTitle = TITLE
    client.ciphering.blockCipherKey, client.ciphering.authenticationKey = keys(0)
    client.ciphering.security = Security(CONTROLS[policy])
    (frame,) = client.read(GXDLMSClock("0.0.1.0.0.255"), 2)
    value = decode(bytes(frame), 0)
    assert value["layer"] == "wrapper"
    assert value["plaintext_decoded"]["descriptor"]["class_id"] == ObjectType.CLOCK
    assert value["verified"] is (policy != "encrypted")


def test_what_dlms_cosem_ciphers_is_deciphered():
    """It knows authenticated encryption only."""
    key, authentication_key = keys(0)
    control = dlms_cosem.security.SecurityControlField(security_suite=0, authenticated=True, encrypted=True)
    body = dlms_cosem.security.encrypt(
        security_control=control, system_title=TITLE, invocation_counter=5, key=key, plain_text=GET, auth_key=authentication_key
    )
    content = control.to_bytes() + (5).to_bytes(4, "big") + body
    check(b"\xc8" + bytes([len(content)]) + content, 0, verified=True)
