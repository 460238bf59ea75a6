# SPDX-License-Identifier: Apache-2.0
"""The published matrix says what the tests show, no more and no less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_matrix_lists_the_cells_of_the_tests():
    outcome = subprocess.run(
        [sys.executable, "interoperability.py"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr or outcome.stdout
