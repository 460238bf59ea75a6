# SPDX-License-Identifier: Apache-2.0
"""One association with a gurux_meter.py: ACSE, ciphering, services and their blocks."""
import hashlib
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gurux_dlms import GXByteBuffer

from gurux_codecs import (
    AUTHS,
    ER_BLOCK_NO,
    ER_NO_LONG_GET,
    ER_OTHER,
    ER_RW,
    ER_TYPE,
    SECS,
    DlmsErr,
    Ignore,
    SvcErr,
    conf,
    gcm_open,
    gcm_seal,
    get_len,
    put_len,
)

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

    def descriptors(self, b, p, sel=True):
        """A list of descriptors, and the place behind it."""
        n, p = get_len(b, p)
        ds = []
        for _ in range(n):
            ds.append(self.descr(b, p, sel))
            p = ds[-1][5]
        return ds, p

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
            ds, p = self.descriptors(b, 3)
            out = [put_len(len(ds))]
            for d in ds:
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
                ds, p = self.descriptors(b, 3)
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
            ds, p = self.descriptors(b, 3)
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
            descriptors, p = self.descriptors(b, 3, False)
            ds = [d[:3] for d in descriptors]
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
