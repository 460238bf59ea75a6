# SPDX-License-Identifier: Apache-2.0
"""What carries the messages of a gurux_meter.py: the wrapper, and HDLC."""
import struct

from gurux_codecs import Drop, fcs16


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
