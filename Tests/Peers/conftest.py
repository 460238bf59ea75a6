# SPDX-License-Identifier: Apache-2.0
"""What the peer tests talk to: the gateway, foreign meters, and our simulator."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import sys

import discretion
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from processes import GATEWAY, Gateway, free_ports, running


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cell(feature, peer): a cell of docs/interoperability.md that the test shows")
    os.environ.setdefault("COSEM_GATEWAY_LOG_LEVEL", "trace")
    # Gaps are filled when a test says so, and not when a minute is over.
    os.environ.setdefault("COSEM_GATEWAY_RECOVERY_INTERVAL", "86400")


@pytest.fixture(scope="session", autouse=True)
def no_secret_is_told(tmp_path_factory):
    """When all gateways have ended, what they wrote is searched for every secret that they were given."""
    yield
    discretion.check_files(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    """A gateway on an empty database."""
    folder = tmp_path_factory.mktemp("gateway")
    port = free_ports()
    arguments = [
        GATEWAY, "serve", "--listen", f"127.0.0.1:{port}", "--auth", "none", "--database", f"sqlite:///{folder}/gateway.sqlite",
        # The tests read the same rows of the same meters over and over, to see what the meters answer.
        "--stored-rows", "on-request",
    ]
    with running(arguments, port, "cosem-gateway serve", folder / "log") as process:
        yield Gateway(port, process)


@pytest.fixture(scope="session")
def start_gurux_meter(tmp_path_factory):
    """Start gurux_meter.py with arguments; gives its port, and its log by `start.logs[port]`. All end with the session."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> int:
            port = free_ports()
            log = start.logs[port] = tmp_path_factory.mktemp("gurux") / "log"
            command = [sys.executable, "gurux_meter.py", "--port", str(port), *arguments]
            stack.enter_context(running(command, port, "gurux_meter.py", log))
            return port

        start.logs = {}
        yield start


@pytest.fixture(scope="session")
def pydlms_meter(tmp_path_factory) -> int:
    """The simulator of pydlms with a public client 16 and an LLS client 32; gives its port."""
    port = free_ports()
    command = [
        sys.executable, "-m", "pydlms.simulator", "--host", "127.0.0.1", "--port", str(port),
        "--client", "16:0", "--client", "32:1:12345678",
    ]
    log = tmp_path_factory.mktemp("pydlms") / "log"
    with running(command, port, "pydlms.simulator", log):
        yield port


@pytest.fixture(scope="session")
def simulator(tmp_path_factory) -> int:
    """Three meters of our simulator on consecutive ports; gives the first port."""
    port = free_ports(3)
    command = [GATEWAY, "simulate", "--listen", "127.0.0.1", "--port", str(port), "--count", "3"]
    with running(command, port, "cosem-gateway simulate", tmp_path_factory.mktemp("simulate") / "log"):
        yield port


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A certificate for 127.0.0.1 that is its own authority; gives the files of certificate and key."""
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "certificate.pem", folder / "key.pem"
