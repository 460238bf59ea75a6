# SPDX-License-Identifier: Apache-2.0
"""Octets of a gurux_meter.py: lengths, check sequences, ciphering, times, and what it answers with errors."""
import datetime
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gurux_dlms import GXDateTime

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
