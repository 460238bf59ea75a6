# SPDX-License-Identifier: Apache-2.0
"""The matrix of docs/interoperability.md: which feature is shown against which foreign implementation, by which tests.

A test takes a cell with `@pytest.mark.cell(feature, peer)`, or `pytest.param(..., marks=pytest.mark.cell(...))`. Features
and peers are closed lists here, so that a cell cannot be misspelt. `.build-python/bin/python
Tests/Peers/interoperability.py --update` writes the page.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent.parent / "docs" / "interoperability.md"

PEERS = ("pydlms meter", "gurux meter", "pydlms client", "gurux client", "dlms-cosem client", "iec62056-21 client")

# Section -> features; what stands behind a feature is the published vectors that show it, or nothing.
FEATURES: dict[str, dict[str, str]] = {
    "HDLC": {
        "HDLC: link, LN": "hdlc",
        "HDLC: link, SN": "",
        "HDLC: protected": "",
        "HDLC: addresses of 1, 2 and 4 octets": "hdlc",
        "HDLC: segments": "hdlc",
        "HDLC: windows above 1": "",
        "HDLC: SNRM without parameters": "hdlc",
        "HDLC: lost, doubled and damaged frames": "",
    },
    "Association": {
        "no security": "acse",
        "LLS": "acse",
        "HLS 2 (AES-ECB)": "hls2-aes-ecb",
        "HLS 3 (MD5)": "hls3-md5",
        "HLS 4 (SHA-1)": "hls4-sha1",
        "HLS 5 (GMAC)": "hls5-gb-f-stoc",
        "HLS 6 (SHA-256)": "",
        "HLS 7 (ECDSA)": "hls7-ecdsa-client",
        "pre-established association": "",
    },
    "Referencing and services": {
        "LN: GET, blocks": "xdlms",
        "LN: GET with-list": "xdlms",
        "LN: SET, blocks": "xdlms",
        "LN: SET with-list": "xdlms",
        "LN: ACTION": "xdlms",
        "LN: ACTION with-list": "xdlms",
        "SN: read, blocks": "xdlms",
        "SN: several variables": "xdlms",
        "SN: write, blocks": "xdlms",
        "SN: methods": "",
        "SN: parameterized access": "xdlms",
        "referencing found out": "",
        "ACCESS": "xdlms",
        "general block transfer, answers": "xdlms",
        "general block transfer, requests": "xdlms",
        "event and data notification": "xdlms",
    },
    "Push": {
        "push: wrapper over TCP and UDP": "push-capture",
        "push: HDLC": "push-capture",
        "push: protected": "push-capture",
        "push: values alone": "",
        "push: what captures mean": "push-capture",
    },
    "Fleet": {
        "jobs": "",
        "orders": "",
        "orders survive SIGKILL": "",
        "stored rows": "",
        "stored readings": "",
    },
    "Lines": {
        "serial port": "",
        "RFC 2217, converter of pyserial": "",
        "UDP": "",
        "TLS 1.2 and 1.3, Python's ssl": "",
        "dial-in": "",
        "modem": "",
        "gateway prefix": "",
    },
    "Selective access": {
        "range": "xdlms",
        "entry": "xdlms",
        "column selection": "",
    },
    "Profiles": {
        "profile: streamed": "",
        "profile: status bits": "",
        "profile: null-data": "profile-null-time",
        "profile: compact array": "data",
        "profile: delta types": "data",
        "profile: compact data (class 62)": "compact-data-logbook",
    },
    "Protection": {
        "authenticated": "cipher-gb-auth",
        "encrypted": "",
        "authenticated and encrypted": "cipher-gb-authenc",
        "suite 1": "cipher-suite1",
        "suite 2": "cipher-suite2-auth",
        "global key": "cipher-gb-authenc",
        "dedicated key": "cipher-ded-get-request",
        "general-glo-ciphering": "cipher-general-glo",
        "general-ded-ciphering": "cipher-general-ded",
        "general-ciphering, identified key": "general-ciphering-identified",
        "general-ciphering, wrapped key": "",
        "general-ciphering, agreed key": "general-ciphering-c2-request",
        "general-signing": "general-signing-content",
        "broadcast key": "cipher-broadcast",
        "SN under protection": "",
        "answers without the authentication key": "",
    },
    "Counter custody": {
        "counters survive SIGKILL": "",
        "counter read before first use": "",
        "counter repair": "",
        "gateways in turn on one counter": "",
    },
    "Procedures": {
        "clock": "",
        "image transfer": "",
        "key transfer": "keywrap-rfc3394-128",
        "key agreement": "keyagree-c1-kdf",
    },
    "IEC 62056-21": {
        "IEC 62056-21: readout, mode C": "iec62056-21",
        "IEC 62056-21: programming mode": "iec62056-21",
        "IEC 62056-21: mode E": "iec62056-21",
    },
    "Operation": {
        "check and trace": "",
        "hold, drain, breaker": "",
    },
}


class Cells:
    """Collects the cells of all tests of this folder."""

    def __init__(self) -> None:
        self.tests: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.faults: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        known = {feature for features in FEATURES.values() for feature in features}
        for item in session.items:
            for mark in item.iter_markers("cell"):
                feature, peer = mark.args
                if feature not in known:
                    self.faults.append(f"{item.nodeid}: the feature {feature!r} is not in FEATURES")
                if peer not in PEERS:
                    self.faults.append(f"{item.nodeid}: the peer {peer!r} is not in PEERS")
                self.tests[feature, peer].append(item.nodeid.partition("::")[0].rpartition("/")[2])


def collect() -> Cells:
    """The cells of the folder; ends the program when a cell is misspelt."""
    cells = Cells()
    status = pytest.main(["--collect-only", "-qq", "--no-header", "--no-summary", str(FOLDER)], plugins=[cells])
    if status != 0 or cells.faults:
        sys.exit("\n".join(cells.faults) or f"the tests cannot be collected (status {status})")
    return cells


def page(cells: Cells) -> str:
    """The page as Markdown."""
    lines = [
        "# Interoperability",
        "",
        "Our simulator shares the codec with the gateway, so it cannot reveal a mistake that both make. The judges are foreign",
        "meters, foreign clients and published vectors. A cell counts the tests of `Tests/Peers` that show a feature against a",
        "peer; `make peers` runs them all. An empty cell: the peer does not have the feature, or cannot judge it.",
        "",
        "- *pydlms meter*, *pydlms client*: simulator and client of the PyPI package pydlms-client.",
        "- *gurux meter*: a meter on the object model and codec of gurux-dlms, `Tests/Peers/gurux_meter.py`; *gurux client*: its client.",
        "- *dlms-cosem client*: the client of the PyPI package dlms-cosem.",
        "- *iec62056-21 client*: the client of the PyPI package iec62056-21.",
        "- *vectors*: published octets that the Swift tests encode and decode; a layer's name stands for many of them.",
        "",
        "This page is generated: `.build-python/bin/python Tests/Peers/interoperability.py --update`.",
    ]
    for section, features in FEATURES.items():
        lines += ["", f"## {section}", "", f"| feature | {' | '.join(PEERS)} | vectors |", "|---|" + "---|" * (len(PEERS) + 1)]
        for feature, vectors in features.items():
            counts = [str(len(cells.tests[feature, peer]) or "") for peer in PEERS]
            lines.append(f"| {feature} | {' | '.join(counts)} | {vectors} |")
    files = sorted({file for tests in cells.tests.values() for file in tests})
    lines += ["", "The tests stand in " + ", ".join(f"`{file}`" for file in files) + ".", ""]
    return "\n".join(lines)


def main() -> None:
    text = page(collect())
    if "--update" in sys.argv:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        sys.exit("docs/interoperability.md is out of date: run `python Tests/Peers/interoperability.py --update`")


if __name__ == "__main__":
    main()
