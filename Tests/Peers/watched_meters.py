# SPDX-License-Identifier: Apache-2.0
"""Ports in front of meters that write down who comes when: connections that overlap, reads, invocation counters.

It knows of DLMS/COSEM only the wrapper and the first octets of a request, so that it judges neither side. Each line of its
log is one fact, with the moment by the monotonic clock of the machine:

    open METER SECONDS CONNECTIONS     a connection was accepted; CONNECTIONS are open now, more than one is an overlap
    shut METER SECONDS
    read METER SECONDS                 a get-request passed, in clear or ciphered
    count METER COUNTER                a ciphered request passed with this invocation counter

Usage: watched_meters.py --port FIRST --meters FIRST_OF_THE_METERS --count N
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

GET_REQUEST = 0xC0
GLOBAL_GET_REQUEST = 0xC8
DEDICATED_GET_REQUEST = 0xD0
INITIATE_REQUEST_TAG = 0x21


class Watch:
    """One port in front of one meter."""

    def __init__(self, meter: int, target: int, write) -> None:
        self.meter = meter
        self.target = target
        self.write = write
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.write(f"open {self.meter} {time.monotonic():.3f} {self.connections}")
        tasks = []
        try:
            meter_reader, meter_writer = await asyncio.open_connection("127.0.0.1", self.target)
            tasks = [
                asyncio.ensure_future(self.requests(reader, meter_writer)),
                asyncio.ensure_future(self.answers(meter_reader, writer)),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            meter_writer.close()
        except OSError:
            pass
        finally:
            for task in tasks:
                task.cancel()
            writer.close()
            self.connections -= 1
            self.write(f"shut {self.meter} {time.monotonic():.3f}")

    async def requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                header = await reader.readexactly(8)
                body = await reader.readexactly(int.from_bytes(header[6:8], "big"))
                self.note(body)
                writer.write(header + body)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return

    async def answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(65536):
                writer.write(octets)
                await writer.drain()
        except OSError:
            return

    def note(self, body: bytes) -> None:
        if not body:
            return
        if body[0] in (GET_REQUEST, GLOBAL_GET_REQUEST, DEDICATED_GET_REQUEST):
            self.write(f"read {self.meter} {time.monotonic():.3f}")
        if body[0] == GLOBAL_GET_REQUEST:
            # Tag, length, security control, invocation counter.
            start = 2 if body[1] < 0x80 else 2 + (body[1] & 0x7F)
            self.write(f"count {self.meter} {int.from_bytes(body[start + 1:start + 5], 'big')}")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--meters", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()

    def write(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    servers = []
    # The last port is opened last: when it takes connections, all do.
    for meter in range(options.count):
        watch = Watch(meter, options.meters + meter, write)
        servers.append(await asyncio.start_server(watch.serve, "127.0.0.1", options.port + meter))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
