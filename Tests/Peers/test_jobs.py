# SPDX-License-Identifier: Apache-2.0
"""Jobs at foreign meters: each kind once, what it did seen by a foreign client, and nothing done twice, counted there."""

from __future__ import annotations

import json
import threading
import uuid

import pytest
from processes import Answer, Gateway, free_ports

REGISTER, SCRATCH, TEXT = "1.0.1.8.0.255", "0.0.96.50.0.255", "0.0.96.50.1.255"
PROFILE = "1.0.99.1.0.255"


@pytest.fixture
def foreign():
    """A meter of pydlms in this process that counts SET and ACTION; gives the meter and its port."""
    from pydlms import Mechanism
    from pydlms.simulator import ClientProfile, example_meter, serve

    meter = example_meter()
    meter.clients = {16: ClientProfile(), 32: ClientProfile(Mechanism.LLS, b"12345678")}
    server = serve(meter)
    yield meter, server.server_address[1]
    server.shutdown()
    server.server_close()


def create(gateway: Gateway, body: dict, key: str | None = None) -> Answer:
    return gateway.call("POST", "/jobs", body, {"Idempotency-Key": key} if key else None)


def finish(gateway: Gateway, answer: Answer) -> tuple[dict, list[dict]]:
    """A job when it is over, with its executions."""
    assert answer.status == 202, answer.text
    path = answer.headers["Location"]
    for _ in range(10):
        job = gateway.get(path, headers={"Prefer": "wait=20"}).json
        if job["state"] in ("succeeded", "partially-succeeded", "failed", "cancelled", "expired"):
            return job, gateway.get(f"{path}/executions?limit=1000").json["items"]
    raise AssertionError(job)


def register(gateway: Gateway, port: int) -> str:
    meter = f"J-{uuid.uuid4().hex[:10]}"
    gateway.register(meter, port, client=16, password=None)
    return meter


@pytest.mark.cell("jobs", "gurux meter")
def test_each_kind_at_a_foreign_meter(gateway, start_gurux_meter):
    meter = register(gateway, start_gurux_meter())
    target = {"meters": [meter]}
    orders = {
        "read": {"items": [{"object": REGISTER, "attribute": 2}]},
        "profile-read": {"profile": PROFILE, "entries": 3},
        "write": {"items": [{"object": TEXT, "attribute": 2, "value": {"text": "from a job"}}]},
        "clock-sync": {"maxAdjust": "PT24H", "minAdjust": "PT0S"},
        "discover": {},
        "bundle": {
            "steps": [
                {"read": {"items": [{"object": TEXT, "attribute": 2}]}},
                {"write": {"items": [{"object": TEXT, "attribute": 2, "value": {"text": "from a bundle"}}]}},
                {"profileRead": {"profile": PROFILE, "entries": 1}},
            ]
        },
    }
    results = {}
    for kind, members in orders.items():
        job, executions = finish(gateway, create(gateway, {"kind": kind, "target": target, **members}))
        assert job["state"] == "succeeded", (kind, executions)
        results[kind] = executions[0]["result"]
    assert results["read"]["items"][0]["value"]["unit"] == "Wh"
    assert len(results["profile-read"]["rows"]) == 3
    assert results["write"]["items"][0]["verified"]
    steps = results["bundle"]["steps"]
    assert steps[0]["read"]["items"][0]["value"]["text"] == "from a job"
    assert steps[1]["write"]["items"][0]["after"]["text"] == "from a bundle"
    assert len(steps[2]["profileRead"]["rows"]) == 1
    found = results["discover"]
    assert any(entry["obis"] == REGISTER for entry in found["objects"])
    assert any("profileRead" in operation for operation in found["suggestion"]["operations"])
    # What a discovery suggests can be ordered as it is.
    for operation in found["suggestion"]["operations"][:2]:
        (kind, members), = operation.items()
        kind = {"profileRead": "profile-read"}.get(kind, kind)
        job, executions = finish(gateway, create(gateway, {"kind": kind, "target": target, **members}))
        assert job["state"] == "succeeded", executions


@pytest.mark.cell("jobs", "pydlms meter")
def test_what_a_job_wrote_is_seen_by_a_foreign_client(gateway, foreign):
    from pydlms import DlmsClient

    _, port = foreign
    meter = f"J-{uuid.uuid4().hex[:10]}"
    gateway.register(meter, port, client=32)
    serial = "0.0.96.1.0.255"
    order = {"kind": "write", "target": {"meters": [meter]}, "items": [{"object": serial, "attribute": 2, "value": {"text": "JOB-1"}}]}
    job, executions = finish(gateway, create(gateway, order))
    assert job["state"] == "succeeded", executions
    client = DlmsClient.tcp("127.0.0.1", port)
    client.connect()
    value = client.get(serial, 1, 2)
    client.close()
    value = getattr(value, "value", value)
    assert (value if isinstance(value, str) else bytes(value).decode()) == "JOB-1"


def silent_after_action(port: int, log: list):
    """Between the gateway and a meter: counts ACTION requests, lets them through and swallows the answers."""
    import socket

    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, sink, seen):
        while octets := source.recv(65536):
            if not seen(octets):
                return
            sink.sendall(octets)

    def serve(client):
        meter = socket.create_connection(("127.0.0.1", port))
        acted = threading.Event()

        def up(octets):
            # The wrapper's header has 8 octets; C3 is an ACTION request.
            if len(octets) > 8 and octets[8] == 0xC3:
                log.append(octets)
                acted.set()
            return True

        threading.Thread(target=lambda: pump(meter, client, lambda _: not acted.is_set()), daemon=True).start()
        try:
            pump(client, meter, up)
        except OSError:
            pass

    def accept():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener


@pytest.fixture
def unanswered(gateway, start_gurux_meter):
    """The order to invoke a method at a meter whose answer to it never comes, and what reached that meter."""
    actions: list = []
    listener = silent_after_action(start_gurux_meter(), actions)
    meter = f"J-{uuid.uuid4().hex[:10]}"
    gateway.register(
        meter, listener.getsockname()[1], client=16, password=None, timeouts={"connect": "PT5S", "response": "PT2S"}
    )
    items = [{"object": REGISTER, "method": 1, "class": 3}]
    yield {"kind": "invoke", "target": {"meters": [meter]}, "items": items}, actions
    listener.close()


@pytest.mark.cell("jobs", "gurux meter")
def test_a_method_without_an_answer_is_unknown_for_good_and_never_repeated(gateway, unanswered):
    order, actions = unanswered
    key = str(uuid.uuid4())
    first = create(gateway, order, key)
    job, executions = finish(gateway, first)
    assert executions[0]["state"] == "outcome-unknown", executions
    assert job["state"] == "failed" and job["progress"]["unknown"] == 1
    assert create(gateway, order, key).headers["Location"] == first.headers["Location"]
    retry = gateway.call("POST", f"{first.headers['Location']}/retry", headers={"Idempotency-Key": str(uuid.uuid4())})
    assert (retry.status, retry.problem) == (409, "wrong-state")
    assert len(actions) == 1


@pytest.mark.cell("jobs", "gurux meter")
def test_fifty_equal_posts_make_one_job(gateway, unanswered):
    order, actions = unanswered
    key, answers = str(uuid.uuid4()), []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(create(gateway, order, key if n % 2 else f'"{key}"')))
        for n in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {202}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    finish(gateway, answers[0])
    assert len(actions) == 1


def test_reads_are_tried_again_as_often_as_the_job_says(gateway):
    dead = register(gateway, free_ports())
    order = {
        "kind": "read", "target": {"meters": [dead]}, "items": [{"object": REGISTER, "attribute": 2}],
        "retry": {"max": 2, "backoff": "PT0S"},
    }
    job, executions = finish(gateway, create(gateway, order))
    assert job["state"] == "failed"
    assert executions[0]["attempts"] == 3
    again = gateway.call("POST", f"/jobs/{job['id']}/retry")
    assert again.status == 202 and again.json["progress"]["total"] == 1


def test_a_failed_canary_spares_the_rest(gateway, pydlms_meter):
    dead, *others = [register(gateway, free_ports())] + [register(gateway, pydlms_meter) for _ in range(5)]
    order = {
        "kind": "read", "target": {"meters": [dead, *others]}, "items": [{"object": REGISTER, "attribute": 2}],
        "limits": {"canary": 1}, "retry": {"max": 0},
    }
    job, executions = finish(gateway, create(gateway, order))
    assert job["progress"]["failed"] == 1 and job["progress"]["cancelled"] == 5, job
    assert [execution["state"] for execution in executions[1:]] == ["cancelled"] * 5


def test_an_import_makes_meters_that_answer(gateway, pydlms_meter):
    lines = [
        json.dumps(
            {
                "id": f"I-{uuid.uuid4().hex[:10]}",
                "labels": {"batch": "imported"},
                "channel": {"type": "tcp", "host": "127.0.0.1", "port": pydlms_meter},
                "associations": {"reader": {"clientAddress": 16, "authentication": {"mechanism": "none"}}},
            }
        )
        for _ in range(20)
    ]
    import urllib.request

    request = urllib.request.Request(
        f"http://127.0.0.1:{gateway.port}/meters/import", "\n".join(lines).encode(), method="POST"
    )
    request.add_header("Content-Type", "application/x-ndjson")
    with urllib.request.urlopen(request, timeout=60) as response:
        assert json.load(response)["created"] == 20
    order = {
        "kind": "read", "target": {"selector": "batch=imported"}, "items": [{"object": REGISTER, "attribute": 2}],
    }
    job, _ = finish(gateway, create(gateway, order))
    assert job["state"] == "succeeded" and job["progress"]["total"] == 20
    csv = gateway.get(f"/jobs/{job['id']}/result", headers={"Accept": "text/csv"}).text.splitlines()
    assert len(csv) == 21
