# SPDX-License-Identifier: Apache-2.0
"""The matrix of docs/fault-matrix.md: what the gateway says when something goes wrong on the way to a meter.

Every fault that a scenario can have meets every transport; each pair is a cell with two meters, one whose association is
kept and one whose association is not. `.build-python/bin/python Tests/Peers/fault_matrix.py --update` runs 50 rounds and writes the page.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from processes import GATEWAY, ROOT, Gateway, free_ports, running

PAGE = ROOT / "docs" / "fault-matrix.md"
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "2"))
RESPONSE = 2  # seconds that the gateway waits for an answer
AT_ONCE = 40  # readings under way; more only measure the machine that runs the test
WAIT = 20  # seconds that a caller waits for a reading, by Prefer
SHORT = "/objects/0.0.96.1.0.255/attributes/2?class=1&maxAge=0"
LONG = "/objects/0.0.13.0.0.255/attributes/5?class=20&maxAge=0"

# What may be said when no value comes, by what was done to the octets.
SILENCE = {"meter-timeout"}
ENDED = {"connection-lost"}
UNREADABLE = {"meter-timeout", "protocol-error", "connection-lost"}
DISTURBED = UNREADABLE | {
    "deciphering-failed", "authentication-failed-at-meter", "association-rejected", "exception-response",
    "invocation-counter-rejected",
}


@dataclass(frozen=True)
class Transport:
    """A way to a meter."""

    name: str
    kind: str  # stream, datagram, hdlc or text: what its framing notices
    place: str  # tcp, udp, tls, pseudoterminal or dial-in
    framing: str = "wrapper"

    @property
    def signs_on(self) -> bool:
        """Whether a sign-on comes first, which has no check sequence and is not repeated."""
        return self.framing in ("hdlc-mode-e", "iec62056-21")


TRANSPORTS = [
    Transport("TCP, wrapper", "stream", "tcp"),
    Transport("TLS, wrapper", "stream", "tls"),
    Transport("UDP, wrapper", "datagram", "udp"),
    Transport("TCP, HDLC", "hdlc", "tcp", "hdlc"),
    Transport("serial line, HDLC", "hdlc", "pseudoterminal", "hdlc"),
    Transport("serial line, mode E", "hdlc", "pseudoterminal", "hdlc-mode-e"),
    Transport("serial line, IEC 62056-21", "text", "pseudoterminal", "iec62056-21"),
    Transport("dial-in, wrapper", "stream", "dial-in"),
]


@dataclass(frozen=True)
class FaultKind:
    """Something that goes wrong; `allowed` says by kind of transport which problems are right, none where values must come."""

    name: str
    faults: list[dict]
    allowed: dict[str, set[str]]
    protected: bool = False  # in associations whose messages are authenticated: the wrapper has no check sequence
    line: dict = field(default_factory=dict)


def sometimes(fault: str, probability: float = 0.08, **members) -> list[dict]:
    return [{"fault": fault, "probability": probability, **members}]


def same(problems: set[str]) -> dict[str, set[str]]:
    return {kind: problems for kind in ("stream", "datagram", "hdlc", "text")}


NEVER: set[str] = set()
# The meter answers each copy: an AARQ by an AARE, a block that it has given already by a refusal, DISC after DISC by DM.
REPEATED = {"stream": {"meter-refused", "protocol-error"}, "datagram": {"meter-refused", "protocol-error"}, "hdlc": {"protocol-error"}, "text": UNREADABLE}
NOTICED = {"stream": DISTURBED, "datagram": DISTURBED, "hdlc": SILENCE, "text": UNREADABLE}

FAULTS = [
    FaultKind("none", [], same(NEVER)),
    FaultKind("none, protected messages", [], same(NEVER), protected=True),
    FaultKind("delay", [{"fault": "delay", "time": "20ms", "jitter": "100ms"}], same(NEVER)),
    FaultKind("loss of answers", sometimes("loss"), same(SILENCE)),
    FaultKind("loss of requests", sometimes("loss", of="requests"), same(SILENCE)),
    FaultKind("silence for a second", [{"fault": "silence", "during": ["quiet"]}], same(SILENCE)),
    FaultKind("duplicated answers", sometimes("duplicate", 0.3), same(NEVER)),
    FaultKind("duplicated requests", sometimes("duplicate", 0.3, of="requests"), REPEATED),
    FaultKind("corrupted answers", sometimes("corrupt"), NOTICED, protected=True),
    FaultKind("corrupted requests", sometimes("corrupt", of="requests"), NOTICED, protected=True),
    FaultKind("wrong check sequence", sometimes("wrong-checksum"), {"hdlc": SILENCE, "text": UNREADABLE}),
    FaultKind(
        "trickle", sometimes("trickle", 0.3, octetTime="1ms"),
        {kind: SILENCE for kind in ("stream", "hdlc", "text")},
    ),
    FaultKind("truncated answers", sometimes("truncate"), {**same(SILENCE), "datagram": UNREADABLE, "text": UNREADABLE}),
    FaultKind("cut in mid-frame", sometimes("cut"), same(ENDED)),
    FaultKind("closed instead of an answer", sometimes("close"), same(ENDED)),
    FaultKind("reset instead of an answer", sometimes("reset"), same(ENDED)),
    FaultKind("half-open", sometimes("half-open"), same(SILENCE)),
    FaultKind("turned away", sometimes("refuse", 0.3), same(ENDED | {"meter-refused-connection"})),
    FaultKind("noise before answers", sometimes("noise", octets=3), {**same(DISTURBED), "hdlc": NEVER}, protected=True),
    FaultKind("echo", [{"fault": "echo"}], same(NEVER)),
    FaultKind("one connection, others wait", [], same(NEVER), line={"connections": "one-waiting"}),
    FaultKind("one connection, others refused", [], same(ENDED), line={"connections": "one-refusing"}),
]

CONNECTION_FAULTS = {
    "cut in mid-frame", "closed instead of an answer", "reset instead of an answer", "half-open", "turned away",
    "one connection, others wait", "one connection, others refused",
}


def applies(fault: FaultKind, transport: Transport) -> bool:
    """Whether the fault can happen on the transport."""
    if fault.name in CONNECTION_FAULTS:
        return transport.place in ("tcp", "tls", "dial-in")
    return transport.kind in fault.allowed and not (fault.name == "trickle" and transport.place == "udp")


@dataclass
class Cell:
    """One fault on one transport: what is allowed, and what happened."""

    fault: FaultKind
    transport: Transport
    meters: list[tuple[str, int]] = field(default_factory=list)  # name and number
    outcomes: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    longest: float = 0

    @property
    def is_protected(self) -> bool:
        return self.fault.protected and self.transport.kind in ("stream", "datagram")

    @property
    def allowed(self) -> set[str]:
        """The problems that are right here."""
        allowed = self.fault.allowed[self.transport.kind] | {"circuit-open"}
        if self.transport.place == "dial-in" and self.fault.faults:
            allowed |= {"meter-not-connected", "connection-lost"}  # until the meter dials in again
        return allowed | UNREADABLE if self.transport.signs_on and self.fault.faults else allowed

    def judge(self, meter: str, number: int, path: str, answer, seconds: float, long_values) -> str:
        """Count one answer; returns its outcome."""
        self.longest = max(self.longest, seconds)
        if seconds > WAIT + 2:
            self.faults.append(f"{meter} {path}: an answer after {seconds:.1f} s")
        if answer is None:
            outcome = "nothing"
            self.faults.append(f"{meter} {path}: no answer at all after {seconds:.1f} s")
        elif answer.status == 200:
            right = long_values[self.is_protected] if path == LONG and self.transport.kind != "text" else f"{26_000_001 + number}"
            if answer.json["value"] != right:
                self.faults.append(f"{meter} {path}: a wrong value: {answer.text[:200]}")
            outcome = "value"
        else:
            outcome = answer.problem
            if outcome not in self.allowed:
                self.faults.append(f"{meter} {path}: {answer.text[:300]}")
        if outcome != "circuit-open":
            self.outcomes[outcome] += 1
        return outcome


def cells(transports: list[Transport]) -> list[Cell]:
    return [Cell(fault, transport) for fault in FAULTS for transport in transports if applies(fault, transport)]


def listening(transport: Transport, port: int, folder: pathlib.Path, dial_in: int) -> dict:
    """Where a meter of a scenario listens: at its port, or at a path named by it; or where it dials in."""
    if transport.place == "pseudoterminal":
        return {"type": transport.place, "path": f"{folder}/line-{port}"}
    if transport.place == "tls":
        return {"type": "tls", "port": port, "certificate": f"{folder}/certificate.pem", "key": f"{folder}/key.pem"}
    if transport.place == "dial-in":
        return {"type": "dial-in", "port": dial_in, "greeting": f"M{port}\r\n", "again": "PT1S"}
    return {"type": transport.place, "port": port}


def channel(transport: Transport, port: int, folder: pathlib.Path) -> dict:
    """How the gateway reaches that."""
    if transport.place == "pseudoterminal":
        line = {"type": "serial", "device": f"{folder}/line-{port}"}
        return {**line, "baud": 300, "parity": "even", "dataBits": 7} if transport.signs_on else line
    if transport.place == "tls":
        return {"type": "tls", "host": "127.0.0.1", "port": port, "caFile": f"{folder}/certificate.pem"}
    if transport.place == "dial-in":
        return {"type": "dial-in", "identity": f"M{port}"}
    return {"type": transport.place, "host": "127.0.0.1", "port": port}


def make_certificate(folder: pathlib.Path) -> None:
    """A certificate for 127.0.0.1 that vouches for itself."""
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem",
        ],
        check=True, capture_output=True,
    )


def scenario(matrix: list[Cell], port: int, folder: pathlib.Path) -> dict:
    """A scenario with a line for each meter of the matrix, on consecutive ports, and one more to tell that all listen."""
    lines = []
    for cell in matrix:
        cell.meters = []
        for kept in (False, True):
            number = len(lines)
            name = f"{'kept' if kept else 'single'}-{number}"
            cell.meters.append((name, number))
            lines.append({
                "listen": listening(cell.transport, port + number, folder, port + 2 * len(matrix) + 1),
                "framing": cell.transport.framing,
                "meters": [{"number": number, "rows": 0, "pduSize": 128}],
                "faults": cell.fault.faults,
                **cell.fault.line,
            })
    lines.append({"listen": {"type": "tcp", "port": port + len(lines)}, "meters": [{"number": len(lines)}]})
    phases = [{"name": "well", "for": "PT4S"}, {"name": "quiet", "for": "PT1S"}]
    return {"name": "fault-matrix", "seed": 4, "phases": phases, "repeat": True, "lines": lines}


def register(gateway: Gateway, cell: Cell, port: int, folder: pathlib.Path) -> None:
    for name, number in cell.meters:
        members = {
            "framing": cell.transport.framing,
            "channel": channel(cell.transport, port + number, folder),
            "address": {"logicalDevice": 1, **({"physicalDevice": 17} if "hdlc" in cell.transport.framing else {})},
            "timeouts": {"connect": "PT2S", "response": f"PT{RESPONSE}S"},
            "keepAlive": "PT3S" if name.startswith("kept") else "PT0S",
        }
        if cell.is_protected:
            members["associations"] = {"reader": {
                "clientAddress": 36,
                "authentication": {"mechanism": "gmac"},
                "security": {
                    "blockCipherKey": {"hex": "000102030405060708090A0B0C0D0E0F"},
                    "authenticationKey": {"hex": "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"},
                    "invocationCounterObject": "0.0.43.1.0.255",
                },
            }}
        if cell.transport.kind == "text":
            members |= {"associations": {}, "address": {}}
        gateway.register(name, port + number, **members)


def ask(gateway: Gateway, meter: str, path: str):
    """Read once; gives the answer, None when there is none, and the seconds it took."""
    begin = time.monotonic()
    try:
        answer = gateway.call("GET", f"/meters/{meter}{path}", headers={"Prefer": f"wait={WAIT}"}, timeout=WAIT + 10)
    except (OSError, http.client.HTTPException) as error:
        print(f"{meter} {path}: {error!r}", file=sys.stderr)
        answer = None
    return answer, time.monotonic() - begin


def drive(gateway: Gateway, cell: Cell, meter: str, number: int, rounds: int, long_values, lock: threading.Lock) -> None:
    """So many rounds of one meter, short and long readings in turn."""
    for index in range(rounds):
        for _ in range(8):
            path = LONG if index % 2 and cell.transport.kind != "text" else SHORT
            answer, seconds = ask(gateway, meter, path)
            with lock:
                outcome = cell.judge(meter, number, path, answer, seconds, long_values)
            if outcome != "circuit-open":
                break
            time.sleep(float(answer.headers.get("Retry-After", "1")))


@dataclass
class Usage:
    """Descriptors and resident memory of a process."""

    descriptors: int
    kilobytes: int

    @staticmethod
    def of(process) -> Usage:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return Usage(len(os.listdir(f"/proc/{process.pid}/fd")), int(resident.split()[1]))


@dataclass
class Run:
    """What a whole run showed."""

    cells: list[Cell]
    before: Usage
    after: Usage


def run(rounds: int, folder: pathlib.Path, transports: list[Transport] = TRANSPORTS) -> Run:
    """Run so many rounds of every cell, all cells at once."""
    matrix = cells(transports)
    port = free_ports(2 * len(matrix) + 2)
    make_certificate(folder)
    file = folder / "scenario.json"
    file.write_text(json.dumps(scenario(matrix, port, folder)))
    own = free_ports()
    serve = [GATEWAY, "serve", "--listen", f"127.0.0.1:{own}", "--auth", "none", "--database", f"sqlite:///{folder}/g.sqlite"]
    serve += ["--breaker-failures", "0", "--dial-in-listen", f"127.0.0.1:{port + 2 * len(matrix) + 1}"]
    simulate = [GATEWAY, "simulate", "--scenario", str(file)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(simulate, port + 2 * len(matrix), "cosem-gateway simulate", folder / "simulate.log"))
        process = stack.enter_context(running(serve, own, "cosem-gateway serve", folder / "serve.log"))
        gateway = Gateway(own, process)
        for cell in matrix:
            register(gateway, cell, port, folder)
        # The list of a client with other rights is another one.
        long_values = {
            cell.is_protected: ask(gateway, cell.meters[0][0], LONG)[0].json["value"]
            for cell in matrix if cell.fault.name.startswith("none") and cell.transport.place == "tcp"
        }
        lock = threading.Lock()

        def drive_all(count: int) -> None:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                jobs = [
                    pool.submit(drive, gateway, cell, name, number, count, long_values, lock)
                    for cell in matrix for name, number in cell.meters
                ]
                for job in jobs:
                    job.result()

        drive_all(2)  # what is made once for each meter is made
        before = settled(process)
        for cell in matrix:
            cell.outcomes.clear()
        drive_all(max(rounds // 2, 1))
        return Run(matrix, before, settled(process))


def settled(process) -> Usage:
    """The usage once kept associations are over: when descriptors do not get fewer any more."""
    deadline = time.monotonic() + 15
    least = Usage.of(process)
    unchanged = time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - unchanged < 4:
        time.sleep(0.25)
        now = Usage.of(process)
        if now.descriptors < least.descriptors:
            unchanged = time.monotonic()
            least = now
    return Usage(least.descriptors, Usage.of(process).kilobytes)


def axes() -> tuple[list[str], list[str]]:
    return [fault.name for fault in FAULTS], [transport.name for transport in TRANSPORTS]


def page(result: Run, rounds: int) -> str:
    """The page as Markdown."""
    by_place = {(cell.fault.name, cell.transport.name): cell for cell in result.cells}
    lines = [
        "# Faults",
        "",
        "What the gateway makes of faults on the way to a meter: each fault of a [scenario](simulated-meters.md#scenarios) on each",
        f"transport, {rounds} readings each, half of them short, half in blocks or segments, half in associations that are kept. A cell",
        "counts right values (v) and the problems told instead; every other problem, every wrong value, every answer later than the",
        "caller waits, and every descriptor left open fails the test. A dash: the fault cannot happen there. Unless said otherwise a",
        "fault happens to one message in twelve.",
        "",
        f"| fault | {' | '.join(transport.name for transport in TRANSPORTS)} |",
        "|---|" + "---|" * len(TRANSPORTS),
    ]
    for fault in FAULTS:
        row = []
        for transport in TRANSPORTS:
            cell = by_place.get((fault.name, transport.name))
            row.append("–" if cell is None else told(cell.outcomes))
        lines.append(f"| {fault.name} | {' | '.join(row)} |")
    lines += [
        "",
        f"Before and after: {result.before.descriptors} and {result.after.descriptors} open descriptors, "
        f"{result.before.kilobytes / 1024:.0f} and {result.after.kilobytes / 1024:.0f} MB resident (debug build, "
        f"{2 * len(result.cells)} meters).",
        "",
        "The wrapper has no check sequence: over TCP and UDP the rows of corrupted octets and of noise run in associations whose messages are",
        "authenticated and encrypted. Without them a changed octet is a changed value.",
        "",
        "Written by `.build-python/bin/python Tests/Peers/fault_matrix.py --update`; `Tests/Peers/test_fault_matrix.py` runs a few rounds of the same and",
        "says which problem is right for which fault.",
        "",
    ]
    return "\n".join(lines)


def told(outcomes: Counter) -> str:
    values = [f"{outcomes['value']} v"] if outcomes["value"] else []
    return ", ".join(values + [f"{count} {name}" for name, count in sorted(outcomes.items()) if name != "value"])


def faults(result: Run) -> list[str]:
    """Everything in a run that must not be."""
    found = [f"{cell.fault.name} on {cell.transport.name}: {text}" for cell in result.cells for text in cell.faults]
    if result.after.descriptors > result.before.descriptors:
        found.append(f"descriptors: {result.before.descriptors} before, {result.after.descriptors} after")
    if result.after.kilobytes > result.before.kilobytes + 32_768:
        found.append(f"resident memory: {result.before.kilobytes} kB before, {result.after.kilobytes} kB after")
    return found


def main() -> None:
    rounds = ROUNDS if "FAULT_ROUNDS" in os.environ else 50
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        result = run(rounds, pathlib.Path(folder))
    for cell in result.cells:
        print(f"{cell.fault.name:32} {cell.transport.name:20} {told(cell.outcomes)} (longest {cell.longest:.1f} s)")
    print(f"{time.monotonic() - begin:.0f} s; {result.before} {result.after}")
    found = faults(result)
    for text in found[:60]:
        print(text)
    if "--update" in sys.argv and not found:
        PAGE.write_text(page(result, rounds))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
