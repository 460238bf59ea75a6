# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""openapi-generator takes openapi.yaml, and the Python client that it makes reads meters and posts orders; `make client` runs it."""

from __future__ import annotations

import datetime
import importlib
import pathlib
import re
import subprocess
import sys

import pytest

GENERATOR = pathlib.Path(sys.executable).parent / "openapi-generator-cli"
pytestmark = pytest.mark.skipif(not GENERATOR.exists(), reason="make client installs openapi-generator, with a Java")
PACKAGE = "gateway_client"
REGISTER = "1.0.1.8.0.255"


def generator(*arguments: str) -> str:
    ended = subprocess.run([str(GENERATOR), *arguments], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout[-4_000:] + ended.stderr[-4_000:]
    return ended.stdout + ended.stderr


def test_the_generator_has_no_objection(contract):
    assert "No validation issues detected" in generator("validate", "-i", str(contract))


@pytest.fixture(scope="module")
def generated(contract, tmp_path_factory) -> pathlib.Path:
    """The folder of the package, as the generator made it."""
    folder = tmp_path_factory.mktemp("client")
    parts = "models,apis,supportingFiles,apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
    generator(
        "generate", "-g", "python", "-i", str(contract), "-o", str(folder),
        f"--additional-properties=packageName={PACKAGE}", f"--global-property={parts}",
    )
    return folder


@pytest.fixture
def client(generated, guarded, monkeypatch):
    """The package and a client of it that has the administrator's key."""
    monkeypatch.syspath_prepend(str(generated))
    package = importlib.import_module(PACKAGE)
    base, key = guarded
    with package.ApiClient(package.Configuration(host=base, access_token=key)) as caller:
        yield package, caller


def test_every_model_has_a_name_that_somebody_chose(generated):
    names = [file.stem for file in (generated / PACKAGE / "models").glob("*.py")]
    assert len(names) > 200
    assert [name for name in names if re.search(r"(any|one|all)_of\d*$|\d_response$", name)] == []


def test_it_reads_a_meter(client):
    package, caller = client
    meters = package.MetersApi(caller).list_meters()
    assert [type(meter) for meter in meters.items] == [package.Meter] * len(meters.items) and meters.next is None
    reading = package.ObjectsApi(caller).get_attribute(id="demo-1", obis=REGISTER, n="2", max_age="0")
    assert isinstance(reading, package.AttributeValue) and reading.source is package.Source.LIVE
    assert (reading.object.obis, reading.object.var_class, reading.attribute.id) == (REGISTER, 3, 2)
    assert reading.value["unit"] == "Wh" and isinstance(reading.value["value"], (int, float))
    assert isinstance(reading.read_at, datetime.datetime) and reading.read_at.tzinfo
    objects = package.ObjectsApi(caller).list_objects(id="demo-1")
    assert REGISTER in [entry.obis for entry in objects.items]
    rows = package.ProfilesApi(caller).list_profile_rows(id="demo-1", obis="1.0.99.1.0.255", last="PT2H")
    assert len(rows.rows) == 8 and rows.rows[0].values and rows.coverage.received == 8
    with pytest.raises(package.exceptions.NotFoundException) as refused:
        package.ObjectsApi(caller).get_attribute(id="demo-l", obis=REGISTER, n="2")
    assert isinstance(refused.value.data, package.Problem) and refused.value.data.type == "/docs/problems/meter-unknown"


def test_it_posts_an_order_and_follows_it(client):
    package, caller = client
    order = package.DisconnectorOrderInput(action="disconnect", reason="TEST", expectedState="connected")
    posted = package.OrdersApi(caller).create_disconnector_order(
        id="demo-2", idempotency_key="client-1", disconnector_order_input=order, prefer="wait=20"
    )
    job = posted.actual_instance
    assert isinstance(job, package.Job) and job.kind == "disconnect"
    assert job.state is package.JobState.SUCCEEDED and isinstance(job.created_at, datetime.datetime)
    (execution,) = package.JobsApi(caller).list_job_executions(id=job.id).items
    assert isinstance(execution, package.Execution) and execution.state == "succeeded" and execution.problem is None
    kept = execution.progress.actual_instance
    assert isinstance(kept, package.OrderProgress) and kept.before.control_state == "connected"
    assert package.OrdersApi(caller).get_disconnector(id="demo-2").control_state == "disconnected"


def test_it_writes_down_a_schedule_and_reads_it_back_whole(client):
    package, caller = client
    recurrence = package.Recurrence(every="PT6H", anchor="2026-01-01T00:00:00")
    wanted = package.ScheduleCreation(
        id="six-hours", timeZone="Europe/Bratislava", recurrence=recurrence, target=package.TargetSelection(meters=["demo-1"]),
        operation=package.ScheduledOperation.from_dict({"profileRead": {"profile": "1.0.99.1.0.255"}}),
    )
    made = package.SchedulesApi(caller).create_schedule(schedule_creation=wanted)
    assert isinstance(made, package.Schedule) and isinstance(made.next_run, datetime.datetime)
    assert (made.recurrence, made.target.meters) == (recurrence, ["demo-1"])
