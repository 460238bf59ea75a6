# SPDX-License-Identifier: Apache-2.0
# Copyright the cosem-gateway authors
"""The gateway speaks TLS: Python's ssl and openssl judge it. Certificates are renewed under way, those of clients say who they are."""

from __future__ import annotations

import datetime
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from processes import GATEWAY, free_ports, running

CLIENTS = "scada.example=viewer+readings:live,spiffe://example/billing=viewer,billing=viewer,north.example=viewer@region=north&type=water"


def made(name: str, issuer=None, alternative=None, days: int = 2, is_authority: bool = False, purpose=ExtendedKeyUsageOID.CLIENT_AUTH):
    """A key and its certificate, by itself or by an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=10)).not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if alternative:
        names = alternative if isinstance(alternative, list) else [alternative]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if issuer:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return key, builder.sign(issuer[0] if issuer else key, hashes.SHA256())


def write(folder, name: str, pair) -> tuple[str, str]:
    """Both files, each put into place whole."""
    key, certificate = pair
    texts = {
        "key": key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        "pem": certificate.public_bytes(serialization.Encoding.PEM),
    }
    for ending, text in texts.items():
        (folder / f"{name}.{ending}.new").write_bytes(text)
        os.replace(folder / f"{name}.{ending}.new", folder / f"{name}.{ending}")
    return str(folder / f"{name}.pem"), str(folder / f"{name}.key")


def server_pair(authority, name: str):
    return made(name, authority, x509.DNSName("localhost"), purpose=ExtendedKeyUsageOID.SERVER_AUTH)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    authority = made("authority", is_authority=True)
    certificate, key = write(folder, "server", server_pair(authority, "first"))
    write(folder, "authority", authority)
    write(folder, "scada", made("scada", authority, x509.DNSName("scada.example")))
    write(folder, "spiffe", made("other", authority, x509.UniformResourceIdentifier("spiffe://example/billing")))
    write(folder, "billing", made("billing", authority))
    several = [x509.UniformResourceIdentifier("spiffe://example/other"), x509.DNSName("x.example"), x509.DNSName("north.example")]
    write(folder, "north", made("billing", authority, several))
    write(folder, "stranger", made("stranger", authority))
    write(folder, "forged", made("forged", made("authority", is_authority=True), x509.DNSName("scada.example")))
    write(folder, "late", made("late", authority, x509.DNSName("scada.example"), days=-1))
    write(folder, "misused", made("misused", authority, x509.DNSName("scada.example"), purpose=ExtendedKeyUsageOID.SERVER_AUTH))
    port = free_ports()
    (folder / "gateway.yaml").write_text(settings(certificate, key, str(folder / "authority.pem"), CLIENTS))
    arguments = [
        GATEWAY, "serve", "--auth", "required", "--listen", f"127.0.0.1:{port}", "--database", f"sqlite:///{folder}/g.sqlite",
        "--config", str(folder / "gateway.yaml"),
    ]
    with running(arguments, port, "cosem-gateway serve", folder / "log") as process:
        yield port, folder, process, authority


def settings(certificate: str, key: str, authorities: str, clients: str) -> str:
    return (
        f"tls:\n  certificate: '{certificate}'\n  key: '{key}'\n  clientAuthorities: '{authorities}'\n"
        f"  clients: '{clients}'\n  watch: 1\n"
    )


def context(folder=None, name: str | None = None) -> ssl.SSLContext:
    client = ssl.create_default_context()
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    if name:
        client.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return client


def ask(port: int, client: ssl.SSLContext, path: str = "/whoami", key: str | None = None) -> tuple[int, dict]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=client, timeout=10)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def shown(port: int) -> str:
    """The common name of the certificate that the gateway shows."""
    with socket.create_connection(("127.0.0.1", port), 10) as raw, context().wrap_socket(raw) as secure:
        certificate = x509.load_der_x509_certificate(secure.getpeercert(True))
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def wait_for(found, what: str):
    end = time.monotonic() + 15
    while not found():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_strict_client_is_content(gateway, version):
    port, folder, _, _ = gateway
    client = ssl.create_default_context(cafile=folder / "authority.pem")
    client.minimum_version = client.maximum_version = version
    with socket.create_connection(("127.0.0.1", port), 10) as raw, client.wrap_socket(raw, server_hostname="localhost") as secure:
        assert secure.version() == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
        secure.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := secure.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200") and b"Strict-Transport-Security: max-age=31536000\r\n" in answer


def test_openssl_is_content(gateway):
    port, folder, _, _ = gateway
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", "-verify_return_error"]
    command += ["-verify_hostname", "localhost", "-CAfile", str(folder / "authority.pem"), "-brief"]
    told = subprocess.run(command, input="", capture_output=True, text=True, timeout=20, check=False)
    assert told.returncode == 0 and "Verification: OK" in told.stderr + told.stdout
    for old in ["-tls1_1", "-tls1"]:
        flags = [old, "-cipher", "ALL:@SECLEVEL=0"]
        assert subprocess.run([*command, *flags], input="", capture_output=True, timeout=20, check=False).returncode != 0


@pytest.mark.parametrize("name,principal", [
    ("scada", "cert:scada.example"), ("spiffe", "cert:spiffe://example/billing"), ("billing", "cert:billing"),
    # Neither the first of its names nor the common one is listed, or counts.
    ("north", "cert:north.example"),
])
def test_the_certificate_of_a_client_says_who_it_is_and_what_it_may(gateway, name, principal):
    port, folder, _, _ = gateway
    status, body = ask(port, context(folder, name))
    assert (status, body["principal"]) == (200, principal)
    assert ("readings:live" in body["scopes"]) == (name == "scada") and "meters:write" not in body["scopes"]
    assert ask(port, context(folder, name), "/audit")[0] == 403
    # Credentials that are sent go before, and a wrong key is not mended by a certificate.
    assert ask(port, context(folder, name), key="cgw_wrong")[0] == 401


def test_the_owner_of_a_certificate_may_be_confined_to_labels(gateway):
    port, folder, _, _ = gateway
    key = re.search(r"cgw_\w+", (folder / "log").read_text())[0]
    for meter, labels in {"M-1": {"region": "north", "type": "water"}, "M-2": {"region": "north"}}.items():
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context(), timeout=10)
        body = {"channel": {"type": "tcp", "host": "127.0.0.1", "port": 9}, "labels": labels}
        fields = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "If-None-Match": "*"}
        connection.request("PUT", f"/meters/{meter}", json.dumps(body), fields)
        assert connection.getresponse().status == 201

    def seen(name: str) -> list[str]:
        return [item["id"] for item in ask(port, context(folder, name), "/meters")[1]["items"]]

    assert (seen("scada"), seen("north")) == (["M-1", "M-2"], ["M-1"])
    assert ask(port, context(folder, "north"), "/whoami")[1]["labels"] == "region=north,type=water"
    assert ask(port, context(folder, "north"), "/meters/M-2")[0] == 404
    assert [ask(port, context(folder, name), "/channels")[0] for name in ("scada", "north")] == [200, 403]


@pytest.mark.parametrize("name,reason", [
    (None, "needs credentials"), ("stranger", "nobody is let in"), ("forged", "no authority that is known"), ("late", "has expired"),
    ("misused", "not for clients"),
])
def test_no_certificate_and_those_that_prove_nothing_let_nobody_in(gateway, name, reason):
    port, folder, _, _ = gateway
    status, body = ask(port, context(folder, name))
    assert status == 401 and reason in body["detail"]
    assert ask(port, context(folder, name), "/livez")[0] == 200


def test_clear_text_and_handshakes_that_never_finish_disturb_nobody(gateway):
    port, _, _, _ = gateway
    clear = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        clear.request("GET", "/livez")
        clear.getresponse()
    hanging = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(200)]
    for number, one in enumerate(hanging):
        one.sendall(b"\x16\x03\x01\x02\x00\x01"[: number % 7])
    start = time.monotonic()
    assert ask(port, context(), "/livez")[0] == 200
    assert time.monotonic() - start < 5
    for one in hanging:
        one.close()


def test_many_requests_on_one_connection_large_answers_and_bodies(gateway):
    port, folder, _, _ = gateway
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context(folder, "scada"), timeout=10)
    for _ in range(20):
        connection.request("GET", "/openapi.yaml")
        assert len(connection.getresponse().read()) > 100_000
    connection.request("POST", "/tools/decode", body=json.dumps({"hex": "00" * 100_000}), headers={"Content-Type": "application/json"})
    assert connection.getresponse().status < 500


def test_the_health_check_and_the_subcommands_reach_it(gateway):
    port, folder, _, _ = gateway
    assert subprocess.run([GATEWAY, "healthcheck", "--listen", f"127.0.0.1:{port}"], timeout=20, check=False).returncode == 0
    assert subprocess.run([GATEWAY, "healthcheck", "--listen", f"127.0.0.1:{free_ports()}"], timeout=20, check=False).returncode == 1

    def listed(host: str, **environment):
        command = [GATEWAY, "meter", "list", "--gateway", f"https://{host}:{port}"]
        return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=20, check=False)

    trusting = {"COSEM_GATEWAY_CA_FILE": str(folder / "authority.pem")}
    key = next(word for word in (folder / "log").read_text().split() if word.startswith("cgw_"))
    assert f"https://127.0.0.1:{port}/whoami" in (folder / "log").read_text()
    told = listed("localhost", COSEM_GATEWAY_KEY=key, **trusting)
    assert told.returncode == 0, told.stderr
    assert "is not trusted" in listed("localhost", COSEM_GATEWAY_KEY=key).stderr
    assert "is not for 127.0.0.1" in listed("127.0.0.1", COSEM_GATEWAY_KEY=key, **trusting).stderr


def test_the_certificate_is_renewed_while_requests_are_under_way(gateway):
    port, folder, process, authority = gateway
    faults, done = [], threading.Event()

    def call():
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context(), timeout=10)
        while not done.is_set():
            try:
                connection.request("GET", "/livez")
                assert connection.getresponse().read()
                ask(port, context(folder, "scada"))
            except Exception as fault:
                faults.append(fault)
                return

    assert shown(port) == "first"
    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    write(folder, "server", server_pair(authority, "second"))
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: shown(port) == "second", "SIGHUP")
    # Without a signal: the files were changed.
    write(folder, "server", server_pair(authority, "third"))
    wait_for(lambda: shown(port) == "third", "changed files")
    done.set()
    for caller in callers:
        caller.join()
    assert faults == []


def test_files_that_cannot_be_used_leave_the_certificate_before(gateway):
    port, folder, process, authority = gateway
    before = shown(port)
    write(folder, "server", (made("x")[0], server_pair(authority, "mismatched")[1]))
    wait_for(lambda: "the certificate before stays" in (folder / "log").read_text(), "a word about it")
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "new settings are refused, the old ones stay" in (folder / "log").read_text(), "a word about it")
    assert "it is not the key of the certificate" in (folder / "log").read_text()
    assert shown(port) == before
    write(folder, "server", server_pair(authority, "mended"))
    wait_for(lambda: shown(port) == "mended", "changed files")


def test_who_is_taken_out_is_out_on_connections_that_are_open(gateway):
    port, folder, process, _ = gateway
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context(folder, "billing"), timeout=10)

    def status() -> int:
        connection.request("GET", "/whoami")
        answer = connection.getresponse()
        answer.read()
        return answer.status

    assert status() == 200
    files = [str(folder / name) for name in ("server.pem", "server.key", "authority.pem")]
    (folder / "gateway.yaml").write_text(settings(*files, "scada.example=operator"))
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: status() == 401, "the loss of rights")
    assert "meters:read" in ask(port, context(folder, "scada"))[1]["scopes"]
    # The authority of clients changes, too.
    authority = made("another", is_authority=True)
    write(folder, "authority", authority)
    write(folder, "newcomer", made("newcomer", authority, x509.DNSName("scada.example")))
    wait_for(lambda: ask(port, context(folder, "newcomer"))[0] == 200, "another authority")
    assert ask(port, context(folder, "scada"))[0] == 401


def test_faults_of_the_files_are_told_at_the_start(tmp_path):
    certificate, key = write(tmp_path, "server", made("server"))
    _, other = write(tmp_path, "other", made("other"))
    locked = tmp_path / "locked.key"
    locked.write_bytes(made("x")[0].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"word")
    ))

    def check(*arguments: str) -> str:
        command = [GATEWAY, "config", "check", *arguments]
        told = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert told.returncode == (2 if told.stderr else 0)
        return told.stderr

    assert check("--tls-certificate", certificate, "--tls-key", key) == ""
    assert "it is not the key of the certificate" in check("--tls-certificate", certificate, "--tls-key", other)
    assert "protected by a password" in check("--tls-certificate", certificate, "--tls-key", str(locked))
    assert "No such file" in check("--tls-certificate", certificate, "--tls-key", str(tmp_path / "none"))
    assert "no certificate in it" in check("--tls-certificate", key, "--tls-key", key)
    assert "no private key in it" in check("--tls-certificate", certificate, "--tls-key", certificate)
    assert "--tls-key is missing" in check("--tls-certificate", certificate)
    clients = ["--tls-certificate", certificate, "--tls-key", key, "--tls-client-authorities", certificate]
    assert "--tls-clients is missing" in check(*clients)
    assert "write NAME=ROLE" in check(*clients, "--tls-clients", "scada.example=viewr")
    assert check(*clients, "--tls-clients", "a@b.example=viewer@region=north&!test,b=viewer+readings:live") == ""
    for wrong in ("a=viewer@", "a=viewer@region north", "a=viewer@a=b&", "a=@region=north", "a=viewer@region=north,type=water"):
        assert "write NAME=ROLE" in check(*clients, "--tls-clients", wrong), wrong
