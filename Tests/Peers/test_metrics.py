# SPDX-License-Identifier: Apache-2.0
"""What /metrics tells, read by the parsers of the Prometheus client library."""

from __future__ import annotations

import asyncio
import urllib.request

import pytest
from processes import GATEWAY, Gateway, free_ports, running
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
METERS = 10_000
CONNECTIONS = 20


def scrape(port: int, accept: str) -> tuple[str, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def series(text: str) -> set[tuple]:
    return {
        (sample.name, *sorted(sample.labels.items())) for family in open_metrics(text) for sample in family.samples
    }


def ask_for_meters(port: int, first: int, last: int) -> None:
    """Ask for meters that do not exist, over a few connections."""

    async def ask(numbers: range) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            writer.write(f"GET /meters/X{number} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 404 ")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
        writer.close()

    async def together() -> None:
        await asyncio.gather(*(ask(range(first + place, last, CONNECTIONS)) for place in range(CONNECTIONS)))

    asyncio.run(together())


@pytest.fixture(scope="module")
def telling_gateway(tmp_path_factory):
    """A gateway that tells the newest readings of at most two meters."""
    folder = tmp_path_factory.mktemp("metrics")
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none",
        "--database", f"sqlite:///{folder}/gateway.sqlite", "--metrics-per-meter", "--metrics-max-meters", "2",
    ]
    with running(arguments, port, "cosem-gateway serve", folder / "log") as process:
        yield Gateway(port, process)


def test_both_formats_parse_and_tell_the_same(gateway):
    ask_for_meters(gateway.port, 0, CONNECTIONS)
    kind, text = scrape(gateway.port, OPEN_METRICS)
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in open_metrics(text)}
    assert families["cosem_gateway_http_requests"].type == "counter"
    assert families["cosem_gateway_http_request_duration_seconds"].type == "histogram"
    assert families["process_start_time_seconds"].samples[0].value > 1.7e9
    kind, plain = scrape(gateway.port, "text/plain")
    assert kind.startswith("text/plain; version=0.0.4")
    assert {family.name.removesuffix("_total") for family in prometheus(plain)} == set(families)
    # What Prometheus itself sends, and what a browser does.
    both = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
    assert scrape(gateway.port, both)[0].startswith("application/openmetrics-text")
    assert scrape(gateway.port, "*/*")[0].startswith("text/plain")


def test_ten_thousand_meter_ids_make_no_series(gateway):
    ask_for_meters(gateway.port, 0, CONNECTIONS)
    scrape(gateway.port, OPEN_METRICS)
    before = series(scrape(gateway.port, OPEN_METRICS)[1])
    ask_for_meters(gateway.port, 0, METERS)
    after = series(scrape(gateway.port, OPEN_METRICS)[1])
    assert after == before


def test_newest_readings_of_so_many_meters_as_wanted(telling_gateway, simulator):
    for number in range(3):
        telling_gateway.register(f"M-{number}", simulator + number)
        assert telling_gateway.get(f"/meters/M-{number}/objects/1.0.1.8.0.255/attributes/2").status == 200
    read = telling_gateway.get("/meters/M-1/readings/latest").json["readings"]["energy-import"]
    samples = {
        (family.name, sample.labels["meter"], sample.labels["name"], sample.labels["unit"]): sample.value
        for family in open_metrics(scrape(telling_gateway.port, OPEN_METRICS)[1])
        for sample in family.samples
        if "meter" in sample.labels
    }
    assert {key[1] for key in samples} == {"M-0", "M-1"}
    assert samples["cosem_gateway_meter_reading", "M-1", "energy-import", "Wh"] == read["value"]
    assert ("cosem_gateway_meter_reading_timestamp_seconds", "M-1", "energy-import", "Wh") in samples
