# SPDX-License-Identifier: Apache-2.0
"""The gateway below a path of nginx, set up as docs/operations.md says."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import time

import pytest
from processes import GATEWAY, ROOT, free_ports, running

BASE = "/metering"
CALLER = "203.0.113.7"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The port of nginx, the port of the gateway, and a key of the administrator."""
    folder = tmp_path_factory.mktemp("proxy")
    gateway, front = free_ports(), free_ports()
    database = f"sqlite:///{folder}/gateway.sqlite"
    made = subprocess.run(
        [GATEWAY, "key", "create", "proxy-admin", "--role", "admin", "--database", database],
        capture_output=True, text=True, check=True,
    )
    key = made.stdout.strip()
    text = (ROOT / "docs/operations.md").read_text()
    location = re.search(r"```nginx\n(.*?)```", text, re.DOTALL).group(1).replace("127.0.0.1:8080", f"127.0.0.1:{gateway}")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/errors; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {temporary}\nserver {{ listen 127.0.0.1:{front};\n{location}\n}} }}\n"
    )
    serve = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{gateway}", "--database", database,
        "--http-base-path", BASE, "--http-proxies", "127.0.0.1",
    ]
    nginx = ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors"), "-p", str(folder)]
    with running(serve, gateway, "cosem-gateway serve", folder / "log"), running(nginx, front, "nginx", folder / "nginx"):
        yield front, gateway, key


def ask(port: int, method: str, path: str, body=None, *, key: str | None = None, source: str = "127.0.0.1", **fields: str):
    """Ask from an address of our own; gives status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    headers = {"Content-Type": "application/json"} if body is not None else {}
    headers |= {"Authorization": f"Bearer {key}"} if key else {}
    headers |= {name.replace("_", "-"): value for name, value in fields.items()}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    return answer.status, answer.headers, json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text


def test_everything_below_the_path_leads_below_the_path(place):
    front, _, key = place
    status, _, root = ask(front, "GET", f"{BASE}/", key=key)
    assert status == 200 and all(link.startswith(BASE + "/") for link in root["links"].values()), root
    for link in root["links"].values():
        assert ask(front, "GET", link, key=key)[0] == 200, link
    for number in range(2):
        body = {"id": f"M-{number}", "channel": {"type": "tcp", "host": "127.0.0.1", "port": 1}, "associations": {"reader": {"clientAddress": 16}}}
        status, headers, _ = ask(front, "POST", f"{BASE}/meters", body, key=key)
        assert (status, headers["Location"]) == (201, f"{BASE}/meters/M-{number}")
    page = ask(front, "GET", f"{BASE}/meters?limit=1", key=key)[2]
    assert ask(front, "GET", page["next"], key=key)[2]["items"][0]["id"] == "M-1"
    order = {"kind": "read", "target": {"meters": ["M-0"]}, "items": [{"object": "1.0.1.8.0.255", "attribute": 2}]}
    status, headers, job = ask(front, "POST", f"{BASE}/jobs", order, key=key)
    assert status == 202 and ask(front, "GET", headers["Location"], key=key)[2]["id"] == job["id"]
    status, _, problem = ask(front, "GET", f"{BASE}/meters/M-9", key=key)
    assert status == 404 and problem["type"].startswith(BASE + "/docs/problems/")
    status, _, text = ask(front, "GET", problem["type"], key=key)
    assert status == 200 and "# " in text


def test_the_console_and_its_files_are_below_the_path(place):
    front, _, _ = place
    status, headers, _ = ask(front, "GET", f"{BASE}/", Accept="text/html")
    assert (status, headers["Location"]) == (302, f"{BASE}/console/")
    status, _, page = ask(front, "GET", headers["Location"])
    assert status == 200
    for file in re.findall(r'(?:src|href)="([^"#:]+)"', page):
        assert not file.startswith("/") and ask(front, "GET", f"{BASE}/console/{file}")[0] == 200, file


def test_events_pass_the_proxy_as_they_are_told(place):
    front, _, key = place
    stream = http.client.HTTPConnection("127.0.0.1", front, timeout=30)
    stream.request("GET", f"{BASE}/events", headers={"Accept": "text/event-stream", "Authorization": f"Bearer {key}"})
    answer = stream.getresponse()
    body = {"id": "M-told", "channel": {"type": "tcp", "host": "127.0.0.1", "port": 1}, "associations": {"reader": {"clientAddress": 16}}}
    assert ask(front, "POST", f"{BASE}/meters", body, key=key)[0] == 201
    order = {"kind": "read", "target": {"meters": ["M-told"]}, "items": [{"object": "1.0.1.8.0.255", "attribute": 2}]}
    job = ask(front, "POST", f"{BASE}/jobs", order, key=key)[2]["id"]
    deadline = time.monotonic() + 60
    while job not in (line := answer.readline().decode()):
        assert line and time.monotonic() < deadline, "the stream ended, or had nothing of the job"
    stream.close()


def test_the_address_of_the_caller_is_the_one_before_the_proxy(place):
    front, gateway, key = place
    bound = ask(front, "POST", f"{BASE}/api-keys", {"name": "bound", "roles": ["viewer"], "addresses": [CALLER]}, key=key)[2]["key"]
    other = ask(front, "POST", f"{BASE}/api-keys", {"name": "other", "roles": ["viewer"], "addresses": ["127.0.0.2"]}, key=key)[2]["key"]
    # nginx adds 127.0.0.1 to the field, which is a proxy that is believed, as a second one before it would be.
    assert ask(front, "GET", f"{BASE}/whoami", key=bound, X_Forwarded_For=CALLER)[0] == 200
    # From another address the field begins with what the caller made up, and ends with the truth.
    assert ask(front, "GET", f"{BASE}/whoami", key=bound, source="127.0.0.2", X_Forwarded_For=CALLER)[0] == 401
    assert ask(front, "GET", f"{BASE}/whoami", key=other, source="127.0.0.2", X_Forwarded_For=CALLER)[0] == 200
    # Nobody but the proxy is believed.
    assert ask(gateway, "GET", f"{BASE}/whoami", key=bound, source="127.0.0.2", X_Forwarded_For=CALLER)[0] == 401


def test_subcommands_find_the_path(place):
    front, gateway, key = place
    environment = {**os.environ, "COSEM_GATEWAY_KEY": key}
    listed = subprocess.run(
        [GATEWAY, "meter", "list", "--gateway", f"http://127.0.0.1:{front}{BASE}"],
        env=environment, capture_output=True, text=True, check=False,
    )
    assert listed.returncode == 0, listed.stderr
    health = [GATEWAY, "healthcheck", "--listen", f"127.0.0.1:{gateway}"]
    assert subprocess.run(health, capture_output=True, check=False).returncode == 1
    environment = {**os.environ, "COSEM_GATEWAY_HTTP_BASE_PATH": BASE}
    assert subprocess.run(health, env=environment, capture_output=True, check=False).returncode == 0
    assert subprocess.run([*health, "--base-path", BASE], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--http-base-path", "metering"], "write a path"),
        (["--http-base-path", "/a/../b"], "write a path"),
        (["--http-proxies", "10.0.0.0/33"], "write addresses or ranges"),
    ],
)
def test_slips_are_told(arguments, told):
    answer = subprocess.run([GATEWAY, "config", "check", *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 2 and told in answer.stderr
