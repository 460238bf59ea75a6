# SPDX-License-Identifier: Apache-2.0
"""Every fault on every transport: the right value or the right problem, in time, and nothing left behind.

`FAULT_ROUNDS=50` runs as many rounds as the page in docs shows; see fault_matrix.py.
"""

from __future__ import annotations

import fault_matrix
import pytest


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return fault_matrix.run(fault_matrix.ROUNDS, tmp_path_factory.mktemp("matrix"))


def test_each_fault_gives_the_right_value_or_the_right_problem(result):
    found = fault_matrix.faults(result)
    assert not found, "\n".join(found[:20])


def test_every_cell_was_tried(result):
    untried = [(cell.fault.name, cell.transport.name) for cell in result.cells if not cell.outcomes]
    assert not untried


def test_the_page_shows_these_faults_and_transports():
    """The figures change from run to run; which faults and transports there are does not."""
    table = [line.split("|")[1:-1] for line in fault_matrix.PAGE.read_text().splitlines() if line.startswith("| ")]
    faults, transports = fault_matrix.axes()
    assert [cell.strip() for cell in table[0][1:]] == transports
    assert [row[0].strip() for row in table[1:]] == faults
