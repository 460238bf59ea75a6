# SPDX-License-Identifier: Apache-2.0
"""What is published to an MQTT broker, seen by mosquitto's own subscriber."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess

import pytest
from processes import GATEWAY, Gateway, free_ports, running

VALUE = "/objects/1.0.1.8.0.255/attributes/2?maxAge=0"
WAIT_SECONDS = "30"
BROKER = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

pytestmark = pytest.mark.skipif(BROKER is None, reason="there is no mosquitto here")


@contextlib.contextmanager
def broker(folder, port: int):
    """A broker that wants a name and a password, and keeps nothing."""
    users = folder / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "gateway", "pass phrase"], check=True)
    users.chmod(0o644)
    configuration = folder / "mosquitto.conf"
    configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {users}\nuser root\n")
    with running([BROKER, "-c", str(configuration)], port, "mosquitto", folder / "broker.log") as process:
        yield process


def subscribed(port: int, topic: str, count: int) -> list[tuple[str, dict]]:
    lines = subprocess.run(
        [
            "mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-u", "gateway", "-P", "pass phrase", "-q", "1",
            "-t", topic, "-C", str(count), "-W", WAIT_SECONDS, "-v",
        ],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()
    return [(line.split(" ", 1)[0], json.loads(line.split(" ", 1)[1])) for line in lines]


def test_newest_readings_are_retained_and_wait_for_a_broker_that_is_away(tmp_path, simulator):
    port, listen = free_ports(), free_ports()
    password = tmp_path / "password"
    password.write_text("pass phrase\n")
    arguments = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{listen}", "--auth", "none",
        "--database", f"sqlite:///{tmp_path}/gateway.sqlite", "--mqtt-broker", f"mqtt://127.0.0.1:{port}",
        "--mqtt-prefix", "site/north", "--mqtt-user", "gateway", "--mqtt-password-file", str(password),
    ]
    with running(arguments, listen, "cosem-gateway serve", tmp_path / "log") as process:
        gateway = Gateway(listen, process)
        gateway.register("M-1", simulator)
        read = gateway.get(f"/meters/M-1{VALUE}").json["value"]
        # The broker comes after the reading.
        with broker(tmp_path, port):
            [(topic, reading)] = subscribed(port, "site/north/meters/+/readings/#", 1)
            assert topic == "site/north/meters/M-1/readings/energy-import"
            assert (reading["value"], reading["unit"], reading["quality"]) == (read["value"], read["unit"], "valid")
            # Whoever comes later has it, too.
            assert subscribed(port, "site/north/meters/M-1/readings/energy-import", 1) == [(topic, reading)]
            with subprocess.Popen(
                [
                    "mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-u", "gateway", "-P", "pass phrase",
                    "-t", "site/north/events/reading.stored", "-C", "1", "-W", WAIT_SECONDS,
                ],
                stdout=subprocess.PIPE, text=True,
            ) as listening:
                # An event is for those who listen already, so something has to happen until this one does.
                while listening.poll() is None:
                    gateway.get(f"/meters/M-1{VALUE}")
                event = json.loads(listening.stdout.read())
            assert (event["type"], event["meter"]) == ("reading.stored", "M-1")


def test_a_broker_behind_tls_is_trusted_by_its_authority_only(tmp_path, simulator, authority):
    certificate, key = authority
    port = free_ports()
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\ncertfile {certificate}\nkeyfile {key}\n"
    )
    with running([BROKER, "-c", str(configuration)], port, "mosquitto", tmp_path / "broker.log"):
        for name, options in (("stranger", []), ("known", ["--mqtt-authority-file", str(certificate)])):
            listen = free_ports()
            arguments = [
                GATEWAY, "serve", "--listen", f"127.0.0.1:{listen}", "--auth", "none",
                "--database", f"sqlite:///{tmp_path}/{name}.sqlite", "--mqtt-broker", f"mqtts://127.0.0.1:{port}",
                "--mqtt-prefix", name, *options,
            ]
            with running(arguments, listen, "cosem-gateway serve", tmp_path / name) as process:
                gateway = Gateway(listen, process)
                gateway.register("M-1", simulator)
                assert gateway.get(f"/meters/M-1{VALUE}").status == 200
                seen = subprocess.run(
                    [
                        "mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "--cafile", str(certificate),
                        "-t", f"{name}/meters/#", "-C", "1", "-W", "15" if options else "3",
                    ],
                    capture_output=True, text=True,
                ).stdout
                assert bool(seen) is bool(options)
