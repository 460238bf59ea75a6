# SPDX-License-Identifier: Apache-2.0
"""openapi.yaml is valid OpenAPI 3.1, is what the gateway serves, and describes what the gateway answers."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import urllib.request

import pytest
import yaml
from openapi_spec_validator import validate

SCHEMATHESIS = pathlib.Path(sys.executable).parent / "schemathesis"
FOLDER = pathlib.Path(__file__).resolve().parent
SETTINGS = FOLDER / "schemathesis.toml"
EXAMPLES_PER_OPERATION = os.environ.get("COUNT", "15")
# Each is run by a process and against a gateway of its own, side by side.
PARTS = {
    "objects": ["--include-path-regex", "^/meters/{id}/(objects|profiles|read)"],
    "meters": ["--include-path-regex", "^/meters", "--exclude-path-regex", "^/meters/{id}/(objects|profiles|read)"],
    "others": ["--exclude-path-regex", "^/meters"],
}


def test_the_contract_is_valid(contract):
    document = yaml.safe_load(contract.read_text(encoding="utf-8"))
    validate(document)
    assert document["openapi"] == "3.1.1"


def test_every_operation_has_a_summary_an_example_and_a_problem(contract):
    document = yaml.safe_load(contract.read_text(encoding="utf-8"))
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            where = f"{method.upper()} {path}"
            assert operation.get("summary"), where
            assert operation.get("operationId"), where
            parameters = [resolved(document, one) for one in item.get("parameters", []) + operation.get("parameters", [])]
            assert "example" in str(operation) or any("example" in one for one in parameters), where
            assert any(code[0] in "45" or code == "default" for code in operation["responses"]), where


def resolved(document: dict, node: dict) -> dict:
    """The node itself, or what its `$ref` names."""
    for step in node.get("$ref", "#").split("/")[1:]:
        document = document[step]
    return document if "$ref" in node else node


def test_the_gateway_serves_the_contract_of_the_repository(guarded, contract):
    with urllib.request.urlopen(f"{guarded[0]}/openapi.yaml", timeout=10) as answer:
        assert answer.read() == contract.read_bytes()


# The contract lets a caller wait: 25 s unless told otherwise, 30 s in its examples of `Prefer: wait`. What takes longer hangs.
LONGEST_ANSWER_SECONDS = "35"
# A short run tries those without a key with requests made at random alone; a long one with the examples, limits and sequences, too.
SHORT = int(EXAMPLES_PER_OPERATION) < 10
PHASES = {"with a key": [], "anonymous": ["--phases", "fuzzing"] if SHORT else []}


@pytest.mark.parametrize("caller", PHASES)
@pytest.mark.parametrize("part", PARTS)
def test_schemathesis_finds_nothing(guarded, contract, tmp_path, part, caller, record_property):
    base, key = guarded
    command = [
        str(SCHEMATHESIS), "--config-file", str(SETTINGS), "run", str(contract), "--url", base, "--checks", "all",
        *(["--header", f"Authorization: Bearer {key}"] if caller == "with a key" else []),
        "--max-examples", EXAMPLES_PER_OPERATION, "--workers", "1", "--request-timeout", "60", "--seed", "1",
        # A trace goes on for minutes; Tests/Peers/test_channels_api.py watches some.
        "--exclude-path", "/meters/{id}/trace", *PARTS[part], *PHASES[caller],
        "--max-response-time", LONGEST_ANSWER_SECONDS,
    ]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": str(FOLDER / "hooks.py")}
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=3600)
    assert ended.returncode == 0, ended.stdout[-30_000:] + ended.stderr[-2_000:]
    cases = int(re.search(r"(\d+) generated", ended.stdout).group(1))
    record_property("cases", cases)
    assert cases >= (40 if SHORT and caller == "anonymous" else 700)
