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
import datetime
import hashlib
import os
import random
import signal
import struct
import sys
import traceback

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gurux_dlms import GXByteBuffer, GXDateTime, GXDate, GXTime, GXDLMSClient  # noqa: F401
from gurux_dlms.GXDLMS import GXDLMS
from gurux_dlms.GXDLMSSettings import GXDLMSSettings
from gurux_dlms.ValueEventArgs import ValueEventArgs
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from gurux_dlms.enums import AccessMode, Authentication, DataType, MethodAccessMode, ObjectType, Unit
from gurux_dlms import objects as O
from gurux_dlms.objects.enums import SortMethod, ControlMode, ControlState, ClockBase

# ------------------------------------------------------------------------------------------------ constants
ER_HW, ER_TEMP, ER_RW, ER_UNDEF, ER_CLASS, ER_UNAVAIL, ER_TYPE, ER_SCOPE = 1, 2, 3, 4, 9, 11, 12, 13
ORDER_WAYS = ["prompt", "prompt", "answers-late", "acts-late", "never-answers", "ignores", "drops", "drops-after"]
ER_NO_LONG_GET, ER_BLOCK_NO, ER_OTHER = 15, 19, 250
AUTHS = {"none": 0, "low": 1, "high": 2, "high-md5": 3, "high-sha1": 4, "high-gmac": 5, "high-sha256": 6}
SECS = {"none": 0, "auth": 0x10, "enc": 0x20, "authenc": 0x30}
# conformance bits, bit 0 = most significant bit of the 24-bit string


def conf(*bits):
    v = 0
    for b in bits:
        v |= 1 << (23 - b)
    return v


# 10 attribute0-supported-with-get? is not offered. 11 block-get 12 block-set 13 block-action 14 multiple-references
# 17 access 19 get 20 set 21 selective-access 22 event-notification 23 action ; 1 general-protection
CONF_LN = conf(11, 12, 13, 14, 19, 20, 21, 22, 23)
# SN: 3 read 4 write 5 unconfirmed-write 11 block-get-or-read 12 block-set-or-write 14 multi-ref 18 parameterized
CONF_SN = conf(3, 4, 11, 12, 14, 18)


class DlmsErr(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


class SvcErr(Exception):
    """answer with this raw APDU"""

    def __init__(self, apdu):
        super().__init__(apdu.hex())
        self.apdu = apdu


class Ignore(Exception):
    """say nothing"""


class Drop(Exception):
    """close the TCP connection"""


# ------------------------------------------------------------------------------------------------ small codecs
def put_len(n):
    if n < 0x80:
        return bytes([n])
    if n < 0x100:
        return bytes([0x81, n])
    if n < 0x10000:
        return b"\x82" + struct.pack(">H", n)
    return b"\x84" + struct.pack(">I", n)


def get_len(b, p):
    n = b[p]
    p += 1
    if n & 0x80:
        k = n & 0x7F
        n = int.from_bytes(b[p:p + k], "big")
        p += k
    return n, p


def fcs16(data):
    f = 0xFFFF
    for c in data:
        f = (f >> 8) ^ FCSTAB[(f ^ c) & 0xFF]
    return (f ^ 0xFFFF) & 0xFFFF


FCSTAB = []
for _i in range(256):
    _v = _i
    for _ in range(8):
        _v = (_v >> 1) ^ 0x8408 if _v & 1 else _v >> 1
    FCSTAB.append(_v)


def gcm_seal(key, ak, title, ic, sc, plain):
    """-> sc || ic || payload || tag (suites differ in the low nibble of sc and the key length only)"""
    iv = title + struct.pack(">I", ic)
    hdr = bytes([sc]) + struct.pack(">I", ic)
    e = Cipher(algorithms.AES(key), modes.GCM(iv, None, 12)).encryptor()
    if sc & 0x30 == 0x10:
        e.authenticate_additional_data(bytes([sc]) + ak + plain)
        e.finalize()
        return hdr + plain + e.tag[:12]
    if sc & 0x30 == 0x20:
        return hdr + e.update(plain) + e.finalize()
    e.authenticate_additional_data(bytes([sc]) + ak)
    c = e.update(plain) + e.finalize()
    return hdr + c + e.tag[:12]


def gcm_open(key, ak, title, blob):
    sc = blob[0]
    ic = struct.unpack(">I", blob[1:5])[0]
    iv = title + blob[1:5]
    body = blob[5:]
    if sc & 0x30 == 0x10:
        plain, tag = body[:-12], body[-12:]
        d = Cipher(algorithms.AES(key), modes.GCM(iv, tag, 12)).decryptor()
        d.authenticate_additional_data(bytes([sc]) + ak + plain)
        d.finalize()
        return sc, ic, plain
    if sc & 0x30 == 0x20:
        d = Cipher(algorithms.AES(key), modes.GCM(iv, None, 12)).encryptor()  # CTR part only
        return sc, ic, d.update(body)
    if sc & 0x30 == 0:
        return sc, ic, body
    c, tag = body[:-12], body[-12:]
    d = Cipher(algorithms.AES(key), modes.GCM(iv, tag, 12)).decryptor()
    d.authenticate_additional_data(bytes([sc]) + ak)
    return sc, ic, d.update(c) + d.finalize()


def dt12(t, status=0):
    """COSEM date-time octets, deviation 0 (UTC)"""
    return struct.pack(">HBBBBBBBhB", t.year, t.month, t.day, t.isoweekday(), t.hour, t.minute, t.second, 0, 0, status)


def parse_dt12(v):
    """bytes / GXDateTime -> naive UTC datetime; wildcards are taken as 'lowest'"""
    if isinstance(v, GXDateTime):
        x = v.value
        if x.tzinfo is not None:
            x = x.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return x
    v = bytes(v)
    y, mo, d, _w, h, mi, s, _hs, dev, _st = struct.unpack(">HBBBBBBBhB", v[:12])
    y = 1970 if y == 0xFFFF else y
    mo, d = (1 if mo > 12 else mo), (1 if d > 31 else d)
    h, mi, s = (0 if h == 255 else h), (0 if mi == 255 else mi), (0 if s == 255 else s)
    t = datetime.datetime(y, mo, d, h, mi, s)
    if dev != -32768:
        t += datetime.timedelta(minutes=dev)  # deviation = UTC - local
    return t


# ------------------------------------------------------------------------------------------------ the meter
class Ev(ValueEventArgs):
    """ValueEventArgs with what the object encoders of gurux-dlms 1.0.203 really touch"""

    def __init__(self, settings, meter, obj, index, selector=0, params=None):
        super().__init__(settings, obj, index, selector, params)
        self.server = meter
        self.isSkipMaxPduSize = True
        self.value = None

    def getRowEndIndex(self):
        return 0


class Profile:
    """encoded rows of a profile generic"""

    def __init__(self, cols, times, rows):
        self.cols = cols  # [(class, ln bytes, attr, dataindex)]
        self.times = times
        self.rows = rows  # list of list of encoded column values
        self.cache = None

    def encode(self, rows, cols):
        n = len(cols)
        head = b"\x02" + put_len(n)
        full = cols == list(range(len(self.cols)))
        out = [b"\x01", put_len(len(rows))]
        for r in rows:
            out.append(head)
            out.append(b"".join(r) if full else b"".join(r[c] for c in cols))
        return b"".join(out)

    def buffer(self, selector, params):
        allc = list(range(len(self.cols)))
        if not selector:
            if self.cache is None:
                self.cache = self.encode(self.rows, allc)
            return self.cache
        if selector == 1:
            frm, to, sel = parse_dt12(params[1]), parse_dt12(params[2]), params[3]
            rows = [r for t, r in zip(self.times, self.rows) if frm <= t <= to]
            if sel:
                allc = []
                for it in sel:
                    key = (int(it[0]), bytes(it[1]), int(it[2]), int(it[3]))
                    if key not in self.cols:
                        raise DlmsErr(ER_OTHER)
                    allc.append(self.cols.index(key))
            return self.encode(rows, allc)
        if selector == 2:
            f, t, cf, ct = (int(x) for x in params[:4])
            f = max(f, 1)
            t = len(self.rows) if t == 0 else t
            cf = max(cf, 1)
            ct = len(self.cols) if ct == 0 else ct
            return self.encode(self.rows[f - 1:t], allc[cf - 1:ct])
        raise DlmsErr(ER_OTHER)


_profile_cache = {}


def build_load_profile(n, interval, reg_scaler_exp):
    key = (n, interval)
    if key not in _profile_cache:
        t0 = datetime.datetime(2026, 1, 1)
        times, rows = [], []
        for i in range(n):
            t = t0 + datetime.timedelta(seconds=interval * i)
            times.append(t)
            st = 0x80 if i % 97 == 96 else 0x02 if i % 31 == 30 else 0
            rows.append([b"\x09\x0c" + dt12(t), b"\x11" + bytes([st]), b"\x06" + struct.pack(">I", 1000000 + 7 * i)])
        cols = [(8, bytes([0, 0, 1, 0, 0, 255]), 2, 0), (1, bytes([0, 0, 96, 10, 1, 255]), 2, 0),
                (3, bytes([1, 0, 1, 8, 0, 255]), 2, 0)]
        _profile_cache[key] = Profile(cols, times, rows)
    return _profile_cache[key]


def build_event_log():
    t0 = datetime.datetime(2026, 2, 1, 12)
    times, rows = [], []
    for i in range(20):
        t = t0 + datetime.timedelta(hours=7 * i)
        times.append(t)
        rows.append([b"\x09\x0c" + dt12(t), b"\x12" + struct.pack(">H", [1, 2, 3, 4, 40, 41, 255][i % 7])])
    cols = [(8, bytes([0, 0, 1, 0, 0, 255]), 2, 0), (1, bytes([0, 0, 96, 11, 0, 255]), 2, 0)]
    return Profile(cols, times, rows)


# one Data object per DLMS data type: 0.0.96.51.<k>.255
ZOO = [
    ("null-data", "00"), ("boolean true", "0301"), ("boolean 0xff", "03ff"), ("bit-string 12", "040cabc0"),
    ("double-long -2", "05fffffffe"), ("double-long-unsigned max", "06ffffffff"), ("octet-string", "090400ff807f"),
    ("visible-string", "0a0548656c6c6f"), ("utf8-string", "0c06e282ace282ac"), ("bcd 42", "0d42"), ("integer -1", "0fff"),
    ("long -300", "10fed4"), ("unsigned 200", "11c8"), ("long-unsigned 60000", "12ea60"),
    ("long64 min", "148000000000000000"), ("long64-unsigned max", "15ffffffffffffffff"), ("enum 7", "1607"),
    ("float32 -1.5", "17bfc00000"), ("float64 pi", "18400921fb54442d18"), ("float32 NaN", "177fc00000"),
    ("float64 +inf", "187ff0000000000000"), ("date-time 2026-02-28 23:59:59.50 dev -60", "1907ea021c06173b3b32ffc400"),
    ("date-time wildcards", "19ffffffffffffffffff8000ff"), ("date", "1a07ea021c06"), ("time", "1b173b3b32"),
    ("array of long", "0103100001100002100003"), ("structure mixed", "020309020102110516ff"),
    ("nested arrays", "01020102110111020101020001" + "10"), ("empty array", "0100"), ("empty octet-string", "0900"),
    ("compact-array of structure{u8,u16}", "13020211120601000202 0003".replace(" ", "")),
    ("octet-string 300", "0982012c" + "5a" * 300), ("dont-care", "ff"),
]
ZOO[27] = ("nested arrays", "0102" + "010211011102" + "010100")


class Meter:
    def __init__(self, a, number):
        self.a = a
        self.number = number
        self.port = a.port + number
        self.log_once = set()
        self.ways = random.Random(a.order_ways * 1000 + number)
        self.answer_pause = 0
        self.settings = GXDLMSSettings(True, None)
        self.settings.setUseLogicalNameReferencing(a.referencing == "ln")
        self.settings.maxPduSize = 0xFFFF
        self.invocation_counter = a.first_ic  # last IC accepted from the client
        self.server_ic = 0
        self.title = bytes.fromhex(a.system_title)
        if a.count > 1:
            self.title = self.title[:6] + struct.pack(">H", number)
        self.ek = bytes.fromhex(a.block_cipher_key)
        self.ak = bytes.fromhex(a.auth_key)
        self.secret = a.password.encode()
        self.raw = {}  # (object, attr) -> encoded bytes
        self.write = set()  # (object, attr)
        self.types = {}
        self.deny = set()
        self.image = bytearray()
        self.build()

    # -- hooks that gurux-dlms' Association objects call while they encode the access rights
    def onGetAttributeAccess(self, e):
        return self.access(e.target, e.index)

    def onGetMethodAccess(self, e):
        return MethodAccessMode.ACCESS

    def access(self, obj, index):
        if (obj, index) in self.deny:
            return AccessMode.NO_ACCESS
        return AccessMode.READ_WRITE if (obj, index) in self.write else AccessMode.READ

    def add(self, o, **kw):
        for k, v in kw.items():
            setattr(o, k, v)
        self.settings.objects.append(o)
        return o

    def data(self, ln, enc, write=False):
        o = self.add(O.GXDLMSData(ln))
        self.raw[(o, 2)] = enc
        if write:
            self.write.add((o, 2))
        return o

    def reg(self, ln, enc, exp, unit, cls=O.GXDLMSRegister):
        o = self.add(cls(ln))
        self.raw[(o, 2)] = enc
        self.raw[(o, 3)] = b"\x02\x02\x0f" + struct.pack("b", exp) + b"\x16" + bytes([int(unit)])
        return o

    def build(self):
        a, n = self.a, self.number
        sn = a.serial + n
        ldn = b"GRX%013d" % sn
        self.ldn = self.data("0.0.42.0.0.255", b"\x09\x10" + ldn)
        self.clock = self.add(O.GXDLMSClock("0.0.1.0.0.255"), timeZone=0, enabled=False, deviation=60, clockBase=ClockBase.CRYSTAL)
        self.clock_offset = datetime.timedelta(0)
        self.write.add((self.clock, 2))
        self.raw[(self.clock, 3)] = b"\x10\x00\x00"
        self.raw[(self.clock, 4)] = b"\x11\x00"
        self.raw[(self.clock, 5)] = b"\x09\x0c" + bytes.fromhex("ffff03fe07020000ff800000")
        self.raw[(self.clock, 6)] = b"\x09\x0c" + bytes.fromhex("ffff0afe07030000ff800000")
        self.data("0.0.96.1.0.255", b"\x09\x08%08d" % (sn % 10 ** 8))
        self.data("0.0.96.1.1.255", b"\x0a\x0bTest meter ")
        self.data("0.0.96.50.0.255", b"\x05" + struct.pack(">i", -42), True)
        self.data("0.0.96.50.1.255", b"\x09\x05hello", True)
        d = self.data("0.0.96.50.2.255", b"\x11\x01")  # every access denied
        self.deny.add((d, 2))
        self.data("0.0.96.10.1.255", b"\x11\x00")
        self.data("0.0.96.11.0.255", b"\x12\x00\x00")
        self.ic_obj = self.data("0.0.43.1.0.255", b"\x06\0\0\0\0")
        for k, (_n, h) in enumerate(ZOO):
            self.data("0.0.96.51.%d.255" % k, bytes.fromhex(h))
        lp = build_load_profile(a.rows, a.interval, 0)
        last = 1000000 + 7 * max(a.rows - 1, 0)
        r1 = self.reg("1.0.1.8.0.255", b"\x06" + struct.pack(">I", last), 0, Unit.ACTIVE_ENERGY)
        self.reg("1.0.2.8.0.255", b"\x06" + struct.pack(">I", 4711), 1, Unit.ACTIVE_ENERGY)
        self.reg("1.0.32.7.0.255", b"\x12" + struct.pack(">H", 2301), -1, Unit.VOLTAGE)
        e = self.reg("1.0.1.6.0.255", b"\x06" + struct.pack(">I", 123456), -3, Unit.ACTIVE_POWER, O.GXDLMSExtendedRegister)
        self.raw[(e, 4)] = b"\x11\x05"
        self.raw[(e, 5)] = b"\x09\x0c" + dt12(datetime.datetime(2026, 3, 1, 17, 45))
        dr = self.add(O.GXDLMSDemandRegister("1.0.1.4.0.255"))
        self.raw[(dr, 2)] = b"\x06" + struct.pack(">I", 350)
        self.raw[(dr, 3)] = b"\x06" + struct.pack(">I", 410)
        self.raw[(dr, 4)] = b"\x02\x02\x0f\x00\x16" + bytes([int(Unit.ACTIVE_POWER)])
        self.raw[(dr, 5)] = b"\x11\x00"
        self.raw[(dr, 6)] = b"\x09\x0c" + dt12(datetime.datetime(2026, 3, 1, 17, 45))
        self.raw[(dr, 7)] = b"\x09\x0c" + dt12(datetime.datetime(2026, 3, 1, 17, 30))
        self.raw[(dr, 8)] = b"\x06" + struct.pack(">I", 900)
        self.raw[(dr, 9)] = b"\x12\x00\x01"
        # profile generics: columns and sort object by the library, buffer by Profile
        st = self.settings.objects.findByLN(ObjectType.DATA, "0.0.96.10.1.255")
        ev = self.settings.objects.findByLN(ObjectType.DATA, "0.0.96.11.0.255")
        p = self.add(O.GXDLMSProfileGeneric("1.0.99.1.0.255"), capturePeriod=a.interval, sortMethod=SortMethod.FIFO,
                     profileEntries=max(a.rows, 1), entriesInUse=a.rows)
        for o in (self.clock, st, r1):
            p.addCaptureObject(o, 2, 0)
        el = self.add(O.GXDLMSProfileGeneric("0.0.99.98.0.255"), capturePeriod=0, sortMethod=SortMethod.FIFO,
                      profileEntries=100, entriesInUse=20)
        el.addCaptureObject(self.clock, 2, 0)
        el.addCaptureObject(ev, 2, 0)
        self.profiles = {p: lp, el: build_event_log()}
        self.disc = self.add(O.GXDLMSDisconnectControl("0.0.96.3.10.255"), outputState=True,
                             controlState=ControlState.CONNECTED, controlMode=ControlMode.MODE_2)
        sap = self.add(O.GXDLMSSapAssignment("0.0.41.0.0.255"))
        self.raw[(sap, 2)] = b"\x01\x01\x02\x02\x12" + struct.pack(">H", a.server_address) + b"\x09\x10" + ldn
        sec = self.add(O.GXDLMSSecuritySetup("0.0.43.0.0.255"))
        self.raw[(sec, 2)] = b"\x16" + bytes([SECS[a.security] >> 4])
        self.raw[(sec, 3)] = b"\x16" + bytes([a.suite])
        self.raw[(sec, 4)] = b"\x09\x00"
        self.raw[(sec, 5)] = b"\x09\x08" + self.title
        self.raw[(sec, 6)] = b"\x01\x00"
        sc = self.add(O.GXDLMSScriptTable("0.0.10.0.106.255"))
        one = "0202 12%04x 0101 0205 1602 120046 0906000060030aff 0f%02x 00"
        self.raw[(sc, 2)] = bytes.fromhex("0102" + (one % (1, 1) + one % (2, 2)).replace(" ", ""))
        # A table whose scripts leave the disconnector alone: they reset the demand.
        tariffs = self.add(O.GXDLMSScriptTable("0.0.10.0.100.255"))
        one = "0202 12%04x 0101 0205 1602 120005 09060100010400ff 0f%02x 00"
        self.raw[(tariffs, 2)] = bytes.fromhex("0102" + (one % (1, 1) + one % (2, 2)).replace(" ", ""))
        tu = self.add(O.GXDLMSTcpUdpSetup("0.0.25.0.0.255"))
        self.raw[(tu, 2)] = b"\x12" + struct.pack(">H", self.port & 0xFFFF)
        self.raw[(tu, 3)] = bytes.fromhex("09060000190100ff")
        self.raw[(tu, 4)] = b"\x12" + struct.pack(">H", 1500)
        self.raw[(tu, 5)] = b"\x11\x05"
        self.raw[(tu, 6)] = b"\x12\x00\xb4"
        h = self.add(O.GXDLMSHdlcSetup("0.0.22.0.0.255"))
        for i, v in enumerate(["1605", "1101", "1101", "12%04x" % a.hdlc_info, "12%04x" % a.hdlc_info, "12001e", "120078", "12%04x" % (a.server_address & 0x7F)], 2):
            self.raw[(h, i)] = bytes.fromhex(v)
        ac = self.add(O.GXDLMSActivityCalendar("0.0.13.0.0.255"))
        season = "0101 0203 090177 090cffff0101ff000000ff800000 090177".replace(" ", "")
        week = "0101 0208 090177 1101 1101 1101 1101 1101 1102 1102".replace(" ", "")
        day = ("0102 0202 1101 0102 0203 090406000000 09060000 0a0064ff 120001 0203 090416000000 09060000 0a0064ff 120002"
               " 0202 1102 0101 0203 090400000000 09060000 0a0064ff 120002").replace(" ", "")
        for base, nm in ((2, "0906414354495645"), (6, "0907504153534956 45".replace(" ", ""))):
            for i, v in enumerate((nm, season, week, day)):
                self.raw[(ac, base + i)] = bytes.fromhex(v)
        self.raw[(ac, 10)] = b"\x09\x0c" + bytes.fromhex("ffffffffffffffffff8000ff")
        sd = self.add(O.GXDLMSSpecialDaysTable("0.0.11.0.0.255"))
        self.raw[(sd, 2)] = bytes.fromhex("0102" "0203 120001 0905ffff0c19ff 1102 0203 120002 090507ea0101ff 1102".replace(" ", ""))
        im = self.add(O.GXDLMSImageTransfer("0.0.44.0.0.255"))
        self.im = im
        for i, v in enumerate(["06000000c8", "0400", "0600000000", "0301", "1600", "0100"], 2):
            self.raw[(im, i)] = bytes.fromhex(v)
        ps = self.add(O.GXDLMSPushSetup("0.0.25.9.0.255"), version=0)
        self.raw[(ps, 2)] = bytes.fromhex("0101 0204 120003 09060100010800ff 0f02 120000".replace(" ", ""))
        self.raw[(ps, 3)] = bytes.fromhex("0203 1600 090e3132372e302e302e313a34303539 1600".replace(" ", ""))
        self.raw[(ps, 4)] = b"\x01\x00"
        self.raw[(ps, 5)] = b"\x12\x00\x0a"
        self.raw[(ps, 6)] = b"\x11\x03"
        self.raw[(ps, 7)] = b"\x12\x00\x05"
        self.raw[(ps, 12)] = b"\x02\x02\x09\x0c" + dt12(datetime.datetime(2026, 1, 1)) + b"\x06\0\0\0\0"
        self.raw[(ps, 13)] = b"\x19" + dt12(datetime.datetime(2026, 1, 1))
        acs = self.add(O.GXDLMSActionSchedule("0.0.15.0.0.255"))
        self.raw[(acs, 2)] = bytes.fromhex("0202 090600000a006aff 120001".replace(" ", ""))
        self.raw[(acs, 3)] = b"\x16\x01"
        self.raw[(acs, 4)] = bytes.fromhex("0101 0202 090400000000 0905ffffff01ff".replace(" ", ""))
        # associations
        if a.referencing == "ln":
            self.assoc = self.add(O.GXDLMSAssociationLogicalName("0.0.40.0.0.255"))
            self.assoc.objectList = self.settings.objects
        else:
            self.assoc = self.add(O.GXDLMSAssociationShortName("0.0.40.0.0.255"))
            self.assoc.shortName = 0xFA00
            self.assoc.objectList = self.settings.objects
            base = 0xA0
            off, cnt = [0], [0]
            for o in self.settings.objects:
                if o is self.assoc:
                    continue
                o.shortName = base
                off[0] = cnt[0] = 0
                GXDLMS.getActionInfo(o.objectType, off, cnt)
                base += max(8 * o.getAttributeCount(), off[0] + 8 * cnt[0] if cnt[0] else 0)
            # gurux-dlms 1.0.203 cannot encode any attribute of its own GXDLMSAssociationShortName
            self.raw[(self.assoc, 1)] = bytes.fromhex("09060000280000ff")
            self.raw[(self.assoc, 2)] = b"\x01" + put_len(len(self.settings.objects)) + b"".join(
                b"\x02\x04\x10" + struct.pack(">H", o.shortName) + b"\x12" + struct.pack(">H", int(o.objectType)) + b"\x11" + bytes([o.version])
                + b"\x09\x06" + bytes(_GXCommon.logicalNameToBytes(o.logicalName)) for o in self.settings.objects)
            self.raw[(self.assoc, 3)] = b"\x01\x00"
            self.raw[(self.assoc, 4)] = bytes.fromhex("090600002b0000ff")
        self.mechanism = AUTHS[a.auth]
        self.conformance = int(a.conformance, 16) if a.conformance else (CONF_LN if a.referencing == "ln" else CONF_SN)
        if a.referencing == "ln":
            ctx = 3 if a.security != "none" else 1
            self.raw[(self.assoc, 3)] = b"\x02\x02\x0f" + bytes([a.client_address & 0xFF]) + b"\x12" + struct.pack(">H", a.server_address)
            self.raw[(self.assoc, 4)] = b"\x09\x07" + bytes.fromhex("60857405080100")[:6] + bytes([ctx])
            self.raw[(self.assoc, 5)] = (b"\x02\x06\x04\x18" + self.conformance.to_bytes(3, "big") + b"\x12" + struct.pack(">H", a.pdu_size)
                                         + b"\x12" + struct.pack(">H", a.pdu_size) + b"\x11\x06\x0f\x00\x09\x00")
            self.raw[(self.assoc, 6)] = b"\x09\x07" + bytes.fromhex("608574050802") + bytes([self.mechanism])
            self.raw[(self.assoc, 8)] = b"\x16\x02"
            self.raw[(self.assoc, 9)] = bytes.fromhex("090600002b0000ff")
            self.raw[(self.assoc, 10)] = b"\x01\x00"
            self.raw[(self.assoc, 11)] = b"\x02\x02\x11\x00\x0a\x00"
            self.deny.add((self.assoc, 7))
        self.index_ln = {(int(o.objectType), bytes(_GXCommon.logicalNameToBytes(o.logicalName))): o for o in self.settings.objects}
        self.lns = {l for _c, l in self.index_ln}

    # ---------------------------------------------------------------------------------------- attributes
    def find(self, cls, ln):
        o = self.index_ln.get((cls, ln))
        if o is None:
            raise DlmsErr(ER_CLASS if ln in self.lns else ER_UNDEF)
        return o

    def find_sn(self, sn):
        off, cnt = [0], [0]
        for o in self.settings.objects:
            b = o.shortName
            if sn < b or (sn - b) % 8:
                continue
            if sn < b + 8 * o.getAttributeCount():
                return o, (sn - b) // 8 + 1, False
            off[0] = cnt[0] = 0
            GXDLMS.getActionInfo(o.objectType, off, cnt)
            if cnt[0] and b + off[0] <= sn < b + off[0] + 8 * cnt[0]:
                return o, (sn - b - off[0]) // 8 + 1, True
        raise DlmsErr(ER_UNDEF)

    def now(self):
        return datetime.datetime.utcnow() + self.clock_offset

    def get(self, obj, index, selector=0, params=None):
        if index < 1 or index > obj.getAttributeCount():
            raise DlmsErr(ER_UNDEF)
        if (obj, index) in self.deny:
            raise DlmsErr(ER_RW)
        if obj is self.clock and index == 2:
            return b"\x09\x0c" + dt12(self.now())
        if obj is self.ic_obj and index == 2:
            return b"\x06" + struct.pack(">I", self.invocation_counter)
        if index == 2 and obj in self.profiles:
            return self.profiles[obj].buffer(selector, params)
        r = self.raw.get((obj, index))
        if r is not None:
            return r
        self.settings.index = self.settings.count = 0
        e = Ev(self.settings, self, obj, index, selector, params)
        try:
            v = obj.getValue(self.settings, e)
            if e.error:
                raise DlmsErr(int(e.error))
            if isinstance(v, GXByteBuffer) and obj.getDataType(index) in (DataType.ARRAY, DataType.STRUCTURE):
                out = bytes(v.array())
            elif isinstance(v, (bytes, bytearray)) and obj.getDataType(index) in (DataType.ARRAY, DataType.STRUCTURE):
                out = bytes(v)
            else:
                bb = GXByteBuffer()
                GXDLMS.appendData(self.settings, obj, index, bb, v)
                out = bytes(bb.array())
        except DlmsErr:
            raise
        except Exception as ex:  # the library cannot encode this attribute
            k = (obj.objectType.name, index)
            if k not in self.log_once:
                self.log_once.add(k)
                tb = traceback.extract_tb(sys.exc_info()[2])[-1]
                print("LIB %s attr %d: %s: %s @%s:%d" % (k[0], index, type(ex).__name__, ex, os.path.basename(tb.filename), tb.lineno), file=sys.stderr, flush=True)
            raise DlmsErr(ER_HW)
        finally:
            self.settings.index = self.settings.count = 0
        if obj is self.assoc and index == 2 or index == 1:
            self.raw[(obj, index)] = out
        return out

    def set(self, obj, index, enc):
        if index < 1 or index > obj.getAttributeCount():
            raise DlmsErr(ER_UNDEF)
        if (obj, index) not in self.write:
            raise DlmsErr(ER_RW)
        if obj is self.clock:
            b = bytes(enc)
            if b[0] == 9 and b[1] == 12:
                b = b[2:14]
            elif b[0] == 0x19:
                b = b[1:13]
            else:
                raise DlmsErr(ER_TYPE)
            self.clock_offset = parse_dt12(b) - datetime.datetime.utcnow()
            return
        if enc[0] != self.raw[(obj, index)][0] and not self.a.any_type:
            raise DlmsErr(ER_TYPE)
        self.decode(GXByteBuffer(bytes(enc)))  # gurux-dlms judges whether the octets are a value at all
        self.raw[(obj, index)] = bytes(enc)

    def decode(self, bb):
        return _GXCommon.getData(self.settings, bb, _GXDataInfo())

    def switch(self, index):
        """Carry out an order to the disconnector in one of the ways in which meters do; tell of it on standard output."""
        way = self.ways.choice(ORDER_WAYS) if self.a.order_ways else "prompt"
        if self.a.order_log:
            print("ORDER", self.port, index, way, flush=True)

        def act():
            self.disc.outputState = index == 2
            self.disc.controlState = ControlState.CONNECTED if index == 2 else ControlState.DISCONNECTED
            if self.a.order_log:
                print("STATE", self.port, int(self.disc.controlState), flush=True)

        pause = self.ways.uniform(0.2, 1.2)
        if way == "acts-late":
            asyncio.get_running_loop().call_later(pause, act)
            raise Ignore
        if way not in ("ignores", "drops"):
            act()
        if way in ("ignores", "never-answers"):
            raise Ignore
        if way in ("drops", "drops-after"):
            raise Drop
        if way == "answers-late":
            self.answer_pause = pause
        return None

    def action(self, sess, obj, index, params):
        """-> encoded return data or None"""
        t = obj.objectType
        if obj is self.assoc and ((t == ObjectType.ASSOCIATION_LOGICAL_NAME and index == 1) or
                                  (t == ObjectType.ASSOCIATION_SHORT_NAME and index == 8)):
            return sess.hls_pass3(params)
        if t in (ObjectType.REGISTER, ObjectType.EXTENDED_REGISTER) and index == 1:
            self.raw[(obj, 2)] = self.raw[(obj, 2)][:1] + bytes(len(self.raw[(obj, 2)]) - 1)
            return None
        if t == ObjectType.DEMAND_REGISTER and index in (1, 2):
            return None
        if obj is self.disc and index in (1, 2):
            return self.switch(index)
        if t == ObjectType.SCRIPT_TABLE and index == 1:
            n = int(params)
            if n not in (1, 2):
                raise DlmsErr(ER_SCOPE)
            return self.action(sess, self.disc, n, 0) if obj.logicalName == "0.0.10.0.106.255" else None
        if t == ObjectType.PROFILE_GENERIC and index in (1, 2):
            if index == 1 and obj in self.profiles:
                old = self.profiles[obj]
                self.profiles[obj] = Profile(old.cols, [], [])
                obj.entriesInUse = 0
            return None
        if t == ObjectType.CLOCK and 1 <= index <= 6:
            return None
        if obj is self.im and 1 <= index <= 4:
            if index == 1:
                self.image = bytearray(int(params[1]))
                n = (len(self.image) + 199) // 200
                self.im_ident, self.im_bits, self.im_n = bytes(params[0]), [0] * n, n
                self.raw[(obj, 6)] = b"\x16\x01"
            elif index == 2:
                k, blk = int(params[0]), bytes(params[1])
                if not self.image or k >= self.im_n:
                    raise DlmsErr(ER_SCOPE)
                self.image[k * 200:k * 200 + len(blk)] = blk
                self.im_bits[k] = 1
            elif index == 3:
                if not self.image or not all(self.im_bits):
                    raise DlmsErr(ER_TEMP)
                self.raw[(obj, 6)] = b"\x16\x03"
            else:
                self.raw[(obj, 6)] = b"\x16\x06"
            if self.image:
                bits = self.im_bits
                by = bytearray((len(bits) + 7) // 8)
                for i, v in enumerate(bits):
                    if v:
                        by[i // 8] |= 0x80 >> (i % 8)
                self.raw[(obj, 3)] = b"\x04" + put_len(len(bits)) + bytes(by)
                first = next((i for i, v in enumerate(bits) if not v), len(bits))
                self.raw[(obj, 4)] = b"\x06" + struct.pack(">I", first)
            return None
        if t == ObjectType.PUSH_SETUP and index == 1:
            return None
        raise DlmsErr(ER_RW if index > obj.getMethodCount() else ER_OTHER)


# ------------------------------------------------------------------------------------------------ one association
GLO = {0x05: 0x25, 0x06: 0x26, 0x0C: 0x2C, 0x0D: 0x2D, 0xC0: 0xC8, 0xC1: 0xC9, 0xC3: 0xCB, 0xC4: 0xCC, 0xC5: 0xCD, 0xC7: 0xCF}
DED = {0xC0: 0xD0, 0xC1: 0xD1, 0xC3: 0xD3, 0xC4: 0xD4, 0xC5: 0xD5, 0xC7: 0xD7, 0x05: 0x45, 0x06: 0x46, 0x0C: 0x4C, 0x0D: 0x4D}
REQ_GLO = {0xC8, 0xC9, 0xCB, 0x25, 0x26}
REQ_DED = {0xD0, 0xD1, 0xD3, 0x45, 0x46}


class Session:
    def __init__(self, m):
        self.m = m
        self.a = m.a
        self.client = 0
        self.reset()

    def reset(self):
        self.associated = False
        self.pending = False  # HLS pass 3 outstanding
        self.client_title = b""
        self.ded = None
        self.max_pdu = self.a.pdu_size
        self.conf = 0
        self.ctos = self.stoc = b""
        self.ctx = 1
        self.long = None  # (encoded data, position, next block)
        self.long_set = None
        self.long_act = None
        self.long_act_out = None
        self.ciph = None  # how the last request was protected
        self.sn_long = None

    # ---- ciphering
    def open(self, apdu):
        t = apdu[0]
        if t in (0xDB, 0xDC):
            n, p = get_len(apdu, 1)
            title = apdu[p:p + n] or self.client_title
            n, p = get_len(apdu, p + n)
            key = self.m.ek if t == 0xDB else self.ded
        else:
            title = self.client_title
            n, p = get_len(apdu, 1)
            key = self.m.ek if t in REQ_GLO or t == 0x21 else self.ded
        if key is None:
            raise SvcErr(b"\xd8\x01\x05")  # exception-response: deciphering-error style
        blob = apdu[p:p + n]
        if len(blob) < 5 or len(title) != 8:
            raise SvcErr(bytes([0xD8, 1, 5]))
        if (blob[0] & 0x0F) != self.a.suite:
            raise SvcErr(bytes([0xD8, 1, 5]))
        try:
            sc, ic, plain = gcm_open(key, self.m.ak, title, blob)
        except Exception:
            raise SvcErr(bytes([0xD8, 1, 5]))  # deciphering-error
        if key is self.m.ek:
            refused = self.a.check_ic and ic <= self.m.invocation_counter and ic != 0
            if self.a.ic_log:
                print("IC", title.hex(), ic, "refused" if refused else "accepted", flush=True)
            if refused:
                raise SvcErr(bytes([0xD8, 1, 6]) + struct.pack(">I", self.m.invocation_counter + 1))
            self.m.invocation_counter = max(ic, self.m.invocation_counter)
        self.ciph = (t, SECS[self.a.answer_security] | self.a.suite if self.a.answer_security else sc)
        return plain

    def seal(self, apdu):
        if self.ciph is None:
            return apdu
        t, sc = self.ciph
        ded = t in REQ_DED or t == 0xDC
        key = self.ded if ded else self.m.ek
        self.m.server_ic += 1
        blob = gcm_seal(key, self.m.ak, self.m.title, self.m.server_ic, sc, apdu)
        if t in (0xDB, 0xDC):
            return bytes([t]) + put_len(8) + self.m.title + put_len(len(blob)) + blob
        return bytes([(DED if ded else GLO)[apdu[0]]]) + put_len(len(blob)) + blob

    # ---- ACSE
    def aarq(self, b):
        self.reset()
        n, p = get_len(b, 1)
        end = min(len(b), p + n)
        mech, cval, ui, ctx = 0, None, None, None
        while p < end:
            t = b[p]
            n, p = get_len(b, p + 1)
            v = b[p:p + n]
            p += n
            if t == 0xA1:
                ctx = v[-1] if v[2:8] == bytes.fromhex("608574050801") else 99
            elif t == 0xA6:
                self.client_title = v[2:]
            elif t == 0x8B:
                mech = v[-1]
            elif t == 0xAC:
                cval = v[2:]
            elif t == 0xBE:
                ui = v[2:] if v[1] < 0x80 else v[3:]
        public = self.a.public_client and self.client == 16
        want = (1 if public or self.a.security == "none" else 3) + (0 if self.a.referencing == "ln" else 1)
        if ctx not in (want, want + 2):
            return self.aare(1, 2, None)  # application-context-name-not-supported
        self.ctx = ctx
        if mech != (0 if public else self.m.mechanism):
            return self.aare(1, 11 if mech not in AUTHS.values() else 14 if mech == 0 else 13, None)
        if ui is None:
            return self.aare(1, 1, None)
        if ui[0] in (0x21, 0xDB, 0x61):
            ui = self.open(ui)
            self.ui_ciph = True
        else:
            self.ui_ciph = False
            if ctx in (3, 4):
                return self.aare(1, 13, None)
        # xDLMS initiate request
        if ui[0] != 1:
            return self.aare(1, 1, None)
        q = 1
        if ui[q]:
            n = ui[q + 1]
            self.ded = ui[q + 2:q + 2 + n]
            q += 2 + n
        else:
            q += 1
        q += 1 if not ui[q] else 2  # response-allowed
        q += 1 if not ui[q] else 2  # qos
        if ui[q] != 6:
            return self.aare(1, 1, b"\x0e\x01\x06\x01")
        q += 1
        q += 2 if ui[q + 1] == 0x1F else 1
        cf = int.from_bytes(ui[q + 2:q + 5], "big")
        pdu = struct.unpack(">H", ui[q + 5:q + 7])[0]
        self.conf = cf & self.m.conformance
        if self.conf == 0:
            return self.aare(1, 1, b"\x0e\x01\x06\x02")
        if 0 < pdu < 64:
            return self.aare(1, 1, b"\x0e\x01\x06\x03")
        self.max_pdu = min(pdu or 0xFFFF, self.a.pdu_size)
        if mech == 1:
            if cval is None or bytes(cval) != self.m.secret:
                return self.aare(1, 13, None)
        elif mech > 1:
            self.ctos = bytes(cval or b"")
            if not 8 <= len(self.ctos) <= 64:
                return self.aare(1, 13, None)
            self.stoc = os.urandom(16)
            self.pending = True
            return self.aare(0, 14, "ok")
        self.associated = True
        return self.aare(0, 0, "ok")

    def aare(self, result, diag, ui):
        body = b"\xa1\x09\x06\x07" + bytes.fromhex("608574050801") + bytes([self.ctx if isinstance(self.ctx, int) else 1])
        body += b"\xa2\x03\x02\x01" + bytes([result]) + b"\xa3\x05\xa1\x03\x02\x01" + bytes([diag])
        if self.ctx in (3, 4) or self.m.mechanism >= 5:
            body += b"\xa4\x0a\x04\x08" + self.m.title
        if self.stoc and result == 0:
            body += b"\x88\x02\x07\x80\x89\x07" + bytes.fromhex("608574050802") + bytes([self.m.mechanism])
            body += b"\xaa" + bytes([len(self.stoc) + 2]) + b"\x80" + bytes([len(self.stoc)]) + self.stoc
        if ui == "ok":
            x = self.initiate_response()
            if self.ui_ciph:
                self.m.server_ic += 1
                blob = gcm_seal(self.m.ek, self.m.ak, self.m.title, self.m.server_ic, self.ciph[1], x)
                x = b"\x28" + put_len(len(blob)) + blob
            ui = x
        if ui:
            body += b"\xbe" + bytes([len(ui) + 2]) + b"\x04" + bytes([len(ui)]) + ui
        self.ciph = None
        return b"\x61" + put_len(len(body)) + body

    def initiate_response(self):
        return (b"\x08\x00\x06\x5f\x1f\x04\x00" + self.conf.to_bytes(3, "big") + struct.pack(">H", self.max_pdu)
                + (b"\x00\x07" if self.a.referencing == "ln" else b"\xfa\x00"))

    def digest(self, chal, first, title_a, title_b, ic=None):
        m, sec = self.m.mechanism, self.m.secret
        if m == 3:
            return hashlib.md5(chal + sec).digest()
        if m == 4:
            return hashlib.sha1(chal + sec).digest()
        if m == 6:
            return hashlib.sha256(sec + title_a + title_b + chal + first).digest()
        if m == 5:
            sc = 0x10 | self.a.suite
            e = Cipher(algorithms.AES(self.m.ek), modes.GCM(title_a + struct.pack(">I", ic), None, 12)).encryptor()
            e.authenticate_additional_data(bytes([sc]) + self.m.ak + chal)
            e.finalize()
            return bytes([sc]) + struct.pack(">I", ic) + e.tag[:12]
        if m == 2:  # "high": AES-128-ECB as Gurux does it
            d = chal + bytes(-len(chal) % 16)
            return Cipher(algorithms.AES((sec + bytes(16))[:16]), modes.ECB()).encryptor().update(d)
        raise DlmsErr(ER_OTHER)

    def hls_pass3(self, params):
        if not self.pending:
            raise DlmsErr(ER_RW)
        f = bytes(params)
        if self.m.mechanism == 5:
            if len(f) != 17:
                raise DlmsErr(ER_RW)
            ic = struct.unpack(">I", f[1:5])[0]
            if self.a.ic_log:
                print("IC", self.client_title.hex(), ic, "proof", flush=True)
            good = self.digest(self.stoc, self.ctos, self.client_title, self.m.title, ic) == f
            self.m.invocation_counter = max(ic, self.m.invocation_counter)
        else:
            good = self.digest(self.stoc, self.ctos, self.client_title, self.m.title) == f
        if not good:
            self.pending = False
            raise DlmsErr(ER_RW)
        self.pending = False
        self.associated = True
        self.m.server_ic += 1
        return self.m_os(self.digest(self.ctos, self.stoc, self.m.title, self.client_title, self.m.server_ic))

    @staticmethod
    def m_os(b):
        return b"\x09" + put_len(len(b)) + b

    # ---- APDUs
    def handle(self, b):
        """plain or ciphered request APDU -> reply APDU or None"""
        if not b:
            raise Ignore()
        self.ciph = None
        t = b[0]
        if t == 0x60:
            try:
                return self.aarq(b)
            except SvcErr as e:
                if self.a.aarq_refusal == "exception":
                    return e.apdu
                raise
        if t == 0x62:
            r = b"\x63\x03\x80\x01\x00"
            if self.associated and not self.a.short_rlre:
                x = self.initiate_response()
                if self.ctx in (3, 4):
                    self.m.server_ic += 1
                    blob = gcm_seal(self.m.ek, self.m.ak, self.m.title, self.m.server_ic, 0x30 | self.a.suite, x)
                    x = b"\x28" + put_len(len(blob)) + blob
                ui = b"\xbe" + bytes([len(x) + 2]) + b"\x04" + bytes([len(x)]) + x
                r = b"\x63" + put_len(3 + len(ui)) + b"\x80\x01\x00" + ui
            self.reset()
            return r
        if t in REQ_GLO or t in REQ_DED or t in (0xDB, 0xDC):
            try:
                b = self.open(b)
            except SvcErr as e:
                return e.apdu
            t = b[0]
        elif self.ctx in (3, 4) and (self.associated or self.pending) and SECS[self.a.security]:
            if not (self.pending and t == 0xC3):
                return b"\xd8\x01\x02"  # service-not-allowed: plain service in a ciphered context
        try:
            r = self.service(t, b)
        except SvcErr as e:
            return e.apdu
        return self.seal(r) if r is not None else None

    def service(self, t, b):
        ok = self.associated
        if not ok and not (self.pending and t in (0xC3, 0x05)):
            if t in (0xC0, 0xC1, 0xC3, 0x05, 0x06):
                return b"\xd8\x01\x01" if self.a.referencing == "ln" else b"\x0e\x01\x03\x02"
            raise Ignore()
        ln = self.a.referencing == "ln"
        if ln and t == 0xC0:
            return self.get(b)
        if ln and t == 0xC1:
            return self.set(b)
        if ln and t == 0xC3:
            return self.act(b)
        if not ln and t == 0x05:
            return self.read(b)
        if not ln and t == 0x06:
            return self.wr(b)
        return b"\xd8\x01\x02"  # service-not-supported

    def room(self, head):
        r = self.max_pdu - head
        if self.ciph:
            r -= 30
        return max(r, 16)

    def descr(self, b, p, sel):
        cls = struct.unpack(">H", b[p:p + 2])[0]
        ln = b[p + 2:p + 8]
        ix = struct.unpack("b", b[p + 8:p + 9])[0]
        p += 9
        selector, params = 0, None
        if sel:
            has = b[p]
            p += 1
            if has:
                selector = b[p]
                bb = GXByteBuffer(bytes(b[p + 1:]))
                params = self.m.decode(bb)
                p += 1 + bb.position
        return cls, ln, ix, selector, params, p

    def one_get(self, d):
        cls, ln, ix, selector, params, _p = d
        try:
            return self.m.get(self.m.find(cls, ln), ix, selector, params), 0
        except DlmsErr as e:
            return None, e.code

    def get(self, b):
        kind, inv = b[1], b[2]
        if kind == 1:
            self.long = None
            data, err = self.one_get(self.descr(b, 3, True))
            if err:
                return bytes([0xC4, 1, inv, 1, err])
            if len(data) + 4 <= self.room(0) or not self.conf & conf(11):
                return bytes([0xC4, 1, inv, 0]) + data
            self.long = [data, 0, 1]
            return self.next_block(inv)
        if kind == 2:
            n = struct.unpack(">I", b[3:7])[0]
            if self.long is None:
                return bytes([0xC4, 2, inv, 1]) + struct.pack(">I", n) + bytes([1, ER_NO_LONG_GET])
            if n != self.long[2] - 1:
                self.long = None
                return bytes([0xC4, 2, inv, 1]) + struct.pack(">I", n) + bytes([1, ER_BLOCK_NO])
            return self.next_block(inv)
        if kind == 3:
            self.long = None
            n, p = get_len(b, 3)
            out = [put_len(n)]
            for _ in range(n):
                d = self.descr(b, p, True)
                p = d[5]
                data, err = self.one_get(d)
                out.append(bytes([1, err]) if err else b"\x00" + data)
            body = b"".join(out)
            if len(body) + 3 <= self.room(0) or not self.conf & conf(11):
                return bytes([0xC4, 3, inv]) + body
            self.long = [body, 0, 1]
            return self.next_block(inv)
        return b"\xd8\x01\x02"

    def next_block(self, inv):
        data, pos, no = self.long
        k = self.room(12)
        chunk = data[pos:pos + k]
        last = pos + len(chunk) >= len(data)
        self.long = None if last else [data, pos + len(chunk), no + 1]
        return bytes([0xC4, 2, inv, 1 if last else 0]) + struct.pack(">I", no) + b"\x00" + put_len(len(chunk)) + chunk

    def one_set(self, d, enc):
        try:
            self.m.set(self.m.find(d[0], d[1]), d[2], enc)
            return 0
        except DlmsErr as e:
            return e.code

    def split_values(self, b, p, n):
        vals = []
        for _ in range(n):
            bb = GXByteBuffer(bytes(b[p:]))
            self.m.decode(bb)
            vals.append(b[p:p + bb.position])
            p += bb.position
        return vals

    def set(self, b):
        kind, inv = b[1], b[2]
        if kind == 1:
            d = self.descr(b, 3, True)
            return bytes([0xC5, 1, inv, self.one_set(d, b[d[5]:])])
        if kind in (2, 3, 5):
            if kind == 2:
                d = self.descr(b, 3, True)
                p = d[5]
                self.long_set = [[d], bytearray(), 1]
            elif kind == 5:
                n, p = get_len(b, 3)
                ds = []
                for _ in range(n):
                    d = self.descr(b, p, True)
                    p = d[5]
                    ds.append(d)
                self.long_set = [ds, bytearray(), 1]
            else:
                p = 3
            last, no = b[p], struct.unpack(">I", b[p + 1:p + 5])[0]
            n, q = get_len(b, p + 5)
            if self.long_set is None or no != self.long_set[2]:
                self.long_set = None
                return bytes([0xC5, 3, inv, ER_BLOCK_NO]) + struct.pack(">I", no)
            self.long_set[1] += b[q:q + n]
            self.long_set[2] += 1
            if not last:
                return bytes([0xC5, 2, inv]) + struct.pack(">I", no)
            ds, data, _ = self.long_set
            self.long_set = None
            data = bytes(data)
            if len(ds) == 1:
                return bytes([0xC5, 3, inv, self.one_set(ds[0], data)]) + struct.pack(">I", no)
            n, p = get_len(data, 0)
            vals = self.split_values(data, p, n)
            res = bytes(self.one_set(d, v) for d, v in zip(ds, vals))
            return bytes([0xC5, 4, inv]) + put_len(len(res)) + res + struct.pack(">I", no)
        if kind == 4:
            n, p = get_len(b, 3)
            ds = []
            for _ in range(n):
                d = self.descr(b, p, True)
                p = d[5]
                ds.append(d)
            n, p = get_len(b, p)
            vals = self.split_values(b, p, n)
            res = bytes(self.one_set(d, v) for d, v in zip(ds, vals))
            return bytes([0xC5, 5, inv]) + put_len(len(res)) + res
        return b"\xd8\x01\x02"

    def one_act(self, cls, ln, ix, params):
        """-> (action-result, encoded data or None)"""
        try:
            if self.pending and not (cls == 15 and ix == 1):
                raise SvcErr(b"\xd8\x01\x01")
            return 0, self.m.action(self, self.m.find(cls, ln), ix, params)
        except DlmsErr as e:
            return e.code, None
        except (TypeError, ValueError, IndexError):
            return ER_TYPE, None

    def act(self, b):
        kind, inv = b[1], b[2]
        if kind == 1:
            cls, ln, ix, _s, _pp, p = self.descr(b, 3, False)
            params = self.m.decode(GXByteBuffer(bytes(b[p + 1:]))) if b[p] else None
            res, data = self.one_act(cls, ln, ix, params)
            return bytes([0xC7, 1, inv, res]) + (b"\x01\x00" + data if data is not None else b"\x00")
        if kind == 3:
            n, p = get_len(b, 3)
            ds = []
            for _ in range(n):
                cls, ln, ix, _s, _pp, p = self.descr(b, p, False)
                ds.append((cls, ln, ix))
            n, p = get_len(b, p)
            vals = self.split_values(b, p, n)
            out = []
            for d, v in zip(ds, vals):
                res, data = self.one_act(*d, self.m.decode(GXByteBuffer(bytes(v))))
                out.append(bytes([res]) + (b"\x01\x00" + data if data is not None else b"\x00"))
            return bytes([0xC7, 3, inv]) + put_len(len(out)) + b"".join(out)
        if kind in (4, 6):  # with-first-pblock, with-pblock
            if kind == 4:
                cls, ln, ix, _s, _pp, p = self.descr(b, 3, False)
                self.long_act = [(cls, ln, ix), bytearray(), 1]
            else:
                p = 3
            last, no = b[p], struct.unpack(">I", b[p + 1:p + 5])[0]
            n, q = get_len(b, p + 5)
            if self.long_act is None or no != self.long_act[2]:
                self.long_act = None
                return bytes([0xC7, 1, inv, ER_BLOCK_NO, 0])
            self.long_act[1] += b[q:q + n]
            self.long_act[2] += 1
            if not last:
                return bytes([0xC7, 4, inv]) + struct.pack(">I", no)
            d, data, _ = self.long_act
            self.long_act = None
            res, data = self.one_act(*d, self.m.decode(GXByteBuffer(bytes(data))))
            return bytes([0xC7, 1, inv, res]) + (b"\x01\x00" + data if data is not None else b"\x00")
        return b"\xd8\x01\x02"

    # ---- short names
    def read(self, b):
        n, p = get_len(b, 1)
        out = []
        for _ in range(n):
            t = b[p]
            if t == 5:  # block-number-access
                no = struct.unpack(">H", b[p + 1:p + 3])[0]
                if self.sn_long is None:
                    return bytes([0x0C, 1, 1, ER_NO_LONG_GET])
                if no != self.sn_long[2]:
                    self.sn_long = None
                    return bytes([0x0C, 1, 1, ER_BLOCK_NO])
                return self.sn_next()
            sn = struct.unpack(">H", b[p + 1:p + 3])[0]
            p += 3
            selector, params = 0, None
            if t == 4:
                selector = b[p]
                bb = GXByteBuffer(bytes(b[p + 1:]))
                params = self.m.decode(bb)
                p += 1 + bb.position
            elif t != 2:
                return bytes([0x0C, 1, 1, ER_RW])
            try:
                o, ix, act = self.m.find_sn(sn)
                if self.pending and not (act and o is self.m.assoc):
                    return b"\x0e\x01\x03\x02"
                if act:
                    d = self.m.action(self, o, ix, params)
                    out.append(b"\x00" + (d if d is not None else b"\x00"))
                else:
                    out.append(b"\x00" + self.m.get(o, ix, selector, params))
            except DlmsErr as e:
                out.append(bytes([1, e.code]))
        body = b"".join(out)
        if 2 + len(body) <= self.room(0) or not self.conf & conf(11):
            return b"\x0c" + put_len(n) + body
        # raw-data of the blocks: for one item the bare Data (what Gurux' clients expect), for a list all of it
        self.sn_long = [body[1:] if n == 1 else body, 0, 0]
        return self.sn_next()

    def sn_next(self):
        data, pos, no = self.sn_long
        k = self.room(10)
        chunk = data[pos:pos + k]
        last = pos + len(chunk) >= len(data)
        no += 1
        self.sn_long = None if last else [data, pos + len(chunk), no]
        return bytes([0x0C, 1, 2, 1 if last else 0]) + struct.pack(">H", no) + put_len(len(chunk)) + chunk

    def wr(self, b):
        n, p = get_len(b, 1)
        targets = []
        for _ in range(n):
            t = b[p]
            sn = struct.unpack(">H", b[p + 1:p + 3])[0]
            p += 3
            if t == 4:
                bb = GXByteBuffer(bytes(b[p + 1:]))
                self.m.decode(bb)
                p += 1 + bb.position
            targets.append(sn)
        n, p = get_len(b, p)
        vals = self.split_values(b, p, n)
        out = []
        for sn, v in zip(targets, vals):
            try:
                o, ix, act = self.m.find_sn(sn)
                if act:
                    self.m.action(self, o, ix, self.m.decode(GXByteBuffer(bytes(v))))
                else:
                    self.m.set(o, ix, v)
                out.append(b"\x00")
            except DlmsErr as e:
                out.append(bytes([1, e.code]))
        return b"\x0d" + put_len(len(out)) + b"".join(out)


# ------------------------------------------------------------------------------------------------ transport
class WrapperLink:
    def __init__(self, m, sess):
        self.m, self.s, self.buf = m, sess, bytearray()

    def feed(self, data):
        self.buf += data
        out = []
        while len(self.buf) >= 8:
            ver, src, dst, n = struct.unpack(">HHHH", self.buf[:8])
            if ver != 1:
                raise Drop()
            if len(self.buf) < 8 + n:
                break
            apdu = bytes(self.buf[8:8 + n])
            del self.buf[:8 + n]
            if dst != self.m.a.server_address or (self.m.a.client_address and src != self.m.a.client_address):
                continue
            self.s.client = src
            r = self.s.handle(apdu)
            if r is not None:
                out.append(struct.pack(">HHHH", 1, dst, src, len(r)) + r)
        return b"".join(out)


class HdlcLink:
    def __init__(self, m, sess):
        self.m, self.s, self.buf = m, sess, bytearray()
        self.connected = False
        self.vs = self.vr = 0
        self.rx = bytearray()
        self.tx = []
        self.max_tx = 128
        self.max_rx = m.a.hdlc_info
        self.unacked = None

    def frame(self, dst, src, ctl, info=b"", seg=False):
        n = 2 + len(dst) + len(src) + 1 + 2 + (len(info) + 2 if info else 0)
        h = struct.pack(">H", 0xA000 | (0x800 if seg else 0) | n) + dst + src + bytes([ctl])
        f = fcs16(h)
        h += struct.pack("<H", f)
        if info:
            h += info
            h += struct.pack("<H", fcs16(h))
        return b"\x7e" + h + b"\x7e"

    def feed(self, data):
        self.buf += data
        out = []
        while True:
            i = self.buf.find(b"\x7e")
            if i < 0:
                self.buf.clear()
                break
            del self.buf[:i]
            while len(self.buf) > 1 and self.buf[1] == 0x7E:
                del self.buf[0]
            if len(self.buf) < 3:
                break
            fmt = struct.unpack(">H", self.buf[1:3])[0]
            n = fmt & 0x7FF
            if fmt >> 12 != 0xA or n < 7:
                del self.buf[0]
                continue
            if len(self.buf) < n + 2:
                break
            fr = bytes(self.buf[1:n + 1])
            if self.buf[n + 1] != 0x7E:
                del self.buf[0]
                continue
            del self.buf[:n + 1]
            r = self.one(fr, bool(fmt & 0x800))
            if r:
                out.append(r)
        return b"".join(out)

    @staticmethod
    def addr(fr, p):
        q = p
        while not fr[q] & 1:
            q += 1
        return fr[p:q + 1], q + 1

    def one(self, fr, seg):
        if fcs16(fr[:-2]) != struct.unpack("<H", fr[-2:])[0]:
            return None  # bad FCS: say nothing
        try:
            dst, p = self.addr(fr, 2)
            src, p = self.addr(fr, p)
        except IndexError:
            return None
        ctl = fr[p]
        hcs_end = p + 3
        info = b""
        if len(fr) > hcs_end:
            if fcs16(fr[:p + 1]) != struct.unpack("<H", fr[p + 1:p + 3])[0]:
                return None
            info = fr[hcs_end:-2]
        want = self.m.a.server_address
        if len(dst) == 1:
            match = dst[0] >> 1 == want
        elif len(dst) == 2:
            match = dst[0] >> 1 == want
        else:
            match = (dst[0] >> 1) << 7 | dst[1] >> 1 == want
        if not match:
            return None
        if self.m.a.client_address and (len(src) != 1 or src[0] >> 1 != self.m.a.client_address):
            return None
        if ctl & 0xEF == 0x83:  # SNRM
            self.connected = True
            self.vs = self.vr = 0
            self.rx.clear()
            self.tx = []
            self.s.reset()
            mx = self.m.a.hdlc_info
            want_rx = 128
            if info[:2] == b"\x81\x80":
                p = 3
                while p + 1 < len(info):
                    i, n = info[p], info[p + 1]
                    v = int.from_bytes(info[p + 2:p + 2 + n], "big")
                    if i == 6:
                        want_rx = v
                    p += 2 + n
            self.max_tx = min(mx, want_rx)  # what the client can receive
            params = b"\x05\x02" + struct.pack(">H", self.max_tx) + b"\x06\x02" + struct.pack(">H", mx) + b"\x07\x04\0\0\0\1\x08\x04\0\0\0\1"
            return self.frame(src, dst, 0x73, b"\x81\x80" + bytes([len(params)]) + params)
        if not self.connected:
            return self.frame(src, dst, 0x1F)  # DM
        if ctl & 0xEF == 0x43:  # DISC
            self.connected = False
            self.s.reset()
            return self.frame(src, dst, 0x73)
        if ctl & 1 == 0:  # I frame
            ns, nr = ctl >> 1 & 7, ctl >> 5
            if ns != self.vr:
                return self.frame(src, dst, 0x11 | self.vr << 5)  # RR with what we expect
            self.vr = (self.vr + 1) & 7
            self.rx += info
            if seg:
                return self.frame(src, dst, 0x11 | self.vr << 5)
            apdu, self.rx = bytes(self.rx), bytearray()
            if apdu[:3] != b"\xe6\xe6\x00":
                return self.frame(src, dst, 0x97)  # FRMR
            r = self.s.handle(apdu[3:])
            if r is None:
                return self.frame(src, dst, 0x11 | self.vr << 5)
            r = b"\xe6\xe7\x00" + r
            self.tx = [r[i:i + self.max_tx] for i in range(0, len(r), self.max_tx)]
            return self.send(src, dst)
        if ctl & 0x0F == 1:  # RR
            nr = ctl >> 5
            if self.tx and nr == self.vs:
                return self.send(src, dst)
            if self.unacked and nr == (self.vs - 1) & 7:
                return self.frame(src, dst, self.unacked[0], self.unacked[1], self.unacked[2])
            return self.frame(src, dst, 0x11 | self.vr << 5)
        return self.frame(src, dst, 0x97)

    def send(self, src, dst):
        info = self.tx.pop(0)
        ctl = 0x10 | self.vr << 5 | self.vs << 1
        self.vs = (self.vs + 1) & 7
        self.unacked = (ctl, info, bool(self.tx))
        return self.frame(src, dst, ctl, info, bool(self.tx))


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
