# SPDX-License-Identifier: Apache-2.0
"""The scenario files in docs can be run, and what is wrong with a file is told with its place."""

from __future__ import annotations

import subprocess

import pytest
from processes import GATEWAY, ROOT

EXAMPLES = sorted((ROOT / "docs" / "scenarios").glob("*.json"))


def check(file) -> subprocess.CompletedProcess:
    return subprocess.run([GATEWAY, "simulate", "--scenario", str(file), "--check"], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_example_can_be_run(file):
    result = check(file)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"{file}: ")


def test_a_misspelt_word_is_told_with_its_place_and_the_nearest_one(tmp_path):
    file = tmp_path / "scenario.json"
    file.write_text('{"name": "x", "lines": [\n  {"listen": {"type": "tcp", "port": 1},\n   "fualts": []}]}')
    result = check(file)
    assert result.returncode != 0
    assert f"{file}: line 3, column 4: the member 'fualts' is not known" in result.stderr
    assert "did you mean 'faults'?" in result.stderr


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert "cannot be read" in check(tmp_path / "none.json").stderr
