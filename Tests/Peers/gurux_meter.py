#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A DLMS/COSEM test meter that is built on the PyPI package gurux-dlms.

Why this is a hybrid: gurux-dlms 1.0.203 ships server classes (GXDLMSServer / GXDLMSSecureServer) but they cannot serve
one single GET.  So here the *object model, the A-XDR encoder/decoder
and the attribute encoders* are gurux-dlms, and the session layer (HDLC, wrapper, ACSE, service dispatch, block
transfer, GCM ciphering with the `cryptography` package, access rights) is written here from the standard.

    python gurux_meter.py --port 4200 --interface wrapper --auth low --password 12345678

Listens on 127.0.0.1 only.
"""
import argparse
import asyncio
import os
import signal
import sys
import traceback

from gurux_dlms import GXByteBuffer

from gurux_codecs import AUTHS, SECS, DlmsErr, Drop, Ignore
from gurux_links import HdlcLink, WrapperLink
from gurux_objects import Meter
from gurux_session import Session


async def serve(m, reader, writer):
    s = Session(m)
    link = (WrapperLink if m.a.interface == "wrapper" else HdlcLink)(m, s)
    try:
        while True:
            data = await reader.read(65536)
            if not data:
                break
            if m.a.trace:
                print("RX", m.port, data.hex(), flush=True)
            try:
                r = link.feed(data)
            except Drop:
                break
            except Ignore:
                r = b""
            except Exception as ex:
                print("ERR", m.port, type(ex).__name__, ex, data.hex(), file=sys.stderr, flush=True)
                if m.a.trace:
                    traceback.print_exc()
                break
            if r:
                if m.answer_pause:
                    pause, m.answer_pause = m.answer_pause, 0
                    await asyncio.sleep(pause)
                if m.a.delay_ms:
                    await asyncio.sleep(m.a.delay_ms / 1000)
                if m.a.trace:
                    print("TX", m.port, r.hex(), flush=True)
                writer.write(r)
                await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(a):
    servers = []
    for k in range(a.count):
        m = Meter(a, k)

        async def cb(r, w, m=m):
            sock = w.get_extra_info("socket")
            if sock is not None:
                import socket as _s
                sock.setsockopt(_s.IPPROTO_TCP, _s.TCP_NODELAY, 1)
            await serve(m, r, w)
        servers.append(await asyncio.start_server(cb, a.host, m.port, backlog=256))
    print("ready %s:%d..%d %s %s auth=%s security=%s suite=%d rows=%d pid=%d" % (
        a.host, a.port, a.port + a.count - 1, a.interface, a.referencing, a.auth, a.security, a.suite, a.rows, os.getpid()), flush=True)
    stop = asyncio.Event()
    for sg in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sg, stop.set)
    await stop.wait()


def selftest(a):
    m = Meter(a, 0)
    n = bad = 0
    for o in m.settings.objects:
        for i in range(1, o.getAttributeCount() + 1):
            n += 1
            try:
                v = m.get(o, i)
                bb = GXByteBuffer(v)
                m.decode(bb)
                if bb.position != len(v):
                    print("TRAIL", o.objectType.name, o.logicalName, i, v.hex()[:80], bb.position, len(v))
                    bad += 1
            except DlmsErr as e:
                print("ERROR", o.objectType.name, o.logicalName, i, e.code)
                bad += 1
            except Exception as e:
                print("DECODE", o.objectType.name, o.logicalName, i, type(e).__name__, e, v.hex()[:60])
                bad += 1
    print("%d objects, %d attributes, %d not encodable/decodable by gurux-dlms" % (len(m.settings.objects), n, bad))


def args():
    p = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=4200)
    p.add_argument("--count", type=int, default=1, help="meters on consecutive ports")
    p.add_argument("--interface", choices=["wrapper", "hdlc"], default="wrapper")
    p.add_argument("--referencing", choices=["ln", "sn"], default="ln")
    p.add_argument("--auth", choices=list(AUTHS), default="none")
    p.add_argument("--password", default="12345678")
    p.add_argument("--security", choices=list(SECS), default="none", help="!= none: only ciphered application contexts are accepted")
    p.add_argument("--suite", type=int, choices=[0, 1, 2], default=0, help="symmetric part only (suite 2 = AES-256, 32-byte keys)")
    p.add_argument("--system-title", default="4752580000000001")
    p.add_argument("--block-cipher-key", default="000102030405060708090A0B0C0D0E0F")
    p.add_argument("--auth-key", default="D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
    p.add_argument("--check-ic", action="store_true", help="refuse invocation counters that do not grow (exception-response 1/6)")
    p.add_argument("--answer-security", choices=list(SECS), help="protection of answers, whatever the request had")
    p.add_argument("--first-ic", type=int, default=0, help="the last invocation counter that some other client has used")
    p.add_argument("--ic-log", action="store_true", help="print every invocation counter that comes")
    p.add_argument("--public-client", action="store_true", help="client 16 needs neither authentication nor security")
    p.add_argument("--aarq-refusal", choices=["close", "exception"], default="close", help="answer to an AARQ that does not open")
    p.add_argument("--rows", type=int, default=96)
    p.add_argument("--interval", type=int, default=900)
    p.add_argument("--billing-months", type=int, default=0, help="rows of a billing profile, from January 2025 on")
    p.add_argument("--lost-month", type=int, default=0, help="the row of the billing profile that is not there, from 1")
    p.add_argument("--pdu-size", type=int, default=1024)
    p.add_argument("--hdlc-info", type=int, default=128)
    p.add_argument("--client-address", type=int, default=0, help="0 = any")
    p.add_argument("--server-address", type=int, default=1)
    p.add_argument("--serial", type=int, default=1)
    p.add_argument("--conformance", default="", help="hex, 24 bits")
    p.add_argument("--short-rlre", action="store_true", help="RLRE without user-information")
    p.add_argument("--delay-ms", type=int, default=0)
    p.add_argument("--order-log", action="store_true", help="print every order to the disconnector, and its state after it acted")
    p.add_argument("--order-ways", type=int, default=0, help="a seed: orders are answered late, never, or not carried out")
    p.add_argument("--trace", action="store_true")
    p.add_argument("--any-type", action="store_true", help="writable objects take values of any type")
    p.add_argument("--selftest", action="store_true")
    a = p.parse_args()
    if a.suite == 2:
        for k in ("block_cipher_key", "auth_key"):
            if len(getattr(a, k)) == 32:
                setattr(a, k, getattr(a, k) * 2)
    return a


if __name__ == "__main__":
    A = args()
    if A.selftest:
        selftest(A)
    else:
        asyncio.run(main(A))
