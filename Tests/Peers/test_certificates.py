# SPDX-License-Identifier: Apache-2.0
"""Key pairs, certificates and agreed keys of simulated meters, judged by `cryptography` and a foreign client."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from foreign_clients import Access, PydlmsClient
from processes import GATEWAY, free_ports, running
from protection import Keys, Protection
from test_procedures import finished
from test_simulated_security import association, register, security

CURVES = {1: (ec.SECP256R1(), hashes.SHA256()), 2: (ec.SECP384R1(), hashes.SHA384())}
BOTH = pytest.mark.parametrize("suite", [1, 2])


@pytest.fixture
def simulated(tmp_path):
    """Starts a meter of a suite and gives its port."""
    import contextlib

    with contextlib.ExitStack() as stack:

        def start(suite: int) -> int:
            port = free_ports()
            command = [GATEWAY, "simulate", "--port", str(port), "--suite", str(suite)]
            stack.enter_context(running(command, port, "cosem-gateway simulate", tmp_path / f"suite-{suite}"))
            return port

        yield start


class Authority:
    """A certification authority."""

    def __init__(self, suite: int) -> None:
        curve, self.hash = CURVES[suite]
        self.key = ec.generate_private_key(curve)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])

    def issue(self, subject: x509.Name, key, usage: str) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        allowed = dict.fromkeys(
            (
                "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
            ),
            False,
        ) | {usage: True}
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=3650))
            .add_extension(x509.KeyUsage(**allowed), critical=True)
            .sign(self.key, self.hash)
        )


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


@BOTH
@pytest.mark.parametrize("kind, usage", [("digital-signature", "digital_signature"), ("key-agreement", "key_agreement")])
def test_a_request_becomes_a_certificate_and_comes_back(gateway, simulated, suite, kind, usage):
    meter = register(gateway, simulated(suite), association(1, "low"))
    path = f"/meters/{meter}/certificates"
    before = gateway.call("POST", f"{path}/requests", {"type": kind}).json["publicKey"]
    assert gateway.call("POST", f"{path}/key-pairs", {"type": kind}).status == 200
    answer = gateway.call("POST", f"{path}/requests", {"type": kind})
    assert answer.status == 200, answer.text
    assert answer.json["publicKey"] != before

    request = x509.load_pem_x509_csr(answer.json["pem"].encode())
    assert request.is_signature_valid
    assert request.public_key().curve.name == CURVES[suite][0].name
    names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert names[0].value == answer.json["systemTitle"] and len(names[0].value) == 16

    certificate = Authority(suite).issue(request.subject, request.public_key(), usage)
    answer = gateway.call("POST", path, {"pem": pem(certificate)})
    assert answer.status == 201, answer.text
    assert answer.json["verified"] and answer.json["keyChecked"]
    assert (answer.json["entity"], answer.json["type"]) == ("server", kind)
    assert answer.json["issuer"] == "CN=Test authority"

    exported = gateway.get(answer.headers["Location"])
    assert x509.load_pem_x509_certificate(exported.json["pem"].encode()) == certificate
    listed = gateway.get(path).json["items"]
    assert [entry["id"] for entry in listed] == [answer.json["id"]]
    assert gateway.call("DELETE", answer.headers["Location"]).status == 204
    assert gateway.get(path).json["items"] == []
    assert gateway.get(answer.headers["Location"]).problem == "not-found"


def test_a_certificate_for_another_key_than_the_meter_has_is_refused(gateway, simulated):
    meter = register(gateway, simulated(1), association(1, "low"))
    path = f"/meters/{meter}/certificates"
    request = gateway.call("POST", f"{path}/requests", {"type": "digital-signature"})
    subject = x509.load_pem_x509_csr(request.json["pem"].encode()).subject
    other = ec.generate_private_key(CURVES[1][0]).public_key()
    answer = gateway.call("POST", path, {"pem": pem(Authority(1).issue(subject, other, "digital_signature"))})
    assert answer.status == 422 and answer.problem == "value-out-of-range", answer.text
    assert gateway.get(path).json["items"] == []


def test_what_is_no_certificate_is_refused(gateway, simulated):
    meter = register(gateway, simulated(1), association(1, "low"))
    path = f"/meters/{meter}/certificates"
    assert gateway.call("POST", path, {"pem": "nothing"}).status == 422
    key = ec.generate_private_key(ec.SECP521R1()).public_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    assert gateway.call("POST", path, {"pem": pem(Authority(1).issue(name, key, "digital_signature"))}).status == 422


@BOTH
@pytest.mark.cell("key agreement", "pydlms client")
def test_a_foreign_client_agrees_on_keys_with_the_simulator(simulated, suite):
    port = simulated(suite)

    def access(keys: Keys, counter: int = 1) -> Access:
        protection = Protection(suite=suite, keys=keys, counter=counter)
        return Access(port, client=1, password=None, mechanism="gmac", protection=protection)

    old = Keys.documented(suite)
    client = PydlmsClient(access(old))
    try:
        agreed = client._client.agree_keys([0, 2])
    finally:
        client.close()
    new = dataclasses.replace(old, **{"block_cipher": agreed[0], "authentication": agreed[2]})
    client = PydlmsClient(access(new))
    try:
        assert client.octets(1, "0.0.42.0.0.255", 2).startswith(b"\x09\x10SIM")
    finally:
        client.close()
    with pytest.raises(Exception):
        PydlmsClient(access(old, 100))


@BOTH
def test_the_gateway_agrees_on_keys_with_the_simulator(gateway, simulated, suite):
    port = simulated(suite)
    block = security(suite, invocationCounterObject=None)
    meter = register(gateway, port, association(1, "gmac", block))
    signed = association(1, "ecdsa", block | {"protection": ["signed"]})
    assert gateway.call("PATCH", f"/meters/{meter}", {"associations": {"signed": signed}}).status == 200
    order = {"keys": {"globalUnicast": None, "authentication": None}, "method": "agreement", "through": "signed"}
    execution = finished(gateway, gateway.call("POST", f"/meters/{meter}/keys/change", order))
    assert execution["state"] == "succeeded" and execution["result"]["state"] == "adopted", execution
    answer = gateway.get(f"/meters/{meter}/objects/1.0.1.8.0.255/attributes/2?class=3&maxAge=0")
    assert answer.status == 200, answer.text
