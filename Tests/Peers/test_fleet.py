# SPDX-License-Identifier: Apache-2.0
"""A small fleet loses days and gets them back by itself; fleet_soak.py has the large one."""

from __future__ import annotations

import json

from fleet_soak import Soak


def test_a_fleet_gets_its_days_back_while_fresh_readings_keep_coming(tmp_path):
    soak = Soak(tmp_path, meters=30, period=5, limit=120)
    try:
        figures = soak.run()
    finally:
        soak.close()
    print(json.dumps(figures))
    assert figures["completeness"] == 1
    assert figures["rows lost"] == 0
    assert figures["completeness of the dead"] < 0.1
    assert figures["fresh readings at live meters"] > 0
    # Only what was due while the gateway was dead, or just before, may have expired.
    assert figures["of these missing"] <= 2 * soak.healthy.count
