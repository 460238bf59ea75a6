# SPDX-License-Identifier: Apache-2.0
"""The lines of README.md, docs/recipes.md and docs/procedures.md, run as they are printed against the demo and a gateway."""

from __future__ import annotations

import pathlib
import re
import subprocess

from processes import GATEWAY, free_ports, running

ROOT = pathlib.Path(__file__).parents[2]
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "procedures.md"

# A refusal ends the script, a job is waited for and has to succeed.
PRELUDE = r"""
set -euo pipefail
curl() { command curl --fail-with-body "$@"; }
settled() {
    for attempt in $(seq 300); do
        states=$(curl -s "$GATEWAY/jobs" | jq -r '.items[].state')
        if ! grep -qvE '^(succeeded|failed|cancelled)?$' <<< "$states"; then break; fi
        sleep 0.1
    done
    if [ -n "$(grep -v succeeded <<< "$states" || true)" ]; then curl -s "$GATEWAY/jobs"; return 1; fi
}
"""


def printed(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def as_printed(blocks: list[str], port: int, folder: pathlib.Path, meters: int = 0) -> None:
    """Runs blocks in one shell; only addresses are others, and what takes long or never ends was done by the test."""
    script = PRELUDE + f'cosem-gateway() {{ "{GATEWAY}" "$@"; }}\nexport COSEM_GATEWAY_URL=127.0.0.1:{port}\n'
    for block in blocks:
        block = re.sub(r"^(make |\.build/release/cosem-gateway serve).*$", "true", block, flags=re.MULTILINE)
        block = block.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        for number, host in enumerate(("192.0.2.10", "192.0.2.11")):
            block = block.replace(f'"host": "{host}", "port": 4059', f'"host": "127.0.0.1", "port": {meters + number}')
        script += block
    run = subprocess.run(
        ["bash", "-x", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]


def test_the_first_minute_of_the_readme_gives_a_reading(tmp_path):
    first, _, _ = (ROOT / "README.md").read_text().partition("## A real meter")
    blocks = printed(first)
    assert blocks[0] == "make demo\n" and "attributes/2" in blocks[1]
    port = free_ports()
    with running([GATEWAY, "demo", "--listen", f"127.0.0.1:{port}", "--meters", "1"], port, "demo", tmp_path / "log"):
        as_printed(blocks, port, tmp_path)


def test_every_line_of_the_readme_and_of_more_recipes_works(tmp_path):
    _, _, rest = (ROOT / "README.md").read_text().partition("## A real meter")
    blocks = printed(rest)
    assert len(blocks) > 7 and blocks[0].startswith("make build\n.build/release/cosem-gateway serve --auth none")
    blocks += printed((ROOT / "docs/recipes.md").read_text())
    port, meters = free_ports(), free_ports(2)
    simulate = [GATEWAY, "simulate", "--port", str(meters), "--count", "2"]
    serve = [GATEWAY, "serve", "--auth", "none", "--database", f"sqlite:///{tmp_path}/gateway.sqlite"]
    serve += ["--listen", f"127.0.0.1:{port}"]
    with running(simulate, meters, "simulate", tmp_path / "meters"), running(serve, port, "serve", tmp_path / "log"):
        as_printed(blocks, port, tmp_path, meters)
    day = (tmp_path / "day.csv").read_text().splitlines()
    assert len(day) > 90 and day[0].startswith("time,")


def test_every_line_of_procedures_works(tmp_path):
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
