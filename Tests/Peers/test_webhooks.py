# SPDX-License-Identifier: Apache-2.0
"""Webhooks as foreign libraries see them: signatures by standardwebhooks, bodies by cloudevents."""

from __future__ import annotations

import contextlib
import http.server
import queue
import ssl
import threading
from dataclasses import dataclass

import pytest
import standardwebhooks
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from processes import GATEWAY, Gateway, free_ports, running

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
WAIT_SECONDS = 30
VALUE = "/objects/1.0.1.8.0.255/attributes/2?maxAge=0"


@dataclass
class Letter:
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """An HTTP server that answers with the statuses it is given, the last one for ever, and hands out what came."""

    def __init__(self, statuses: list[int], context: ssl.SSLContext | None = None) -> None:
        self.statuses = statuses
        self.letters: queue.Queue[Letter] = queue.Queue()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.letters.put(Letter(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self) -> Letter:
        return self.letters.get(timeout=WAIT_SECONDS)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def receiving(*statuses: int, context: ssl.SSLContext | None = None):
    receiver = Receiver(list(statuses), context)
    try:
        yield receiver
    finally:
        receiver.close()


def serve(folder, *options: str, database: str | None = None):
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none",
        "--database", f"sqlite:///{database or folder}/gateway.sqlite", *options,
    ]
    return port, running(arguments, port, "cosem-gateway serve", folder / "log")


@pytest.fixture(scope="module")
def calling_gateway(tmp_path_factory, simulator):
    """A gateway whose webhooks may lead to this machine without TLS."""
    port, process = serve(tmp_path_factory.mktemp("hooks"), "--webhooks-allow-private", "--webhooks-allow-plain")
    with process as running_process:
        gateway = Gateway(port, running_process)
        gateway.register("M-1", simulator)
        yield gateway


def make(gateway: Gateway, name: str, url: str, **members) -> None:
    answer = gateway.call("POST", "/webhooks", {"id": name, "url": url, "secret": SECRET, **members})
    assert answer.status == 201, answer.text


def event(letter: Letter):
    standardwebhooks.Webhook(SECRET).verify(letter.body, letter.headers)
    return from_http_event(HTTPMessage(headers=letter.headers, body=letter.body))


def test_both_secrets_verify_after_one_was_replaced(calling_gateway):
    new = "whsec_" + "QUJD" * 11
    with receiving(204) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        make(calling_gateway, "changing", url)
        assert calling_gateway.call("PUT", "/webhooks/changing", {"url": url, "secret": new}).status == 200
        assert calling_gateway.call("POST", "/webhooks/changing/test").json["state"] == "delivered"
        letter = receiver.next()
        for secret in (SECRET, new):
            standardwebhooks.Webhook(secret).verify(letter.body, letter.headers)
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook("whsec_" + "REVG" * 11).verify(letter.body, letter.headers)


def test_a_test_is_signed_and_a_cloud_event(calling_gateway):
    with receiving(204) as receiver:
        make(calling_gateway, "tried", f"http://127.0.0.1:{receiver.port}/hook?token=1")
        answer = calling_gateway.call("POST", "/webhooks/tried/test")
        assert answer.json["state"] == "delivered", answer.text
        letter = receiver.next()
        assert letter.path == "/hook?token=1"
        told = event(letter)
        assert told.get_type() == "cosem-gateway.webhook.test"
        assert told.get_id() == letter.headers["webhook-id"]
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(SECRET).verify(letter.body + b" ", letter.headers)


def test_a_stored_reading_arrives_after_a_failed_try(calling_gateway):
    with receiving(500, 200) as receiver:
        make(calling_gateway, "readings", f"http://127.0.0.1:{receiver.port}/", types=["reading.stored"])
        # The gateway has to have seen that somebody wants readings.
        while receiver.letters.empty():
            value = calling_gateway.get(f"/meters/M-1{VALUE}").json["value"]["value"]
        first = receiver.next()
        told = event(first)
        assert told.get_subject() == "meters/M-1"
        assert told.get_data()["readings"][0]["name"] == "energy-import"
        assert told.get_data()["readings"][0]["unit"] == "Wh"
        assert isinstance(value, float | int)
        # After five seconds and a little the same event again.
        again = next(letter for letter in iter(receiver.next, None) if letter.headers["webhook-id"] == first.headers["webhook-id"])
        event(again)
        assert int(again.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 5
        calling_gateway.call("DELETE", "/webhooks/readings")


def test_gone_disables(calling_gateway):
    with receiving(410) as receiver:
        make(calling_gateway, "gone", f"http://127.0.0.1:{receiver.port}/")
        assert calling_gateway.call("POST", "/webhooks/gone/test").json["state"] == "failed"
        read = calling_gateway.get("/webhooks/gone").json
        assert read["enabled"] is False
        assert "410" in read["disabledReason"]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost:8443/", "https://169.254.169.254/latest/meta-data/", "https://[::1]/",
        "https://10.0.0.1/", "https://2130706433/", "https://[::ffff:127.0.0.1]/", "http://example.com/",
    ],
)
def test_addresses_inside_are_refused_by_default(gateway, url):
    answer = gateway.call("POST", "/webhooks", {"id": "inside", "url": url})
    assert answer.status in (400, 422), answer.text
    assert "/url" in answer.text


def test_what_was_not_delivered_survives_a_restart(tmp_path_factory, simulator):
    folder = tmp_path_factory.mktemp("restart")
    options = ["--webhooks-allow-private", "--webhooks-allow-plain"]
    with receiving(500, 200) as receiver:
        port, process = serve(folder, *options)
        with process as running_process:
            gateway = Gateway(port, running_process)
            gateway.register("M-1", simulator)
            make(gateway, "kept", f"http://127.0.0.1:{receiver.port}/", types=["reading.stored"])
            while receiver.letters.empty():
                gateway.get(f"/meters/M-1{VALUE}")
            first = receiver.next()
        port, process = serve(folder, *options)
        with process as running_process:
            ids = {first.headers["webhook-id"]}
            while (letter := receiver.next()).headers["webhook-id"] not in ids:
                event(letter)
            event(letter)


def test_tls_with_an_authority_of_ones_own_and_no_other(tmp_path_factory, calling_gateway, authority):
    certificate, key = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with receiving(200, context=context) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/"
        make(calling_gateway, "untrusted", url)
        answer = calling_gateway.call("POST", "/webhooks/untrusted/test").json
        assert answer["state"] == "failed"
        assert "TLS" in answer["attempts"][0]["reason"]
        port, process = serve(
            tmp_path_factory.mktemp("trusting"), "--webhooks-allow-private", "--webhooks-authority-file", str(certificate)
        )
        with process as running_process:
            trusting = Gateway(port, running_process)
            make(trusting, "trusted", url)
            assert trusting.call("POST", "/webhooks/trusted/test").json["state"] == "delivered"
            event(receiver.next())
