# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Compressed answers and traces, as curl, requests and httpx see them."""

from __future__ import annotations

import gzip
import json
import subprocess

import httpx
import pytest
import requests
from processes import GATEWAY, free_ports, running

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    port = free_ports()
    log = tmp_path_factory.mktemp("encodings") / "log"
    with running([GATEWAY, "demo", "--listen", f"127.0.0.1:{port}", "--meters", "1"], port, "cosem-gateway demo", log):
        yield f"http://127.0.0.1:{port}"


PATHS = {
    "a list": "/meters/demo-1/objects?maxAge=P1D",
    "a stored file": "/openapi.yaml",
    "rows of a meter as they come": "/meters/demo-1/profiles/load-profile/rows?entries=200&source=meter",
}
HEADERS = {"Accept": "application/x-ndjson, application/yaml, application/json;q=0.5"}


def curl(url: str, *options: str) -> tuple[dict[str, str], bytes]:
    headers = [option for name, value in HEADERS.items() for option in ("-H", f"{name}: {value}")]
    told = subprocess.run(["curl", "-sS", "-D", "-", *headers, *options, url], capture_output=True, check=True).stdout
    head, body = told.split(b"\r\n\r\n", 1)
    fields = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    return {name.lower(): value for name, value in fields}, body


@pytest.mark.parametrize("what", PATHS)
def test_every_client_reads_the_same_body(base, what):
    url = base + PATHS[what]
    plain_headers, plain = curl(url)
    assert "content-encoding" not in plain_headers
    headers, body = curl(url, "--compressed")
    assert headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in headers["vary"] and "Accept-Encoding" in plain_headers["vary"]
    _, raw = curl(url, "-H", "Accept-Encoding: gzip")
    assert len(raw) < len(plain) / 3
    by_requests = requests.get(url, headers=HEADERS, timeout=60)
    by_httpx = httpx.get(url, headers=HEADERS, timeout=60)
    assert by_requests.headers["Content-Encoding"] == by_httpx.headers["Content-Encoding"] == "gzip"
    assert steady(gzip.decompress(raw)) == steady(body) == steady(by_requests.content) == steady(by_httpx.content) == steady(plain)


def steady(body: bytes) -> bytes:
    """The body without what differs from one reading to the next."""
    if not body.startswith(b"{"):
        return body
    lines = [json.loads(line) for line in body.splitlines()]
    return json.dumps([{k: v for k, v in line.items() if k not in ("source", "readAt", "timings")} for line in lines]).encode()


def test_a_tag_of_a_compressed_file_is_known_again(base):
    for encoding in ("gzip", "identity"):
        first = requests.get(f"{base}/console/console.css", headers={"Accept-Encoding": encoding}, timeout=30)
        assert first.status_code == 200
        tag = first.headers["ETag"]
        assert tag.endswith('-gzip"') == (encoding == "gzip")
        again = requests.get(f"{base}/console/console.css", headers={"Accept-Encoding": encoding, "If-None-Match": tag}, timeout=30)
        assert (again.status_code, again.headers["ETag"]) == (304, tag)


def test_a_stream_of_events_is_not_compressed_and_flows(base):
    with httpx.stream("GET", f"{base}/events", headers={"Accept": "text/event-stream", "Accept-Encoding": "gzip"}, timeout=30) as answer:
        assert "Content-Encoding" not in answer.headers
        assert next(answer.iter_lines()).startswith("retry:")


def test_a_trace_goes_on_in_the_answer_and_in_the_job(base):
    sent = f"00-{TRACE}-b7ad6b7169203331-01"
    body = {"kind": "read", "target": {"meters": ["demo-1"]}, "items": [{"object": "energy-import", "attribute": 2}]}
    answer = requests.post(f"{base}/jobs", json=body, headers={"traceparent": sent}, timeout=30)
    assert answer.status_code == 202
    version, trace, span, flags = answer.headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01") and span != "b7ad6b7169203331"
    assert answer.json()["traceId"] == TRACE
    malformed = requests.get(f"{base}/livez", headers={"traceparent": sent.upper()}, timeout=30)
    assert malformed.status_code == 200 and "traceparent" not in malformed.headers
