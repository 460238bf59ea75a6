# SPDX-License-Identifier: Apache-2.0
"""The gateway reads, writes and explains meters that nobody here wrote; a foreign client is the judge of each value."""

from __future__ import annotations

import socket
import threading

import pytest
from comparison import compare_attributes, objects_of
from foreign_clients import Access, GuruxClient, PydlmsClient

SCRATCH = "0.0.96.50.0.255"
DENIED = "0.0.96.50.2.255"
LOAD_PROFILE = "1.0.99.1.0.255"
ROWS = 3000

METERS = {
    "gurux-none-256": (["--auth", "none", "--pdu-size", "256", "--rows", str(ROWS), "--any-type"], 16, None, GuruxClient),
    "gurux-none-1024": (["--auth", "none", "--pdu-size", "1024", "--rows", str(ROWS)], 16, None, GuruxClient),
    "gurux-low-256": (
        ["--auth", "low", "--password", "12345678", "--pdu-size", "256", "--rows", str(ROWS)], 32, "12345678", GuruxClient,
    ),
    "gurux-low-1024": (
        ["--auth", "low", "--password", "12345678", "--pdu-size", "1024", "--rows", str(ROWS), "--any-type"], 32, "12345678",
        GuruxClient,
    ),
    "pydlms-none": (None, 16, None, PydlmsClient),
    "pydlms-low": (None, 32, "12345678", PydlmsClient),
}


@pytest.fixture(scope="module")
def meters(gateway, start_gurux_meter, pydlms_meter):
    """Every meter of METERS, started and registered under its name; name -> port."""
    ports = {}
    for name, (arguments, client, password, _) in METERS.items():
        ports[name] = pydlms_meter if arguments is None else start_gurux_meter(*arguments)
        # pydlms serves two of our meters on one port: each exchange closes soon, so that both get their turn.
        gateway.register(name, ports[name], client, password, keepAlive="PT1S")
    return ports


def cells(name: str, *features: str):
    """The name of a meter as a parameter that shows these features against its peer."""
    peer = "gurux meter" if name.startswith("gurux") else "pydlms meter"
    return pytest.param(name, marks=[pytest.mark.cell(feature, peer) for feature in features])


def judge(name: str, port: int):
    _, client, password, judge_class = METERS[name]
    return judge_class(Access(port, client, password))


@pytest.mark.parametrize(
    "name",
    [cells(name, "LLS" if "low" in name else "no security", "LN: GET, blocks", "LN: GET with-list") for name in METERS],
)
def test_every_attribute_of_every_object_equals_what_the_foreign_client_reads(gateway, meters, name):
    expected_objects = 62 if name.startswith("gurux") else 12
    assert len(objects_of(gateway, name)) >= expected_objects
    client = judge(name, meters[name])
    compared = compare_attributes(gateway, name, client)
    client.close()
    assert compared > 2 * expected_objects


@pytest.mark.parametrize("name", [name for name in METERS if name.startswith("gurux")])
def test_all_type_objects_have_a_friendly_and_a_typed_value(gateway, meters, name):
    for number in range(33):
        path = f"/meters/{name}/objects/0.0.96.51.{number}.255/attributes/2"
        for form in ("friendly", "typed"):
            answer = gateway.get(f"{path}?form={form}")
            assert answer.status == 200, (number, form, answer.text)
            assert "value" in answer.json


def test_friendly_values_are_exact(gateway, meters):
    def value(obis: str):
        answer = gateway.get(f"/meters/gurux-low-1024/objects/{obis}/attributes/2")
        assert answer.status == 200, answer.text
        return answer.text, answer.json["value"]

    text, quantity = value("1.0.32.7.0.255")
    assert '"value":230.1' in text.replace(" ", "")
    assert quantity == {"value": 230.1, "unit": "V", "raw": 2301, "scaler": -1, "unitCode": 35}
    assert value("1.0.2.8.0.255")[1] == {"value": 47110, "unit": "Wh", "raw": 4711, "scaler": 1, "unitCode": 30}
    assert "18446744073709551615" in value("0.0.96.51.15.255")[0]
    assert value("0.0.96.51.7.255")[1] == "Hello"
    assert value("0.0.96.51.19.255")[1] is None


@pytest.mark.parametrize("name", [cells(name, "LN: SET, blocks") for name in ("gurux-none-256", "gurux-low-1024")])
@pytest.mark.parametrize(
    "written",
    [
        pytest.param({"type": "visible-string", "value": "written by the gateway"}, id="text"),
        pytest.param(
            {
                "type": "structure",
                "items": [
                    {"type": "long-unsigned", "value": 7},
                    {"type": "array", "items": [{"type": "unsigned", "value": n} for n in range(5)]},
                    {"type": "octet-string", "hex": "00FF80"},
                ],
            },
            id="structure",
        ),
        pytest.param({"type": "octet-string", "hex": "A5" * 4096}, id="4kB"),
    ],
)
def test_what_is_put_is_read_back(gateway, meters, name, written):
    path = f"/meters/{name}/objects/{SCRATCH}/attributes/2"
    answer = gateway.call("PUT", path, {"value": written})
    assert answer.status == 200, answer.text
    read = gateway.get(f"{path}?form=typed&maxAge=0")
    assert read.status == 200, read.text
    assert read.json["value"] == written
    client = judge(name, meters[name])
    octets = client.octets(1, SCRATCH, 2)
    client.close()
    hex_form = gateway.get(f"{path}?form=hex").json["value"]["hex"]
    assert hex_form.upper() == octets.hex().upper()


def test_a_value_of_another_type_is_refused_by_the_meter_and_said_so(gateway, meters):
    path = f"/meters/gurux-low-256/objects/{SCRATCH}/attributes/2"
    answer = gateway.call("PUT", path, {"value": {"type": "visible-string", "value": "not a number"}})
    assert (answer.status, answer.problem) == (422, "type-mismatch"), answer.text


def test_friendly_values_are_written_with_the_type_that_was_read(gateway, meters):
    number = f"/meters/gurux-low-256/objects/{SCRATCH}/attributes/2"
    text = "/meters/gurux-low-256/objects/0.0.96.50.1.255/attributes/2"
    assert gateway.call("PUT", number, {"value": -7}).status == 200
    assert gateway.get(f"{number}?form=typed&maxAge=0").json["value"] == {"type": "double-long", "value": -7}
    assert gateway.call("PUT", text, {"value": {"text": "good day"}}).status == 200
    assert gateway.get(f"{text}?form=hex&maxAge=0").json["value"]["hex"] == "0908" + b"good day".hex().upper()


def test_a_denied_write_is_403_and_names_the_meter_as_the_one_who_refused(gateway, meters):
    path = f"/meters/gurux-low-1024/objects/{DENIED}/attributes/2"
    answer = gateway.call("PUT", path, {"value": {"type": "unsigned", "value": 2}})
    assert (answer.status, answer.problem) == (403, "denied-by-meter"), answer.text
    assert answer.json["dlms"] == {"service": "set", "result": "read-write-denied", "code": 3}


def test_a_wrong_password_is_its_own_problem_and_the_password_stays_secret(gateway, meters):
    gateway.register("wrong-password", meters["gurux-low-1024"], 32, "Wr0ng-Pass")
    answer = gateway.get("/meters/wrong-password/objects/1.0.1.8.0.255/attributes/2?class=3")
    assert (answer.status, answer.problem) == (502, "authentication-failed-at-meter"), answer.text
    assert "Wr0ng-Pass" not in answer.text


def test_a_wrong_port_is_meter_refused_connection(gateway, meters):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        gateway.register("wrong-port", closed.getsockname()[1])
        answer = gateway.get("/meters/wrong-port/objects/1.0.1.8.0.255/attributes/2?class=3")
    assert (answer.status, answer.problem) == (502, "meter-refused-connection"), answer.text


def test_a_silent_peer_is_meter_timeout(gateway):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held = []

        def accept() -> None:
            while True:
                try:
                    held.append(silent.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        gateway.register(
            "silent", silent.getsockname()[1], timeouts={"connect": "PT2S", "response": "PT1S"}
        )
        answer = gateway.get("/meters/silent/objects/1.0.1.8.0.255/attributes/2?class=3")
        assert (answer.status, answer.problem) == (504, "meter-timeout"), answer.text
        assert answer.json["retryable"] is True


def test_an_unknown_object_is_404_object_undefined(gateway, meters):
    answer = gateway.get("/meters/gurux-low-1024/objects/1.0.99.99.99.255/attributes/2")
    assert (answer.status, answer.problem) == (404, "object-undefined"), answer.text


@pytest.mark.parametrize("name", [cells(name, "range", "entry") for name in ("gurux-none-256", "gurux-low-1024")])
def test_profile_rows_by_range_by_entries_and_by_last(gateway, meters, name):
    base = f"/meters/{name}/profiles/{LOAD_PROFILE}/rows"
    by_range = gateway.get(f"{base}?from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z").json
    assert len(by_range["rows"]) == 96
    assert by_range["rows"][0]["values"][-1] == 1_000_000 + 7 * 96
    assert by_range["rows"][0]["time"].startswith("2026-01-02T00:00:00")
    assert by_range["coverage"]["gaps"] == []
    by_entries = gateway.get(f"{base}?entries=10").json
    assert len(by_entries["rows"]) == 10
    assert by_entries["rows"][-1]["values"][-1] == 1_000_000 + 7 * (ROWS - 1)
    # The profile of this meter ended in the past: nothing of the last day is in it, and that is an answer, not an error.
    last = gateway.get(f"{base}?last=P1D")
    assert last.status == 200, last.text
    assert last.json["rows"] == []
    everything = gateway.get(f"{base}?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", timeout=120).json
    assert len(everything["rows"]) == ROWS
    assert [row["values"][-1] for row in everything["rows"]] == [1_000_000 + 7 * n for n in range(ROWS)]


def test_a_read_job_and_a_profile_job_run_to_the_end(gateway, meters):
    meters_asked = ["gurux-none-256", "gurux-low-1024"]
    made = gateway.call(
        "POST", "/jobs",
        {"kind": "read", "target": {"meters": meters_asked}, "items": [{"object": "1.0.1.8.0.255", "attribute": 2}]},
    )
    assert made.status == 202, made.text
    job = finished(gateway, made.headers["Location"])
    assert job["state"] == "succeeded"
    expected = {"total": 2, "done": 2, "succeeded": 2, "failed": 0, "unknown": 0, "running": 0}
    assert job["progress"] | expected == job["progress"]
    executions = gateway.get(f"{made.headers['Location']}/executions").json["items"]
    assert sorted(execution["meter"] for execution in executions) == sorted(meters_asked)


def finished(gateway, location: str) -> dict:
    for _ in range(30):
        job = gateway.get(location, headers={"Prefer": "wait=5"}).json
        if job["state"] not in ("queued", "running", "scheduled"):
            return job
    raise AssertionError(f"job did not finish: {job}")
