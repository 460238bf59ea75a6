# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""Clients that mean no good or know no better: limits hold, others are served, and what they took is given back."""

from __future__ import annotations

import contextlib
import pathlib
import resource
import socket
import struct
import time

import pytest

from processes import GATEWAY, Gateway, free_ports, running

# A request may take 30 s to arrive.
PATIENCE = 60


@pytest.fixture(scope="module")
def hard_gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("abuse")
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--http-connections", "13600",
        "--database", f"sqlite:///{folder}/gateway.sqlite",
    ]
    with running(arguments, port, "cosem-gateway serve", folder / "log") as process:
        yield Gateway(port, process)


def connected(gateway: Gateway) -> socket.socket:
    return socket.create_connection(("127.0.0.1", gateway.port), PATIENCE)


def rest(client: socket.socket) -> str:
    """What comes until the connection is closed."""
    text = b""
    with contextlib.suppress(ConnectionError):
        while octets := client.recv(65536):
            text += octets
    return text.decode(errors="replace")


def status(text: str) -> int:
    return int(text.split(" ", 2)[1])


def sent(gateway: Gateway, request: str) -> str:
    with connected(gateway) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(request.encode())
        return rest(client)


def is_served(gateway: Gateway) -> bool:
    return gateway.get("/livez", timeout=PATIENCE).status == 200


def gauge(gateway: Gateway, name: str) -> int:
    return next(int(line.split()[1]) for line in gateway.get("/metrics").text.splitlines() if line.startswith(name + " "))


def resident(gateway: Gateway) -> int:
    """Kilobytes of memory."""
    text = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS:"))


def open_files(gateway: Gateway) -> int:
    return len(list(pathlib.Path(f"/proc/{gateway.process.pid}/fd").iterdir()))


def test_slow_heads_and_bodies_are_cut_while_others_are_served(hard_gateway):
    head = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    body = "POST /tools/decode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    clients = [connected(hard_gateway) for _ in range(40)]
    for number, client in enumerate(clients):
        client.sendall((head if number % 2 else body).encode())
        client.setblocking(False)
    answers: dict[int, bytes] = {number: b"" for number in range(len(clients))}
    open_clients = set(answers)
    deadline = time.monotonic() + PATIENCE
    while open_clients and time.monotonic() < deadline:
        assert is_served(hard_gateway)
        for number in list(open_clients):
            try:
                # One octet now and then, for ever.
                clients[number].send(b"x")
            except BlockingIOError:
                pass
            except ConnectionError:
                open_clients.discard(number)
                continue
            try:
                octets = clients[number].recv(4096)
                answers[number] += octets
                if not octets:
                    open_clients.discard(number)
            except BlockingIOError:
                pass
            except ConnectionError:
                open_clients.discard(number)
        time.sleep(0.5)
    assert not open_clients
    told = [answer for answer in answers.values() if answer.startswith(b"HTTP/1.1 408")]
    assert len(told) >= len(clients) // 2
    assert all(b"request-timeout" in answer for answer in told)


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: gzip",
        "Content-Length: -1",
        "Content-Length: 2, 2",
    ],
)
def test_contradictory_framing_is_refused_and_nothing_smuggled(hard_gateway, fields):
    smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = sent(
        hard_gateway,
        f"POST /tools/decode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{fields}\r\n\r\n0\r\n\r\n{smuggled}",
    )
    assert status(answer) in (400, 411, 501), answer[:300]
    assert "/smuggled" not in answer


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        (f"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: {'x' * 17_000}\r\n\r\n", 431),
        (f"GET /{'x' * 9_000} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        ("POST /tools/decode HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ],
)
def test_what_is_too_large_is_refused(hard_gateway, request_text, expected):
    assert status(sent(hard_gateway, request_text.replace("Host:", "Connection: close\r\nHost:"))) == expected


def test_pipelined_requests_are_answered_in_order(hard_gateway):
    requests = [f"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: pipelined-{number:03}\r\n" for number in range(100)]
    requests[-1] += "Connection: close\r\n"
    answer = sent(hard_gateway, "".join(request + "\r\n" for request in requests))
    seen = [line.split(": ")[1] for line in answer.split("\r\n") if line.startswith("X-Request-Id: ")]
    assert seen == [f"pipelined-{number:03}" for number in range(100)]


def test_who_only_stopped_sending_is_answered(hard_gateway):
    with connected(hard_gateway) as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        assert status(rest(client)) == 200


def test_clients_that_vanish_while_they_wait_leave_nothing_in_line(hard_gateway):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # Takes connections and never answers.
        silent.listen(100)
        hard_gateway.register("silent", silent.getsockname()[1])
        clients = [connected(hard_gateway) for _ in range(100)]
        for number, client in enumerate(clients):
            path = f"/meters/silent/objects/1.0.1.8.0.255/attributes/{2 + number % 2}?class=3"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=100\r\nCache-Control: no-cache\r\n\r\n".encode())
        deadline = time.monotonic() + PATIENCE
        while gauge(hard_gateway, "cosem_gateway_meter_queue_length") == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        for number, client in enumerate(clients):
            if number % 2:
                # Gone with a reset.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        while gauge(hard_gateway, "cosem_gateway_meter_queue_length") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert gauge(hard_gateway, "cosem_gateway_meter_queue_length") == 0
        assert is_served(hard_gateway)


def test_ten_thousand_idle_connections_do_not_keep_others_out(hard_gateway):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 400), hard))
    try:
        before = resident(hard_gateway)
        full: list[int] = []
        for _ in range(3):
            clients = [connected(hard_gateway) for _ in range(count)]
            assert is_served(hard_gateway)
            full.append(resident(hard_gateway))
            for client in clients:
                client.close()
            deadline = time.monotonic() + PATIENCE
            while open_files(hard_gateway) > 200 and time.monotonic() < deadline:
                time.sleep(0.1)
            assert open_files(hard_gateway) <= 200
            assert is_served(hard_gateway)
        print(f"{count} idle connections, again and again: {before} kB before, then {full} kB")
        # 4 kB for each at most, and those that come later take no more.
        assert full[-1] - before < 4 * count
        assert full[-1] - full[0] < count
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
