# SPDX-License-Identifier: Apache-2.0
"""Meters behind other lines than TCP: serial ports, converters, UDP and TLS; a foreign client reads the same by TCP."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys

import pytest
from foreign_clients import Access, GuruxClient, PydlmsClient
from processes import free_ports, running
from serial_lines import Converter, DatagramRelay, TLSProxy, open_descriptors, port_of_line, serial_line, wait_for

SCRATCH = "0.0.96.50.0.255"
LOAD_PROFILE = "1.0.99.1.0.255"
ENERGY = "1.0.1.8.0.255"
LIVE = {"Cache-Control": "no-cache"}


@pytest.fixture(scope="module")
def gurux_meters(start_gurux_meter):
    """A foreign meter for each framing."""
    return {
        framing: start_gurux_meter("--auth", "none", "--pdu-size", "512", "--rows", "200", "--any-type", "--interface", framing)
        for framing in ("wrapper", "hdlc")
    }


def register(gateway, name: str, channel: dict, framing: str = "wrapper", client: int = 16, **members) -> None:
    configuration = {
        "channel": channel,
        "framing": framing,
        "address": {"logicalDevice": 1},
        "associations": {"reader": {"clientAddress": client, "authentication": {"mechanism": "none"}}},
        "timeouts": {"connect": "PT5S", "response": "PT4S"},
        "keepAlive": "PT1S",
        **members,
    }
    answer = gateway.call("PUT", f"/meters/{name}", configuration, {"If-None-Match": "*"})
    assert answer.status == 201, answer.text


def read(gateway, name: str, obis: str, attribute: int = 2, class_id: int | None = None) -> str:
    query = "?form=hex" + (f"&class={class_id}" if class_id else "")
    answer = gateway.get(f"/meters/{name}/objects/{obis}/attributes/{attribute}{query}", headers=LIVE)
    assert answer.status == 200, answer.text
    return answer.json["value"]["hex"].upper()


def check(gateway, name: str, judge, rows: int = 0) -> None:
    """Compare what the gateway reads over the line with what a foreign client reads by TCP."""
    for class_id, obis, attribute in ((1, SCRATCH, 2), (3, ENERGY, 2), (3, ENERGY, 3)):
        assert read(gateway, name, obis, attribute, class_id) == judge.octets(class_id, obis, attribute).hex().upper()
    if rows:
        answer = gateway.get(f"/meters/{name}/profiles/{LOAD_PROFILE}/rows?entries={rows}")
        assert answer.status == 200, answer.text
        assert len(answer.json["rows"]) == rows


def judge_of(port: int) -> GuruxClient:
    return GuruxClient(Access(port, 16, None))


@pytest.mark.cell("serial port", "gurux meter")
def test_the_gateway_reads_a_foreign_meter_at_a_serial_port(gateway, gurux_meters, tmp_path):
    with serial_line(tmp_path / "line", gurux_meters["hdlc"]) as device:
        register(gateway, "line-gurux", {"type": "serial", "device": device}, "hdlc")
        check(gateway, "line-gurux", judge_of(gurux_meters["wrapper"]), rows=100)


@pytest.mark.cell("serial port", "pydlms meter")
def test_the_gateway_reads_the_foreign_simulator_at_a_serial_port(gateway, pydlms_hdlc_meter, pydlms_meter, tmp_path):
    with serial_line(tmp_path / "line", pydlms_hdlc_meter) as device:
        register(gateway, "line-pydlms", {"type": "serial", "device": device, "baud": 115200}, "hdlc")
        judge = PydlmsClient(Access(pydlms_meter, 16, None))
        assert read(gateway, "line-pydlms", "0.0.42.0.0.255", 2, 1) == judge.octets(1, "0.0.42.0.0.255", 2).hex().upper()
        judge.close()


@pytest.fixture(scope="module")
def pydlms_hdlc_meter(tmp_path_factory):
    """The simulator of pydlms over HDLC with a public client 16; gives its port."""
    port = free_ports()
    command = [sys.executable, "-m", "pydlms.simulator", "--host", "127.0.0.1", "--port", str(port), "--client", "16:0", "--hdlc"]
    with running(command, port, "pydlms.simulator", tmp_path_factory.mktemp("pydlms") / "log"):
        yield port


def test_a_port_that_was_unplugged_is_said_so_and_used_again_when_it_is_back(gateway, gurux_meters, tmp_path):
    path = tmp_path / "line"
    with serial_line(path, gurux_meters["hdlc"]) as device:
        register(gateway, "line-unplugged", {"type": "serial", "device": device}, "hdlc", keepAlive="PT30S")
        value = read(gateway, "line-unplugged", SCRATCH)
    answer = gateway.get(f"/meters/line-unplugged/objects/{SCRATCH}/attributes/2", headers=LIVE)
    assert (answer.status, answer.problem) == (504, "meter-unreachable")
    assert "no such device" in answer.json["detail"] and "device" in answer.json["hint"]
    with serial_line(path, gurux_meters["hdlc"]):
        assert read(gateway, "line-unplugged", SCRATCH) == value


def test_ports_are_given_back(gateway, gurux_meters, tmp_path):
    with serial_line(tmp_path / "line", gurux_meters["hdlc"]) as device:
        register(gateway, "line-given-back", {"type": "serial", "device": device}, "hdlc", keepAlive="PT0S")
        read(gateway, "line-given-back", SCRATCH)
        wait_for(lambda: not uses(gateway, device), "the port is still open")
        before = open_descriptors(gateway.process.pid)
        for _ in range(5):
            read(gateway, "line-given-back", SCRATCH)
        wait_for(lambda: open_descriptors(gateway.process.pid) <= before, "descriptors are left behind")


def uses(gateway, device: str) -> bool:
    folder = f"/proc/{gateway.process.pid}/fd"
    target = os.path.realpath(device)
    links = []
    for name in os.listdir(folder):
        try:
            links.append(os.readlink(f"{folder}/{name}"))
        except OSError:
            continue
    return target in links


def test_a_speed_that_no_port_has_is_refused_before_it_is_stored(gateway):
    channel = {"type": "serial", "device": "/dev/ttyS0", "baud": 12345}
    answer = gateway.call("PUT", "/channels/line-odd", channel, {"If-None-Match": "*"})
    assert (answer.status, answer.problem) == (422, "value-out-of-range")
    assert "9600" in answer.json["detail"]


@pytest.mark.cell("RFC 2217, converter of pyserial", "gurux meter")
def test_a_foreign_converter_sets_the_format_that_it_is_told(gateway, gurux_meters, tmp_path):
    with serial_line(tmp_path / "line", gurux_meters["hdlc"]) as device:
        converter = Converter(device)
        channel = {"type": "rfc2217", "host": "127.0.0.1", "port": converter.port, "baud": 19200, "stopBits": 2}
        register(gateway, "line-converter", channel, "hdlc")
        check(gateway, "line-converter", judge_of(gurux_meters["wrapper"]), rows=20)
        assert converter.formats[-1] == (19200, 8, "N", 2)
        converter.close()


@pytest.mark.cell("RFC 2217, converter of pyserial", "gurux meter")
def test_every_octet_passes_a_foreign_converter(gateway, gurux_meters, tmp_path):
    # Every octet, in an order that no key of these tests has.
    written = {"type": "octet-string", "hex": bytes(7 * number % 256 for number in range(256)).hex() + "FF" * 64}
    with serial_line(tmp_path / "line", gurux_meters["hdlc"]) as device:
        converter = Converter(device)
        channel = {"type": "rfc2217", "host": "127.0.0.1", "port": converter.port}
        register(gateway, "line-octets", channel, "hdlc")
        answer = gateway.call("PUT", f"/meters/line-octets/objects/{SCRATCH}/attributes/2", {"value": written})
        assert answer.status in (200, 204), answer.text
        assert read(gateway, "line-octets", SCRATCH).endswith(written["hex"].upper())
        converter.close()


def test_a_converter_without_the_option_is_said_so(gateway, gurux_meters, tmp_path):
    with serial_line(tmp_path / "line", gurux_meters["hdlc"]) as device:
        converter = Converter(device, speaks=False)
        register(gateway, "line-raw", {"type": "rfc2217", "host": "127.0.0.1", "port": converter.port}, "hdlc")
        answer = gateway.get(f"/meters/line-raw/objects/{SCRATCH}/attributes/2")
        assert (answer.status, answer.problem) == (504, "meter-unreachable")
        assert "RFC 2217" in answer.json["detail"]
        converter.close()


@pytest.mark.cell("UDP", "gurux meter")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_gateway_reads_a_foreign_meter_by_datagrams(gateway, gurux_meters, host):
    relay = DatagramRelay(gurux_meters["wrapper"], host)
    name = f"udp-{'6' if ':' in host else '4'}"
    register(gateway, name, {"type": "udp", "host": host, "port": relay.port})
    check(gateway, name, judge_of(gurux_meters["wrapper"]), rows=100)
    for datagram in relay.requests:
        assert len(datagram) == 8 + int.from_bytes(datagram[6:8], "big")
    relay.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """An authority with a meter and a client; the folder of their files."""
    folder = tmp_path_factory.mktemp("tls")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]

    def make(*arguments: str) -> None:
        subprocess.run(["openssl", "req", "-x509", *key, *arguments], cwd=folder, check=True, capture_output=True)

    make("-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
    for name in ("meter", "client"):
        make(
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}.example", "-CA", "ca.pem", "-CAkey",
            "ca.key", "-addext", f"subjectAltName=DNS:{name}.example", "-addext", "basicConstraints=CA:FALSE",
        )
    return folder


@pytest.mark.cell("TLS 1.2 and 1.3, Python's ssl", "gurux meter")
@pytest.mark.parametrize("latest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_the_gateway_reads_a_foreign_meter_behind_foreign_tls(gateway, gurux_meters, authority, latest):
    proxy = TLSProxy(
        gurux_meters["wrapper"], f"{authority}/meter.pem", f"{authority}/meter.key", f"{authority}/ca.pem", latest
    )
    channel = {
        "type": "tls", "host": "127.0.0.1", "port": proxy.port, "caFile": f"{authority}/ca.pem",
        "serverName": "meter.example", "clientCertificateFile": f"{authority}/client.pem",
        "clientKeyFile": f"{authority}/client.key",
    }
    name = f"tls-{latest.name}"
    register(gateway, name, channel)
    check(gateway, name, judge_of(gurux_meters["wrapper"]), rows=100)
    assert set(proxy.versions) == {{"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[latest.name]}
    proxy.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"caFile": None}, "not trusted"),
        ({"serverName": "other.example"}, "not for other.example"),
        ({"clientCertificateFile": None, "clientKeyFile": None}, "client certificate"),
        ({"caFile": "/nowhere/ca.pem"}, "/nowhere/ca.pem"),
    ],
    ids=["authority", "name", "client", "file"],
)
def test_tls_that_fails_says_why(gateway, gurux_meters, authority, change, words, request):
    proxy = TLSProxy(gurux_meters["wrapper"], f"{authority}/meter.pem", f"{authority}/meter.key", f"{authority}/ca.pem")
    channel = {
        "type": "tls", "host": "127.0.0.1", "port": proxy.port, "caFile": f"{authority}/ca.pem",
        "serverName": "meter.example", "clientCertificateFile": f"{authority}/client.pem",
        "clientKeyFile": f"{authority}/client.key", **change,
    }
    name = f"tls-{request.node.callspec.id}"
    register(gateway, name, channel)
    answer = gateway.get(f"/meters/{name}/objects/{SCRATCH}/attributes/2")
    assert (answer.status, answer.problem) == (504, "meter-unreachable"), answer.text
    assert words in answer.json["detail"]
    proxy.close()


def test_a_meter_without_tls_is_said_so(gateway, gurux_meters):
    register(gateway, "tls-none", {"type": "tls", "host": "127.0.0.1", "port": gurux_meters["wrapper"]})
    answer = gateway.get(f"/meters/tls-none/objects/{SCRATCH}/attributes/2")
    assert answer.status in (502, 504), answer.text
