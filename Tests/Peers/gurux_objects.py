# SPDX-License-Identifier: Apache-2.0
"""The objects of a gurux_meter.py, and what reading, writing and invoking them does."""
import asyncio
import datetime
import os
import random
import struct
import sys
import traceback

from gurux_dlms import GXByteBuffer
from gurux_dlms import objects as O
from gurux_dlms.enums import AccessMode, DataType, MethodAccessMode, ObjectType, Unit
from gurux_dlms.GXDLMS import GXDLMS
from gurux_dlms.GXDLMSSettings import GXDLMSSettings
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from gurux_dlms.objects.enums import ClockBase, ControlMode, ControlState, SortMethod
from gurux_dlms.ValueEventArgs import ValueEventArgs

from gurux_codecs import (
    AUTHS,
    CONF_LN,
    CONF_SN,
    ER_CLASS,
    ER_HW,
    ER_OTHER,
    ER_RW,
    ER_SCOPE,
    ER_TEMP,
    ER_TYPE,
    ER_UNDEF,
    ORDER_WAYS,
    SECS,
    DlmsErr,
    Drop,
    Ignore,
    dt12,
    parse_dt12,
    put_len,
)


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


def build_billing(months, lost):
    """The firsts of so many months of 2025 and on; one of them, by its number from 1, is not there."""
    times, rows = [], []
    for i in range(months):
        if i + 1 != lost:
            t = datetime.datetime(2025 + i // 12, i % 12 + 1, 1)
            times.append(t)
            rows.append([b"\x09\x0c" + dt12(t), b"\x06" + struct.pack(">I", 500000 + 300 * i)])
    cols = [(8, bytes([0, 0, 1, 0, 0, 255]), 2, 0), (3, bytes([1, 0, 1, 8, 0, 255]), 2, 0)]
    return Profile(cols, times, rows)


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
        if a.billing_months:
            months = build_billing(a.billing_months, a.lost_month)
            billing = self.add(O.GXDLMSProfileGeneric("1.0.98.1.0.255"), capturePeriod=0, sortMethod=SortMethod.FIFO,
                               profileEntries=60, entriesInUse=len(months.rows))
            billing.addCaptureObject(self.clock, 2, 0)
            billing.addCaptureObject(r1, 2, 0)
            self.profiles[billing] = months
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
