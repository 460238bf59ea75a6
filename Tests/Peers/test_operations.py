# SPDX-License-Identifier: Apache-2.0
"""What operators meet: settings and their faults, the log, signals, and what the service manager is told."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import yaml
from processes import GATEWAY, ROOT, Gateway, free_ports, running


def run(*arguments: str, environment: dict[str, str] | None = None, folder: pathlib.Path | None = None):
    return subprocess.run(
        [GATEWAY, *arguments],
        env={"PATH": os.environ["PATH"], **(environment or {})},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def options(command: dict) -> dict[str, dict]:
    return {
        "--" + name["name"]: argument
        for argument in command["arguments"]
        for name in argument.get("names", [])
        if name["kind"] == "long"
    }


def test_every_option_of_serve_is_a_setting_and_every_setting_is_read():
    told = run("serve", "--experimental-dump-help").stdout
    flags = set(options(json.loads(told)["command"])) - {"--config", "--help", "--version"}
    schema = json.loads(run("config", "schema").stdout)

    def places(node: dict, prefix: str = ""):
        for name, member in node.get("properties", {}).items():
            groups = [part for part in member.get("anyOf", [member]) if "properties" in part]
            if not groups or "anyOf" in member:
                yield prefix + name
            for group in groups:
                yield from places(group, prefix + name + ".")

    keys = set(places(schema))

    def kebab(key: str) -> str:
        return "--" + re.sub(r"(?<!^)(?=[A-Z])|\.", "-", key).lower()

    assert flags - {kebab(key) for key in keys} - {"--node"} == set()
    sources = (ROOT / "Sources/cosem-gateway").rglob("*.swift")
    read = {key for source in sources for key in re.findall(r'forKey: "([^"]+)"', source.read_text())}
    assert read - keys == set(), "these are read, but Settings/GatewayCatalogue.swift does not have them"


def test_the_schema_takes_what_the_gateway_takes():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(run("config", "schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    assert judge.is_valid({"listen": "127.0.0.1:1", "database": {"url": "sqlite://x", "connections": 2}})
    assert judge.is_valid({"database": "sqlite://x", "dialIn": {"identify": ["address"]}})
    assert not judge.is_valid({"lisen": "x"})
    assert not judge.is_valid({"http": {"loops": 0}})


def test_faults_of_settings_are_told_with_their_place(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text("log:\n  levle: debug\nhttp:\n  loops: many\n")
    answer = run("config", "check", "--config", str(file))
    assert answer.returncode == 2
    assert answer.stderr.splitlines() == [
        f"{file}:2:3: there is no setting log.levle; did you mean log.level?",
        f"{file}:4:10: http.loops 'many' cannot be used: write a whole number from 1 to 64",
    ]
    assert run("serve", "--config", str(file)).returncode == 2
    file.write_text("database: mysql://x\nlisten: here\nlog:\n  level: loud\nhttp:\n  loops: 0\n")
    answer = run("config", "check", "--config", str(file))
    told = [line.split(" cannot be used")[0].split(": ", 1)[1] for line in answer.stderr.splitlines()]
    assert sorted(told) == ["database 'mysql://x'", "http.loops '0'", "listen 'here'", "log.level 'loud'"], answer.stderr
    answer = run("config", "check", environment={"COSEM_GATEWAY_NODE": "a b"})
    assert answer.returncode == 2 and answer.stderr.startswith("COSEM_GATEWAY_NODE: node.name 'a b'")
    answer = run("config", "check", environment={"COSEM_GATEWAY_LISTN": "x"})
    assert answer.returncode == 0 and "did you mean COSEM_GATEWAY_LISTEN?" in answer.stderr


def test_what_is_shown_can_be_given_back_and_has_no_password(tmp_path):
    secret = tmp_path / "database"
    secret.write_text("postgres://me:hidden-word@db.example:5432/meters\n")
    environment = {"COSEM_GATEWAY_DATABASE_FILE": str(secret), "COSEM_GATEWAY_LOG_LEVEL": "debug"}
    arguments = ["--listen", "127.0.0.1:9000", "--secret-key-file", "key"]
    shown = run("config", "show", "--origin", *arguments, environment=environment)
    assert shown.returncode == 0 and "hidden-word" not in shown.stdout
    assert "level: debug  # COSEM_GATEWAY_LOG_LEVEL" in shown.stdout
    assert "listen: '127.0.0.1:9000'  # --listen" in shown.stdout
    file = tmp_path / "shown.yaml"
    file.write_text(run("config", "show", *arguments, environment=environment).stdout)
    assert run("config", "check", "--config", str(file)).returncode == 0, file.read_text()


@contextlib.contextmanager
def serving(folder: pathlib.Path, *arguments: str, environment: dict[str, str] | None = None):
    port = free_ports()
    command = [GATEWAY, "serve", "--auth", "none", "--listen", f"127.0.0.1:{port}"]
    command += ["--database", f"sqlite:///{folder}/gateway.sqlite", *arguments]
    kept = dict(os.environ)
    # Levels and settings are what is tried here.
    os.environ.pop("COSEM_GATEWAY_LOG_LEVEL", None)
    os.environ.update(environment or {})
    try:
        with running(command, port, "cosem-gateway serve", folder / "log") as process:
            wait_for(lambda: re.search(r'"ready"|is ready on', (folder / "log").read_text()), "the report of the start")
            yield Gateway(port, process), process
    finally:
        os.environ.clear()
        os.environ.update(kept)


def wait_for(found, what: str, seconds: float = 20):
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return value


def test_the_log_is_json_with_a_line_for_each_request(tmp_path):
    with serving(tmp_path) as (gateway, _):
        gateway.get("/meters/M-1?class=3")
        wait_for(lambda: '"route":"/meters/{id}"' in (tmp_path / "log").read_text(), "a line for the request")
    entries = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    ready = next(entry for entry in entries if entry["message"] == "ready")
    assert ready["meters"] == "0" and ready["store"].startswith("sqlite:///")
    line = next(entry for entry in entries if entry["message"] == "request")
    assert {"method", "ms", "request", "time", "level"} <= set(line) and line["status"] in (400, 404)


def test_sighup_takes_a_new_level_and_refuses_what_is_wrong(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text("log:\n  level: notice\n  format: text\n")
    log = tmp_path / "log"
    with serving(tmp_path, "--config", str(file)) as (gateway, process):
        gateway.get("/livez")
        file.write_text("log:\n  level: info\n  format: text\nhttp:\n  loops: 2\n")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "settings read again" in log.read_text(), "the new settings")
        assert "needRestart=http.loops" in log.read_text() and "route=/livez" not in log.read_text()
        gateway.get("/livez")
        wait_for(lambda: "route=/livez" in log.read_text(), "a line of the new level")
        file.write_text("log:\n  level: loud\n")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "the old ones stay" in log.read_text(), "the refusal")
        assert gateway.get("/readyz").status == 200
    assert process.returncode == 0


def test_settings_are_told_with_their_origin_and_levels_of_the_log_change_by_part(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text("log:\n  level: notice\n  format: json\nhttp:\n  loops: 2\n")
    log = tmp_path / "log"
    with serving(tmp_path, "--config", str(file), "--http-event-streams", "7") as (gateway, _):
        told = {entry["name"]: entry for entry in gateway.get("/system/config").json["items"]}
        assert told["http.loops"] | {"place": ""} == {"name": "http.loops", "value": 2, "origin": "file", "place": "", "waitsForRestart": False}
        assert told["http.loops"]["place"].endswith("gateway.yaml:5:10")
        assert (told["http.eventStreams"]["value"], told["http.eventStreams"]["place"]) == (7, "--http-event-streams")
        assert (told["http.connections"]["origin"], told["http.connections"]["place"]) == ("default", None)
        gateway.get("/livez")
        body = {"level": "notice", "components": {"http": "info"}}
        assert gateway.call("PUT", "/system/log-level", body).json["components"]["http"] == "info"
        gateway.get("/readyz")
        wait_for(lambda: '"route":"/readyz"' in log.read_text(), "a line of the new level")
        assert '"component":"http"' in log.read_text() and '"route":"/livez"' not in log.read_text()


class SlowMeter:
    """Accepts a connection and says nothing until it is told to close it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.called = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        self.connection, _ = self.listener.accept()
        self.connection.recv(1)
        self.called.set()

    def hang_up(self):
        self.listener.close()
        self.connection.close()


def test_sigterm_says_so_before_it_stops_listening_and_answers_what_is_in_flight(tmp_path):
    meter = SlowMeter()
    with serving(tmp_path) as (gateway, process):
        gateway.register("slow", meter.port, 16, None)
        answers = []
        path = "/meters/slow/objects/1.0.1.8.0.255/attributes/2"
        caller = threading.Thread(target=lambda: answers.append(gateway.get(path)))
        caller.start()
        assert meter.called.wait(20)
        # A connection that was there before the stop sees the refusal even when new ones are not taken any more.
        asking = socket.create_connection(("127.0.0.1", gateway.port))
        asking.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in asking.recv(4096)
        process.send_signal(signal.SIGTERM)
        asking.settimeout(20)

        def refused() -> bool:
            asking.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            return b" 503 " in asking.recv(4096)

        wait_for(refused, "503 of /readyz while a request is in flight")
        meter.hang_up()
        caller.join(30)
        assert answers and answers[0].status in (502, 504), "the request in flight was answered"
        assert process.wait(30) == 0


def test_what_was_answered_before_it_was_stored_is_stored_before_the_stop(tmp_path):
    with contextlib.ExitStack() as stack:
        meter = stack.enter_context(simulated(tmp_path))
        gateway, process = stack.enter_context(serving(tmp_path))
        gateway.register("M-1", meter)
        path = "/meters/M-1/objects/1.0.1.8.0.255/attributes/2?maxAge=PT0S"
        assert gateway.get(path).status == 200
        assert gateway.get("/meters/M-1/readings/latest").status == 200
        # Another process has the database to itself for a moment: nothing can be stored.
        other = stack.enter_context(contextlib.closing(sqlite3.connect(tmp_path / "gateway.sqlite", isolation_level=None)))
        other.execute("BEGIN IMMEDIATE")
        assert gateway.get(path).json["source"] == "live"
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: "the stop has begun" in (tmp_path / "log").read_text(), "the beginning of the stop")
        other.execute("ROLLBACK")
        assert process.wait(30) == 0
        assert other.execute("SELECT count(*) FROM readings").fetchone() == (2,)


def test_the_service_manager_is_told(tmp_path):
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.settimeout(20)
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
    with serving(tmp_path, environment=environment) as (_, process):
        news = []

        def heard(word: str) -> bool:
            while not any(word in text for text in news):
                news.append(told.recv(4096).decode())
            return True

        assert heard("READY=1") and heard("WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        assert heard("RELOADING=1\nMONOTONIC_USEC=")
        process.send_signal(signal.SIGTERM)
        assert heard("STOPPING=1")


@contextlib.contextmanager
def simulated(folder: pathlib.Path):
    port = free_ports()
    with running([GATEWAY, "simulate", "--port", str(port)], port, "cosem-gateway simulate", folder / "meter"):
        yield port


def test_commands_talk_to_a_running_gateway(tmp_path):
    with simulated(tmp_path) as meter, serving(tmp_path) as (gateway, _):
        environment = {"COSEM_GATEWAY_URL": f"http://127.0.0.1:{gateway.port}"}

        def command(*arguments: str):
            return run(*arguments, environment=environment, folder=tmp_path)

        (tmp_path / "password").write_text("12345678\n")
        address = ["--host", "127.0.0.1", "--password-file", "password"]
        added = command("meter", "add", "M-1", "--port", str(meter), "--client-address", "1", *address)
        assert added.returncode == 0, added.stderr
        again = command("meter", "add", "M-1", "--port", str(meter), *address)
        assert again.returncode == 1 and again.stderr
        assert command("meter", "add", "M-off", "--port", "1", *address).returncode == 0
        listed = command("meter", "list").stdout.splitlines()
        assert [line.split("\t")[0] for line in listed] == ["M-1", "M-off"]
        assert json.loads(command("meter", "list", "--json").stdout.splitlines()[0])["id"] == "M-1"
        checked = command("meter", "check", "M-1")
        assert checked.returncode == 0 and "ok\t" in checked.stdout, checked.stderr
        assert command("meter", "check", "M-off").returncode == 5
        assert command("meter", "add", "M-hdlc", "--port", str(meter), "--framing", "hdlc", *address).returncode == 0
        assert command("meter", "check", "M-hdlc").returncode == 5, "a wrong framing is no way to the meter"

        read = command("read", "M-1", "1-0:1.8.0")
        assert re.fullmatch(r"[0-9.]+ Wh\n", read.stdout) and "live" in read.stderr, read.stderr
        assert json.loads(command("read", "M-1", "1.0.1.8.0.255", "value", "--json").stdout)["meter"] == "M-1"
        assert command("read", "M-off", "1.0.1.8.0.255").returncode == 5
        unknown = command("read", "M-2", "1.0.1.8.0.255")
        assert unknown.returncode == 1 and "M-2" in unknown.stderr
        rows = command("profile", "M-1", "1.0.99.1.0.255", "--last", "P1D")
        assert rows.stdout.startswith("time,") and len(rows.stdout.splitlines()) > 90, rows.stderr

        for form in ("csv", "ndjson", "json"):
            day = ["--from", "2020-01-01T00:00:00Z", "--to", "2020-01-02T00:00:00Z", "--format", form]
            none = command("profile", "M-1", "1.0.99.1.0.255", *day)
            assert none.returncode == 0 and none.stderr.startswith("0 rows"), (form, none)
        assert "0 rows" not in rows.stderr

        assert command("order", "disconnect", "M-1", "--reason", "TEST").returncode == 2
        order = command("order", "disconnect", "M-1", "--reason", "TEST", "--confirm", "M-1")
        assert order.returncode == 0 and "1 succeeded" in order.stdout, order.stderr
        job = command("jobs", "list").stdout.split("\t")
        assert job[1:3] == ["disconnect", "succeeded"]
        assert command("jobs", "watch", job[0]).returncode == 0
        target = {"meters": ["M-1", "M-off"]}
        made = gateway.call("POST", "/jobs", {"kind": "read", "target": target, "items": [{"object": "1.0.1.8.0.255", "attribute": 2}]})
        watched = command("jobs", "watch", made.json["id"])
        assert watched.returncode == 3 and "M-off: " in watched.stderr, watched.stdout
    assert run("read", "M-1", "x", "--gateway", "127.0.0.1:1").returncode == 1
    assert run("read", "M-1").returncode == 2


def test_a_command_without_a_key_is_told_apart(tmp_path):
    with serving(tmp_path, "--auth", "required") as (gateway, _):
        assert run("meter", "list", "--gateway", f"127.0.0.1:{gateway.port}").returncode == 4


def test_a_copy_made_while_the_gateway_works_takes_its_place_again(tmp_path):
    database = ["--database", f"sqlite:///{tmp_path}/gateway.sqlite"]
    copy = str(tmp_path / "copy.sqlite")
    with serving(tmp_path) as (gateway, _):
        gateway.register("M-1", 1)
        made = run("backup", *database, copy)
        assert made.returncode == 0, made.stderr
        assert os.stat(copy).st_mode & 0o777 == 0o600
        assert run("backup", *database, copy).returncode == 1, "a file that is there is not overwritten"
        assert gateway.call("DELETE", "/meters/M-1", headers={"If-Match": "*"}).status == 204
        refused = run("restore", *database, copy)
        assert refused.returncode == 1 and "stop the gateway first" in refused.stderr
        assert not list(tmp_path.glob("copy.sqlite-*")), "a copy is one file"
    (tmp_path / "other").write_text("no database")
    assert run("restore", *database, str(tmp_path / "other")).returncode == 1
    restored = run("restore", *database, copy)
    assert restored.returncode == 0, restored.stderr
    assert not [*tmp_path.glob("*-wal"), *tmp_path.glob("*-shm")], "nothing of the old database is left beside the new one"
    with serving(tmp_path) as (gateway, _):
        assert gateway.get("/meters/M-1").status == 200


def test_a_channel_that_an_operator_holds_is_held_after_a_crash(tmp_path, simulator):
    reading = "/meters/M-1/objects/1.0.1.8.0.255/attributes/2?maxAge=PT0S"
    with serving(tmp_path) as (gateway, process):
        gateway.register("M-1", simulator)
        gateway.register("M-2", simulator + 1)
        held = gateway.call("POST", "/channels/meter:M-1/hold", {"for": "PT1H", "reason": "works on the mast"})
        assert held.status == 200, held.text
        assert gateway.call("POST", "/channels/meter:M-2/drain").status == 200
        process.kill()
        process.wait()
    with serving(tmp_path) as (gateway, _):
        status = gateway.get("/channels/meter:M-1").json["status"]
        assert (status["state"], status["holdReason"]) == ("held", "works on the mast")
        ends = [datetime.fromisoformat(text) for text in (status["heldUntil"], held.json["status"]["heldUntil"])]
        assert abs((ends[0] - ends[1]).total_seconds()) < 1
        refused = gateway.get(reading, headers={"Prefer": "wait=1"})
        assert (refused.status, refused.problem) == (423, "meter-locked"), refused.text
        assert "works on the mast" in refused.json["detail"]
        assert gateway.get(reading.replace("M-1", "M-2")).problem == "meter-locked"
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(gateway.get, reading)
            wait_for(lambda: gateway.get("/channels/meter:M-1").json["status"]["queue"]["length"] == 1, "the reading waits")
            assert gateway.call("POST", "/channels/meter:M-1/resume").status == 200
            assert waiting.result().status == 200
    with serving(tmp_path) as (gateway, _):
        assert gateway.get(reading).status == 200
        assert gateway.get("/channels/meter:M-2").json["status"]["state"] == "draining"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave files that the gateway cannot use")
def test_what_root_restores_belongs_to_whom_the_database_or_its_folder_belongs(tmp_path):
    with serving(tmp_path):
        copy = str(tmp_path / "copy.sqlite")
        assert run("backup", "--database", f"sqlite:///{tmp_path}/gateway.sqlite", copy).returncode == 0
    service = 64_999
    for kept in (True, False):
        place = tmp_path / str(kept)
        place.mkdir()
        os.chown(place, service, service)
        database = place / "gateway.sqlite"
        if kept:
            database.write_bytes(pathlib.Path(copy).read_bytes())
            os.chown(database, service + 1, service + 1)
        restored = run("restore", "--database", f"sqlite:///{database}", copy)
        assert restored.returncode == 0, restored.stderr
        owners = {file.name: (file.stat().st_uid, file.stat().st_gid) for file in place.iterdir()}
        assert {"gateway.sqlite", "gateway.sqlite.lock"} <= set(owners)
        assert set(owners.values()) == {(service + kept, service + kept)}, owners


def test_a_second_gateway_on_a_database_file_is_refused_until_the_first_is_gone(tmp_path):
    database = ["--database", f"sqlite:///{tmp_path}/gateway.sqlite"]
    second = ["serve", "--auth", "none", "--listen", f"127.0.0.1:{free_ports()}", *database]
    with serving(tmp_path, "--node", "first") as (_, process):
        refused = run(*second, folder=tmp_path)
        assert refused.returncode == 2
        named = f"gateway.sqlite is in use by another gateway (node first, process {process.pid})"
        assert named in refused.stderr, refused.stderr
        for beside in (["key", "list"], ["audit", "verify"]):
            assert run(*beside, *database).returncode == 0
        assert run("backup", *database, str(tmp_path / "copy.sqlite")).returncode == 0
        process.kill()
        process.wait()
        with serving(tmp_path, "--node", "next") as (gateway, _):
            assert gateway.get("/readyz").status == 200


def test_a_port_in_use_is_told_before_anything_is_made(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("serve", "--listen", f"127.0.0.1:{port}", "--database", "sqlite://new.sqlite", folder=tmp_path)
    assert refused.returncode == 1 and f"port {port} on 127.0.0.1 is in use" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_let_in_before_the_gateway_can_answer(tmp_path):
    port = free_ports()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = f"postgres://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        command = [GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--database", database, "--secret-key-file", "key"]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # It asks its database, which does not answer; the port is its own by then.
            silent.settimeout(20)
            with silent.accept()[0]:
                with socket.socket() as other, pytest.raises(OSError, match="in use"):
                    other.bind(("127.0.0.1", port))
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port)).close()
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def handed_over(listener: socket.socket, folder: pathlib.Path, address: str, count: int = 1):
    """A gateway that is given a socket as systemd does it."""
    with (folder / "log").open("ab") as log:
        command = [GATEWAY, "serve", "--auth", "none", "--listen", address, "--database", f"sqlite:///{folder}/gateway.sqlite"]
        process = subprocess.Popen(
            # The number of the process is known inside of it only.
            ["bash", "-c", f'LISTEN_PID=$$ LISTEN_FDS={count} exec "$@" 3<&{listener.fileno()}', "bash", *command],
            pass_fds=[listener.fileno()], stdout=log, stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def test_a_socket_that_is_handed_over_is_answered_at_and_stays(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        for _ in range(2):
            # Before there is a gateway.
            with socket.create_connection(listener.getsockname(), 30) as early:
                early.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                with handed_over(listener, tmp_path, address):
                    assert early.recv(4096).startswith(b"HTTP/1.1 200")
        for wrong, count in (("127.0.0.2:0", 1), (address, 2)):
            with handed_over(listener, tmp_path, wrong, count) as process:
                assert process.wait(20) == 1
        told = (tmp_path / "log").read_text()
        assert f"it listens on {address}, and 'listen' says 127.0.0.2:0" in told
        assert "LISTEN_FDS says 2 sockets" in told


def test_commands_on_the_database_find_it_where_serve_does_and_make_none_by_mistake(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text(f"database:\n  url: sqlite://{tmp_path}/gateway.sqlite\n")
    variable = {"COSEM_GATEWAY_DATABASE": f"sqlite://{tmp_path}/gateway.sqlite"}
    create = ["key", "create", "ops", "--role", "operator"]
    for command in (["key", "list"], ["audit", "verify"], ["audit", "export"]):
        answer = run(*command, environment=variable, folder=tmp_path)
        assert answer.returncode == 2 and "gateway.sqlite: No such file" in answer.stderr, (command, answer)
        assert run(*command, folder=tmp_path).returncode == 2
    assert run(*create, folder=tmp_path).returncode == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["gateway.yaml"]
    # A key for a gateway to come, in the database that both are told of.
    made = run(*create, environment=variable, folder=tmp_path)
    assert made.returncode == 0 and "gateway.sqlite is new" in made.stderr, made.stderr
    with serving(tmp_path, "--auth", "required") as (gateway, _):
        answer = gateway.get("/whoami", headers={"Authorization": f"Bearer {made.stdout.strip()}"})
        assert (answer.status, answer.json["principal"]) == (200, "key:ops"), answer.text
    listed = run("key", "list", "--config", str(file), folder=tmp_path)
    assert listed.returncode == 0 and "ops" in listed.stdout
    assert run("audit", "verify", "--config", str(file), folder=tmp_path).returncode == 0
    assert run("backup", "copy.sqlite", environment=variable, folder=tmp_path).returncode == 0
    file.write_text("database: gateway.sqlite\n")
    answer = run("key", "list", "--config", str(file), folder=tmp_path)
    assert answer.returncode == 2 and answer.stderr.startswith(f"{file}:1:11: database '***' cannot be used: write sqlite:///PATH")


def subcommands(command: dict, path: tuple[str, ...] = ()):
    yield path, command
    for child in command.get("subcommands", []):
        yield from subcommands(child, (*path, child["commandName"]))


def test_help_fits_a_terminal_and_the_manual_has_every_command(tmp_path):
    root = json.loads(run("--experimental-dump-help").stdout)["command"]
    for path, _ in subcommands(root):
        lines = run(*path, "--help").stdout.splitlines()
        wide = [line for line in lines if len(line) > 80]
        assert not wide, (path, wide)
        # A command that was broken by the width of the page cannot be copied: what goes on says so.
        above = dict(zip(lines[1:], lines))
        broken = [line for line in lines if line.startswith(("sqlite://", "region=", "DB08")) and not above[line].endswith("\\")]
        assert not broken, (path, broken)
    make = [str(ROOT / "Scripts/make-manual"), GATEWAY, str(tmp_path)]
    subprocess.run(make, check=True, timeout=120)
    page = (tmp_path / "cosem-gateway.1").read_text()
    for path, _ in subcommands(root):
        name = " ".join(["cosem-gateway", *path]).replace("-", "\\-")
        assert path in ((), ("help",)) or f".SS {name}\n" in page, name
    settings = (tmp_path / "cosem-gateway.yaml.5").read_text()
    assert ".B database.url\n" in settings and ".B dialIn.keepAlive\n" in settings
    subprocess.run(["bash", "-n", str(tmp_path / "cosem-gateway.bash")], check=True)


def test_the_page_of_settings_has_nothing_that_is_not_so():
    said = set(run("config", "reference", "--markdown").stdout.splitlines())
    page = (ROOT / "docs/settings.md").read_text().splitlines()
    rows = {line for line in page if line.startswith("| `")}
    assert len(rows) > 40 and rows - said == set(), "Scripts/make-settings-page makes it anew"


def test_the_manifest_for_kubernetes_starts_what_the_image_holds():
    volume, deployment, service = yaml.safe_load_all((ROOT / "Deploy/kubernetes.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    image = (ROOT / "Dockerfile").read_text()
    user = pod["securityContext"]
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}\n" in image
    assert f"CMD {json.dumps(container['args'])}\n" in image
    (mount,) = container["volumeMounts"]
    assert f"VOLUME {mount['mountPath']}\n" in image
    (port,) = container["ports"]
    assert f"EXPOSE {port['containerPort']}\n" in image
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == volume["metadata"]["name"]
    paths = yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"]
    assert {container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")} <= set(paths)
    assert pod["terminationGracePeriodSeconds"] > 30
