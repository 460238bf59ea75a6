# SPDX-License-Identifier: Apache-2.0
"""The lines of docs/procedures.md, run as they are printed against the demo."""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

import pytest
from processes import GATEWAY, free_ports, running

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "procedures.md"

# A refusal ends the script, a job is waited for and has to succeed, and uuidgen is not everywhere.
PRELUDE = r"""
set -euo pipefail
curl() { command curl --fail-with-body "$@"; }
uuidgen() { cat /proc/sys/kernel/random/uuid; }
settled() {
    for attempt in $(seq 300); do
        states=$(curl -s "$GATEWAY/jobs" | jq -r '.items[].state')
        if ! grep -qvE '^(succeeded|failed|cancelled)?$' <<< "$states"; then break; fi
        sleep 0.1
    done
    if [ -n "$(grep -v succeeded <<< "$states" || true)" ]; then curl -s "$GATEWAY/jobs"; return 1; fi
}
"""


@pytest.mark.skipif(not all(shutil.which(tool) for tool in ("bash", "curl", "jq", "openssl")), reason="a tool is missing")
def test_every_printed_line_works(tmp_path):
    port = free_ports()
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 10
    script = [PRELUDE]
    for block in blocks:
        script += [block.replace("127.0.0.1:8080", f"127.0.0.1:{port}"), "settled" if "GATEWAY=" not in block else ""]
    command = [GATEWAY, "demo", "--listen", f"127.0.0.1:{port}", "--meters", "1"]
    with running(command, port, "cosem-gateway demo", tmp_path / "demo.log"):
        run = subprocess.run(
            ["bash", "-x", "-c", "\n".join(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
