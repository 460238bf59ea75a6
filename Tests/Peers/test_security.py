# SPDX-License-Identifier: Apache-2.0
"""The gateway proves who it is to foreign meters, and protects what it sends, in every way that they have."""

from __future__ import annotations

import contextlib
import sys

import pytest
from combinations import AUTHENTICATION_KEY, BLOCK_CIPHER_KEY, MECHANISMS, PROTECTIONS, SECRET, TITLE, Combination, combinations
from processes import free_ports, running

CLOCK = "/objects/0.0.1.0.0.255/attributes/2?class=8&maxAge=0"
ENERGY = "/objects/1.0.1.8.0.255/attributes/2?class=3&maxAge=0"
SCRATCH = "/objects/0.0.96.50.0.255/attributes/2"
RELAY = "/objects/0.0.96.3.10.255"
ROWS = "/profiles/1.0.99.1.0.255/rows?entries=20"


class MeterGroups:
    """Meters of gurux_meter.py that differ in their protection; those of one mechanism and suite run at a time."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.group: tuple[str, str, int] | None = None
        self.ports: dict[str, int] = {}
        self.stack = contextlib.ExitStack()

    def port(self, combination: Combination) -> int:
        group = (combination.referencing, combination.mechanism, combination.suite)
        if group != self.group:
            self.stack.close()
            self.group = group
            self.ports = {
                protection: self._start(Combination(*group[:2], protection, group[2])) for protection in PROTECTIONS
            }
        return self.ports[combination.protection]

    def _start(self, combination: Combination) -> int:
        port = free_ports()
        command = [sys.executable, "gurux_meter.py", "--port", str(port), "--rows", "300", *combination.meter_arguments]
        self.stack.enter_context(running(command, port, "gurux_meter.py", self.folder / combination.name))
        return port


@pytest.fixture(scope="module")
def meter_groups(tmp_path_factory):
    groups = MeterGroups(tmp_path_factory.mktemp("meters"))
    with groups.stack:
        yield groups


def register(gateway, name: str, port: int, association: dict, **members) -> None:
    configuration = {
        "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
        "associations": {"reader": association},
        "timeouts": {"connect": "PT5S", "response": "PT5S"},
        "keepAlive": "PT1S",
        **members,
    }
    answer = gateway.call("PUT", f"/meters/{name}", configuration)
    assert answer.status in (200, 201), answer.text


def use(gateway, name: str) -> None:
    """Read a value, rows in blocks, and write; all of it has to be as in clear."""
    for path in (CLOCK, ENERGY):
        answer = gateway.get(f"/meters/{name}{path}")
        assert answer.status == 200, answer.text
    rows = gateway.get(f"/meters/{name}{ROWS}")
    assert rows.status == 200, rows.text
    written = {"type": "octet-string", "hex": "AB" * 700}
    answer = gateway.call("PUT", f"/meters/{name}{SCRATCH}", {"value": written})
    assert answer.status == 200, answer.text
    read = gateway.get(f"/meters/{name}{SCRATCH}?form=hex&maxAge=0")
    assert read.json["value"]["hex"].upper() == "098202BC" + "AB" * 700


@pytest.mark.parametrize("combination", [*combinations("ln"), *combinations("sn")])
def test_every_mechanism_protection_and_suite(gateway, meter_groups, combination):
    port = meter_groups.port(combination)
    referencing = "short-name" if combination.referencing == "sn" else "logical-name"
    register(gateway, combination.name, port, combination.association(), referencing=referencing)
    use(gateway, combination.name)


# MARK: the other APDUs and keys


@pytest.fixture(scope="module")
def strict_meter(start_gurux_meter) -> int:
    return start_gurux_meter("--rows", "300", *Combination("ln", "high-gmac", "authenc", 0).meter_arguments)


@pytest.mark.parametrize(
    "ciphering",
    [
        pytest.param("dedicated", marks=pytest.mark.cell("dedicated key", "gurux meter")),
        pytest.param("general-global", marks=pytest.mark.cell("general-glo-ciphering", "gurux meter")),
        pytest.param("general-dedicated", marks=pytest.mark.cell("general-ded-ciphering", "gurux meter")),
    ],
)
def test_other_forms_of_ciphering(gateway, strict_meter, ciphering):
    name = f"gurux-{ciphering}"
    register(gateway, name, strict_meter, Combination("ln", "high-gmac", "authenc", 0).association(ciphering=ciphering))
    use(gateway, name)


@pytest.fixture(scope="module")
def pydlms_meters(tmp_path_factory):
    """The simulator of pydlms without and with ciphering; gives both ports."""
    clear, ciphered = free_ports(), free_ports()
    base = [sys.executable, "-m", "pydlms.simulator", "--host", "127.0.0.1", "--port"]
    keys = ["--key", BLOCK_CIPHER_KEY, "--auth-key", AUTHENTICATION_KEY]
    clients = ["--client", "16:0", "--client", f"33:3:{SECRET}"]
    folder = tmp_path_factory.mktemp("pydlms")
    with contextlib.ExitStack() as stack:
        stack.enter_context(running([*base, str(clear), *clients], clear, "pydlms.simulator", folder / "clear"))
        protected = [*base, str(ciphered), *keys, *clients, "--client", "1:5", "--client", f"32:1:{SECRET}"]
        stack.enter_context(running(protected, ciphered, "pydlms.simulator", folder / "ciphered"))
        yield clear, ciphered


@pytest.mark.cell("HLS 3 (MD5)", "pydlms meter")
def test_md5_without_ciphering_against_pydlms(gateway, pydlms_meters):
    register(gateway, "pydlms-md5", pydlms_meters[0], Combination("ln", "high-md5", "none", 0).association(33))
    assert gateway.get(f"/meters/pydlms-md5{CLOCK}").status == 200
    assert gateway.get(f"/meters/pydlms-md5{ROWS}").status == 200


@pytest.mark.parametrize(
    ("mechanism", "client", "ciphering"),
    [
        pytest.param("high-gmac", 1, "global", marks=[
            pytest.mark.cell("HLS 5 (GMAC)", "pydlms meter"), pytest.mark.cell("global key", "pydlms meter"),
            pytest.mark.cell("authenticated and encrypted", "pydlms meter"),
        ]),
        pytest.param("high-gmac", 1, "dedicated", marks=pytest.mark.cell("dedicated key", "pydlms meter")),
        pytest.param("high-gmac", 1, "general-global", marks=pytest.mark.cell("general-glo-ciphering", "pydlms meter")),
        pytest.param("high-gmac", 1, "general-dedicated", marks=pytest.mark.cell("general-ded-ciphering", "pydlms meter")),
        pytest.param("high-gmac", 1, "general", marks=pytest.mark.cell("general-ciphering, identified key", "pydlms meter")),
        pytest.param("low", 32, "global", marks=pytest.mark.cell("LLS", "pydlms meter")),
        pytest.param("high-md5", 33, "global", marks=pytest.mark.cell("HLS 3 (MD5)", "pydlms meter")),
    ],
)
def test_ciphering_against_pydlms(gateway, pydlms_meters, mechanism, client, ciphering):
    name = f"pydlms-{mechanism}-{ciphering}"
    association = Combination("ln", mechanism, "authenc", 0).association(client, ciphering=ciphering)
    # pydlms authenticates the security control and the key, but not the header.
    quirks = {"quirks": {"generalHeaderAuthenticated": False}} if ciphering == "general" else {}
    register(gateway, name, pydlms_meters[1], association, **quirks)
    assert gateway.get(f"/meters/{name}{CLOCK}").status == 200
    rows = gateway.get(f"/meters/{name}{ROWS}")
    assert rows.status == 200, rows.text


# MARK: what does not fit


@pytest.mark.parametrize("mechanism", ["low", "high", "high-md5", "high-sha1", "high-sha256"])
def test_a_wrong_secret_is_said_to_be_wrong_and_is_not_told(gateway, meter_groups, mechanism):
    combination = Combination("ln", mechanism, "none", 0)
    port = meter_groups.port(combination)
    association = combination.association()
    association["authentication"]["secret"] = {"text": "Wr0ng-Secret"}
    register(gateway, f"wrong-{mechanism}", port, association)
    answer = gateway.get(f"/meters/wrong-{mechanism}{CLOCK}")
    assert (answer.status, answer.problem) == (502, "authentication-failed-at-meter"), answer.text
    assert "Wr0ng" not in answer.text


@pytest.mark.parametrize("key", ["blockCipherKey", "authenticationKey"])
def test_a_wrong_key_does_not_open_the_association(gateway, start_gurux_meter, key):
    combination = Combination("ln", "high-gmac", "authenc", 0)
    port = start_gurux_meter("--aarq-refusal", "exception", *combination.meter_arguments)
    association = combination.association(**{key: {"hex": "5A" * 16}})
    register(gateway, f"wrong-{key}", port, association)
    answer = gateway.get(f"/meters/wrong-{key}{CLOCK}")
    assert answer.status == 502, answer.text
    assert "5A5A" not in answer.text.upper()


def test_a_meter_that_wants_protection_refuses_a_client_in_clear(gateway, strict_meter):
    register(gateway, "in-clear", strict_meter, Combination("ln", "high-gmac", "none", 0).association())
    answer = gateway.get(f"/meters/in-clear{CLOCK}")
    assert (answer.status, answer.problem) == (502, "association-rejected"), answer.text
