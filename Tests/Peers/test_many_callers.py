# SPDX-License-Identifier: Apache-2.0
"""Many callers at once: equal reads are shared, and a thousand callers on a thousand meters all get their answer."""

from __future__ import annotations

import asyncio
import json

import pytest
from processes import GATEWAY, Gateway, free_ports, running

CALLERS_OF_ONE_METER = 200
METERS = 1000
VALUE = "/objects/1.0.1.8.0.255/attributes/2"


async def ask(port: int, path: str) -> tuple[int, dict]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    head, body = (await asyncio.wait_for(reader.read(), 110)).split(b"\r\n\r\n", 1)
    writer.close()
    return int(head.split(b" ", 2)[1]), json.loads(body)


def ask_all(port: int, paths: list[str]) -> list[tuple[int, dict]]:
    async def together():
        return await asyncio.gather(*(ask(port, path) for path in paths))

    return asyncio.run(together())


def test_200_callers_of_one_slow_meter_cause_one_exchange_at_the_meter(gateway, start_gurux_meter):
    """The meter waits half a second before each answer and prints each request it gets: the meter itself is the counter."""
    port = start_gurux_meter(
        "--auth", "low", "--password", "12345678", "--delay-ms", "500", "--rows", "10", "--trace"
    )

    def requests_at_the_meter() -> int:
        return start_gurux_meter.logs[port].read_text().count(f"RX {port} ")

    gateway.register("slow", port, keepAlive="PT30S")
    # The object list, the scaler and the association are fetched before; what is counted is the read alone.
    assert gateway.get(f"/meters/slow{VALUE}").status == 200
    before = requests_at_the_meter()
    answers = ask_all(gateway.port, [f"/meters/slow{VALUE}?maxAge=0"] * CALLERS_OF_ONE_METER)
    assert {status for status, _ in answers} == {200}
    assert len({json.dumps(body["value"]) for _, body in answers}) == 1
    assert [body["source"] for _, body in answers].count("live") == 1
    assert requests_at_the_meter() == before + 1


@pytest.fixture(scope="module")
def thousand_meters(tmp_path_factory):
    port = free_ports(METERS)
    command = [GATEWAY, "simulate", "--listen", "127.0.0.1", "--port", str(port), "--count", str(METERS)]
    with running(command, port + METERS - 1, "cosem-gateway simulate", tmp_path_factory.mktemp("thousand") / "log"):
        yield port


def test_1000_callers_on_1000_simulated_meters_all_get_their_answer(tmp_path, thousand_meters):
    port = free_ports()
    arguments = [GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--database", f"sqlite:///{tmp_path}/g.sqlite"]
    with running(arguments, port, "cosem-gateway serve", tmp_path / "log") as process:
        gateway = Gateway(port, process)
        for number in range(METERS):
            gateway.register(f"M{number}", thousand_meters + number)
        answers = ask_all(port, [f"/meters/M{number}{VALUE}" for number in range(METERS)])
    failed = [body for status, body in answers if status != 200]
    assert not failed, (len(failed), failed[:2])
    assert {body["meter"] for _, body in answers} == {f"M{number}" for number in range(METERS)}
