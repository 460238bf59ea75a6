# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""What people mistype, and that the gateway tells what they meant."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest
from processes import GATEWAY, Gateway, free_ports, running

ENERGY = "/meters/demo-1/objects/1.0.1.8.0.255"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    port = free_ports()
    log = tmp_path_factory.mktemp("hints") / "log"
    command = [GATEWAY, "demo", "--listen", f"127.0.0.1:{port}", "--meters", "1"]
    with running(command, port, "cosem-gateway demo", log) as process:
        yield Gateway(port, process)


# What is sent, with the slip, and what the answer suggests.
REQUESTS = {
    "a member of a body": ("POST", "/meters/demo-1/disconnector/orders", {"action": "disconnect", "dryrnu": True}, "dryRun"),
    "a query parameter": ("GET", f"{ENERGY}/attributes/2?maxage=0", None, "maxAge"),
    "a word of a body": ("POST", "/meters/demo-1/disconnector/orders", {"action": "disconect"}, "disconnect"),
    "a word of a query": ("GET", f"{ENERGY}/attributes/2?form=typd", None, "typed"),
    "the id of a meter": ("GET", "/meters/dmeo-1", None, "demo-1"),
    "an alias": ("GET", "/meters/demo-1/objects/enrgy-import/attributes/2", None, "energy-import"),
    "an OBIS code": ("GET", "/meters/demo-1/objects/1.0.1,8.0.255/attributes/2", None, "1.0.1.8.0.255"),
    "a path": ("GET", "/metres", None, "/meters"),
    "the name of an attribute": ("GET", f"{ENERGY}/attributes/scaler_unti", None, "scaler_unit"),
    "an association": ("GET", f"{ENERGY}/attributes/2?association=raeder", None, "reader"),
    "a scope": ("POST", "/api-keys", {"name": "a", "scopes": ["meter:read"]}, "meters:read"),
    "the time zone of a meter": ("PATCH", "/meters/demo-1", {"timeZone": "Europe/Bratislva"}, "Europe/Bratislava"),
    "a unit": ("GET", f"{ENERGY}/attributes/2?scale=kwh", None, "kWh"),
    "a time zone": ("POST", "/schedules/preview", {"recurrence": {"cron": "15 2 * * *"}, "timeZone": "Europe/Bratislva"}, "Europe/Bratislava"),
}


@pytest.mark.parametrize("slip", REQUESTS)
def test_a_slip_in_a_request_is_told_what_was_meant(gateway, slip):
    method, path, body, meant = REQUESTS[slip]
    answer = gateway.call(method, path, body, headers={"Idempotency-Key": "k"})
    assert 400 <= answer.status < 500, answer.json
    assert answer.json["suggestion"] == meant, answer.json
    assert meant in answer.json["hint"]


def test_a_member_like_no_other_is_told_which_there_are(gateway):
    body = {"associations": {"reader": {"clientAddress": 32, "authentication": {"mechanism": "low", "password": "12345678"}}}}
    answer = gateway.call("PUT", "/meters/mine", {"channel": {"type": "tcp", "host": "192.0.2.1"}, **body})
    assert answer.status == 400, answer.json
    assert answer.json["known"] == ["mechanism", "secret"] and "mechanism, secret" in answer.json["hint"]


# What stands where an object has to be, and the object that the answer shows.
PLAIN = {
    "/recurrence": ({"recurrence": "15 2 * * *", "timeZone": "UTC"}, "/schedules/preview", '{"cron":"15 2 * * *"}'),
    "/target": ({"kind": "read", "target": "demo-1", "items": []}, "/jobs", '{"meters":["M-1001"]}'),
}


@pytest.mark.parametrize("pointer", PLAIN)
def test_a_text_for_an_object_is_told_what_such_an_object_is(gateway, pointer):
    body, path, example = PLAIN[pointer]
    answer = gateway.call("POST", path, body)
    assert answer.status == 400 and answer.json["pointer"] == pointer, answer.json
    assert f"an object such as {example}, not a string" in answer.json["detail"]


def test_a_target_without_meters_is_told_so(gateway):
    body = {"kind": "read", "target": {"selector": "region=nowhere"}, "items": [{"object": "1.0.1.8.0.255", "attribute": 2}]}
    answer = gateway.call("POST", "/jobs", body)
    assert answer.status == 422 and "none fits it" in answer.json["detail"], answer.json


def test_a_path_like_no_other_is_told_where_to_begin(gateway):
    answer = gateway.call("GET", "/swagger")
    assert answer.status == 404 and "/openapi.yaml" in answer.json["hint"], answer.json


def test_a_wrong_method_is_told_which_there_are(gateway):
    answer = gateway.call("POST", "/meters/demo-1", {})
    assert answer.status == 405
    assert "PUT" in answer.json["hint"] and "PUT" in answer.headers["Allow"]


def test_a_cron_is_told_the_column_of_the_fault(gateway):
    answer = gateway.call("POST", "/schedules/preview", {"recurrence": {"cron": "15 25 * * *"}, "timeZone": "UTC"})
    assert answer.status == 422 and answer.json["column"] == 4, answer.json


# What is typed, with the slip, and what standard error suggests.
COMMANDS = {
    "a flag": (["serve", "--lisen", "127.0.0.1:1"], {}, "--listen"),
    "a subcommand": (["serv"], {}, "serve"),
    "a subcommand of another": (["config", "chek"], {}, "check"),
    "what help is wanted for": (["help", "serv"], {}, "serve"),
    "a time zone": (["preview-schedule", "--time-zone", "Europe/Bratislva", "30 2 * * *"], {}, "Europe/Bratislava"),
    "a setting without an option": (["serve", "--orders-confirmation", "self"], {}, "COSEM_GATEWAY_ORDERS_CONFIRMATION"),
    "a setting of the file": (["config", "check", "--config", "gateway.yaml"], {}, "log.level"),
    "the time zone of orders": (["config", "check", "--config", "zone.yaml"], {}, "Europe/Bratislava"),
    "an option of a subcommand": (["config", "check", "--lisen", "127.0.0.1:1"], {}, "'cosem-gateway config check --help'"),
    "a variable of the environment": (["config", "check"], {"COSEM_GATEWAY_LISEN": "127.0.0.1:1"}, "COSEM_GATEWAY_LISTEN"),
}


@pytest.mark.parametrize("slip", COMMANDS)
def test_a_slip_on_the_command_line_is_told_what_was_meant(tmp_path: pathlib.Path, slip):
    arguments, environment, meant = COMMANDS[slip]
    (tmp_path / "gateway.yaml").write_text("log:\n  levle: debug\n")
    (tmp_path / "zone.yaml").write_text("orders:\n  timeZone: Europe/Bratislva\n")
    ended = subprocess.run(
        [GATEWAY, *arguments], env={"PATH": os.environ["PATH"], **environment}, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert meant in ended.stderr and "OVERVIEW" not in ended.stdout, ended.stderr
    assert ended.returncode == (0 if environment else 2)
