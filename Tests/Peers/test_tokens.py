# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Tokens made by PyJWT: those of every allowed algorithm are taken, forged and forbidden ones are not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.request

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from processes import GATEWAY, free_ports, running

ISSUER = "https://issuer.example"
AUDIENCE = "cosem-gateway"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256, P384, P521 = (ec.generate_private_key(curve) for curve in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()))
ED25519 = ed25519.Ed25519PrivateKey.generate()
KEYS = {"rsa": RSA, "p256": P256, "p384": P384, "p521": P521, "ed": ED25519}
ALLOWED = {
    "RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "PS384": "rsa", "PS512": "rsa",
    "ES256": "p256", "ES384": "p384", "ES512": "p521", "EdDSA": "ed",
}


def key_set(keys: dict) -> str:
    makers = {"rsa": RSAAlgorithm, "p256": ECAlgorithm, "p384": ECAlgorithm, "p521": ECAlgorithm, "ed": OKPAlgorithm}
    return json.dumps({
        "keys": [json.loads(makers[name.split("-")[0]].to_jwk(key.public_key())) | {"kid": name, "use": "sig"} for name, key in keys.items()]
    })


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokens")
    keys = folder / "keys.json"
    keys.write_text(key_set(KEYS))
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--auth", "required", "--listen", f"127.0.0.1:{port}", "--database", f"sqlite:///{folder}/g.sqlite",
        "--oidc-issuer", ISSUER, "--oidc-keys", str(keys), "--oidc-roles-claim", "realm_access.roles",
    ]
    with running(arguments, port, "cosem-gateway serve", folder / "log"):
        yield f"http://127.0.0.1:{port}", keys, folder / "log"


def claims(**changes) -> dict:
    now = int(time.time())
    all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "exp": now + 300, "nbf": now - 5, "scope": "meters:read readings:read"} | changes
    return {name: value for name, value in all_claims.items() if value is not None}


def token(algorithm="ES256", key=None, kid=None, **changes) -> str:
    name = ALLOWED[algorithm]
    return jwt.encode(claims(**changes), key or KEYS[name], algorithm=algorithm, headers={"kid": kid or name})


def ask(base: str, text: str, path: str = "/whoami") -> tuple[int, dict]:
    request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {text}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ALLOWED)
def test_every_allowed_algorithm_is_taken(gateway, algorithm):
    status, body = ask(gateway[0], token(algorithm))
    assert status == 200, body
    assert body["principal"] == "oidc:u-1"
    assert body["scopes"] == ["meters:read", "readings:read"]
    # A second time the signature is not checked again.
    assert ask(gateway[0], token(algorithm))[0] == 200


@pytest.mark.parametrize("algorithm", ALLOWED)
def test_a_signature_with_a_changed_octet_is_refused(gateway, algorithm):
    head, body, signature = token(algorithm).split(".")
    octets = bytearray(base64.urlsafe_b64decode(signature + "=="))
    octets[len(octets) // 2] ^= 1
    assert ask(gateway[0], f"{head}.{body}.{encoded(bytes(octets))}")[0] == 401
    other = json.loads(base64.urlsafe_b64decode(body + "==")) | {"scope": "admin"}
    assert ask(gateway[0], f"{head}.{encoded(json.dumps(other).encode())}.{signature}")[0] == 401
    assert ask(gateway[0], f"{head}.{body}.")[0] == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_no_signature_is_none(gateway, algorithm):
    head = encoded(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    body = encoded(json.dumps(claims()).encode())
    for signature in ("", token().split(".")[2]):
        assert ask(gateway[0], f"{head}.{body}.{signature}")[0] == 401


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_shared_secret(gateway, algorithm):
    public = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    secrets = [public, public.strip(), key_set({"rsa": RSA}).encode(), b"", b"secret"]
    for kid in ("rsa", None):
        for secret in secrets:
            header = {"alg": algorithm, "typ": "JWT"} | ({"kid": kid} if kid else {})
            text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims()).encode())}"
            mac = hmac.new(secret, text.encode(), getattr(hashlib, "sha" + algorithm[2:])).digest()
            assert ask(gateway[0], f"{text}.{encoded(mac)}")[0] == 401


def test_keys_of_others_and_wrong_kinds_are_refused(gateway):
    assert ask(gateway[0], token("RS256", key=OTHER_RSA))[0] == 401
    assert ask(gateway[0], token("ES256", kid="p384"))[0] == 401
    assert ask(gateway[0], token("RS256", kid="p256"))[0] == 401
    assert ask(gateway[0], token("EdDSA", kid="unknown"))[0] == 401
    # A key that the token brings along proves nothing.
    own = json.loads(RSAAlgorithm.to_jwk(OTHER_RSA.public_key()))
    text = jwt.encode(claims(), OTHER_RSA, algorithm="RS256", headers={"jwk": own, "jku": "http://127.0.0.1:1/"})
    assert ask(gateway[0], text)[0] == 401
    assert ask(gateway[0], jwt.encode(claims(), RSA, algorithm="RS256", headers={"kid": "rsa", "crit": ["x"], "x": 1}))[0] == 401


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iss": "https://other.example"}, "token-invalid"), ({"iss": None}, "token-invalid"),
        ({"aud": "other"}, "token-invalid"), ({"aud": None}, "token-invalid"), ({"sub": None}, "token-invalid"),
        ({"exp": None}, "token-invalid"), ({"exp": int(time.time()) - 61}, "token-expired"),
        ({"nbf": int(time.time()) + 600}, "token-invalid"),
    ],
)
def test_claims_must_fit(gateway, changes, problem):
    status, body = ask(gateway[0], token(**changes))
    assert status == 401
    assert body["type"].endswith(problem)


def test_clocks_may_differ_by_a_minute_and_the_audience_be_one_of_several(gateway):
    now = int(time.time())
    assert ask(gateway[0], token(exp=now - 30, nbf=now + 30))[0] == 200
    assert ask(gateway[0], token(aud=["other", AUDIENCE]))[0] == 200


def test_scopes_and_roles_decide(gateway):
    assert ask(gateway[0], token(), "/meters")[0] == 200
    status, body = ask(gateway[0], token(), "/jobs")
    assert (status, body["scope"]) == (403, "jobs:read")
    assert ask(gateway[0], token(scope=None, realm_access={"roles": ["viewer", "offline_access"]}), "/jobs")[0] == 200
    assert ask(gateway[0], token(scope="everything"), "/meters")[0] == 403


def test_new_keys_are_found(gateway):
    base, keys, _ = gateway
    fresh = ec.generate_private_key(ec.SECP256R1())
    text = jwt.encode(claims(), fresh, algorithm="ES256", headers={"kid": "p256-new"})
    assert ask(base, text)[0] == 401
    replaced = keys.with_suffix(".new")
    replaced.write_text(key_set(KEYS | {"p256-new": fresh}))
    os.replace(replaced, keys)
    # The file is looked at again at most every ten seconds.
    end = time.monotonic() + 30
    while (status := ask(base, text)[0]) != 200 and time.monotonic() < end:
        time.sleep(0.5)
    assert status == 200


def test_no_token_comes_into_the_log(gateway):
    log = gateway[2].read_text()
    assert "/whoami" in log
    assert token().split(".")[0] not in log
