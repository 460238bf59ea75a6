# SPDX-License-Identifier: Apache-2.0
"""Meters of IEC 62056-21 by HTTP: read from a meter that shares nothing with the gateway, and imported from files."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from processes import GATEWAY, Answer, Gateway, free_ports, running
from text_meter import READOUT, TextMeter

ENERGY = "/objects/1-0:1.8.0/attributes/2"
FILE = f"/ISk5MT174-0001\r\n{READOUT}!\r\n"


def register(gateway: Gateway, name: str, port: int, device: str | None = None, password: str = "00000000") -> str:
    """Make a text meter known; gives its path."""
    document = {
        "timeZone": "Europe/Bratislava",
        "channel": {"type": "tcp", "host": "127.0.0.1", "port": port},
        "framing": "iec62056-21",
        "associations": {"reader": {"authentication": {"mechanism": "low", "secret": {"text": password}}}},
        "keepAlive": "PT0S",
    }
    if device:
        document["address"] = {"device": device}
    answer = gateway.call("PUT", f"/meters/{name}", document)
    assert answer.status in (200, 201), answer.text
    return f"/meters/{name}"


def post_text(gateway: Gateway, path: str, text: str, accept: str = "application/json") -> Answer:
    """POST a text and take whatever comes."""
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}{path}", method="POST", data=text.encode())
    request.add_header("Content-Type", "text/plain")
    request.add_header("Accept", accept)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return Answer(response.status, dict(response.headers), response.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read().decode())


def import_readout(gateway: Gateway, *arguments: str) -> subprocess.CompletedProcess:
    """Run the subcommand."""
    command = [GATEWAY, "import-readout", "--gateway", f"127.0.0.1:{gateway.port}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_value_comes_with_its_unit_and_one_readout_answers_many(gateway):
    with TextMeter() as meter:
        path = register(gateway, "text-values", meter.port)
        first = gateway.get(path + ENERGY)
        assert first.status == 200, first.text
        assert first.json["value"] == {"value": 123450, "unit": "Wh", "raw": 12345, "scaler": 1, "unitCode": 30}
        assert first.json["source"] == "live"
        readouts = meter.readouts
        stored = gateway.get(path + "/objects/1.0.1.8.0.1/attributes/2")
        assert stored.json["value"]["raw"] == 12000
        assert stored.json["source"] == "cache"
        serial = gateway.get(path + "/objects/0.0.96.1.0.255/attributes/2")
        assert serial.json["value"] == "00004711"
        assert meter.readouts == readouts


def test_objects_beside_the_readout_are_read_in_programming_mode(gateway):
    with TextMeter() as meter:
        path = register(gateway, "text-others", meter.port)
        voltage = gateway.get(path + "/objects/1-0:32.7.0/attributes/2")
        assert voltage.status == 200, voltage.text
        assert (voltage.json["value"]["value"], voltage.json["value"]["unit"]) == (230.1, "V")
        assert gateway.get(path + "/objects/1-0:99.7.0/attributes/2").json["type"].endswith("/object-undefined")


def test_a_value_is_written_and_read_back(gateway):
    with TextMeter() as meter:
        path = register(gateway, "text-writes", meter.port)
        answer = gateway.call("PUT", path + ENERGY, {"value": 200000})
        assert answer.status == 200, answer.text
        assert answer.json["verified"] is True
        assert "W11.8.0(000200.00)" in meter.commands


def test_a_wrong_password_is_told(gateway):
    with TextMeter(password="secret") as meter:
        path = register(gateway, "text-password", meter.port)
        answer = gateway.call("PUT", path + ENERGY, {"value": 200000})
        assert answer.json["type"].endswith("/authentication-failed-at-meter"), answer.text
        assert "00000000" not in answer.text


def test_a_load_profile_has_both_hours_of_the_change(gateway):
    with TextMeter() as meter:
        path = register(gateway, "text-profile", meter.port)
        rows = gateway.get(path + "/profiles/1.0.99.1.0.255/rows?from=2026-10-25T00:00:00Z&to=2026-10-25T02:15:00Z")
        assert rows.status == 200, rows.text
        assert [row["time"] for row in rows.json["rows"]] == [
            "2026-10-25T02:00:00+02:00", "2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00",
            "2026-10-25T02:45:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:15:00+01:00",
            "2026-10-25T03:00:00+01:00",
        ]
        assert [row["values"] for row in rows.json["rows"]] == [[100], [110], [120], [130], [140], [150], [180]]
        assert rows.json["rows"][-1]["status"] == ["power-down"]
        assert [(gap["from"], gap["to"]) for gap in rows.json["coverage"]["gaps"]], rows.text


def test_a_whole_readout_comes_as_json_and_as_text(gateway):
    with TextMeter() as meter:
        path = register(gateway, "text-readout", meter.port)
        answer = post_text(gateway, path + "/readout", "")
        assert answer.json["identification"] == {"manufacturer": "ISk", "type": "MT174-0001", "mode": "C"}
        assert [item["address"] for item in answer.json["items"]][:2] == ["0.0.0", "C.1.0"]
        assert post_text(gateway, path + "/readout", "", "text/plain").text == FILE


def test_equal_reads_at_once_share_a_readout(gateway):
    with TextMeter() as meter:
        path = register(gateway, "text-shared", meter.port)
        gateway.get(path + "/objects")
        before = meter.readouts
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: gateway.get(path + ENERGY + "?maxAge=0"), range(16)))
        assert {answer.status for answer in answers} == {200}
        assert meter.readouts - before <= 8


def test_an_import_is_told_with_the_time_of_the_meters_clock(gateway):
    path = register(gateway, "import-1", 1, "12345678")
    answer = post_text(gateway, path + "/readout-files", FILE)
    assert answer.json["imported"] == 1, answer.text
    value = gateway.get(path + ENERGY + "?source=cache")
    assert (value.json["source"], value.json["readAt"]) == ("import", "2026-11-21T12:00:00Z")
    assert gateway.get(path + ENERGY).status in (502, 504)


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("\r\n", "\n"),
        "/?12345678!\r\n" + FILE.replace("!\r\n", ""),
        READOUT + "!\r\n",
        "\ufeff" + FILE,
    ],
)
def test_files_are_read_leniently(gateway, text):
    register(gateway, "import-lenient", 1, "12345678")
    assert post_text(gateway, "/meters/import-lenient/readout-files", text).json["imported"] == 1


def test_the_subcommand_imports_and_says_what_came_of_it(gateway, tmp_path):
    register(gateway, "cli-1", 1, "70000001")
    register(gateway, "cli-2", 1, "0070000002")
    whole = tmp_path / "whole.txt"
    whole.write_text("".join(FILE.replace("12345678", number) for number in ("70000001", "70000002")), newline="")
    outcome = import_readout(gateway, str(whole))
    assert (outcome.returncode, outcome.stdout.splitlines()[-1]) == (0, "2 imported, 0 failed"), outcome
    assert "cli-2" in outcome.stdout
    part = tmp_path / "part.txt"
    part.write_text(FILE.replace("12345678", "70000001") + FILE.replace("12345678", "79999999"), newline="")
    assert import_readout(gateway, str(part)).returncode == 3
    assert import_readout(gateway, str(tmp_path / "absent.txt")).returncode == 1
    assert import_readout(gateway, "--meter", "cli-2", str(part)).returncode == 1
    assert import_readout(gateway, "--meter", "cli-2", "--ignore-number", str(part)).returncode == 0
    assert import_readout(gateway).returncode == 2
    assert import_readout(gateway, "--nonsense", str(part)).returncode == 2


def test_long_files_go_in_parts_and_lines_are_told_of_the_whole(gateway, tmp_path):
    register(gateway, "cli-3", 1, "70000003")
    file = tmp_path / "many.txt"
    good = FILE.replace("12345678", "70000003")
    file.write_text(good * 150 + FILE.replace("12345678", "79999999"), newline="")
    outcome = import_readout(gateway, str(file))
    assert outcome.returncode == 3
    assert outcome.stdout.splitlines()[-1] == "150 imported, 1 failed"
    line = good.count("\n") * 150 + 1
    assert f"{file}:{line}: " in outcome.stderr


def test_a_gateway_that_is_not_there_is_a_failure(tmp_path):
    file = tmp_path / "file.txt"
    file.write_text(FILE)
    outcome = subprocess.run([GATEWAY, "import-readout", "--gateway", "127.0.0.1:1", str(file)], capture_output=True, text=True)
    assert outcome.returncode == 1
    assert "no gateway answers" in outcome.stderr


def test_what_is_no_readout_has_a_problem(gateway):
    register(gateway, "import-2", 1, "12345678")
    for text, problem in [("hello", "readout-unreadable"), (FILE.replace("12345678", "99"), "readout-of-another-meter")]:
        answer = post_text(gateway, "/meters/import-2/readout-files", text)
        assert answer.status == 422
        assert json.loads(answer.text)["type"].endswith(problem)


def test_an_import_and_a_readout_survive_a_restart(tmp_path):
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--database", f"sqlite:///{tmp_path}/gateway.sqlite",
    ]
    with TextMeter() as meter:
        with running(arguments, port, "cosem-gateway serve", tmp_path / "first") as process:
            gateway = Gateway(port, process)
            path = register(gateway, "text-restart", meter.port)
            assert gateway.get(path + ENERGY).status == 200
            register(gateway, "import-restart", 1, "12345678")
            assert post_text(gateway, "/meters/import-restart/readout-files", FILE).json["imported"] == 1
        readouts = meter.readouts
        with running(arguments, port, "cosem-gateway serve", tmp_path / "second") as process:
            gateway = Gateway(port, process)
            kept = gateway.get(path + ENERGY + "?source=cache")
            assert (kept.status, kept.json["value"]["raw"]) == (200, 12345)
            imported = gateway.get("/meters/import-restart" + ENERGY + "?source=cache")
            assert imported.json["source"] == "import"
            assert meter.readouts == readouts
