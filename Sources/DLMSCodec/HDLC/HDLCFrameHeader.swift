// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The start of a frame up to its first check sequence, which is the only one of a frame without information.
struct HDLCFrameHeader {
    /// All octets between the flags.
    let length: Int
    let isSegmented: Bool
    let destination: HDLCAddress
    let source: HDLCAddress
    let control: HDLCControl

    /// Reads the header, and the check sequence behind it.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for another format type; `.invalidLength` for a length that cannot hold
    ///   the header, and for an address of three octets; `.checkFailed`.
    init(decoding reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        let octets = reader.rest
        // The format type is known from the first octet: a stream need not wait for the second one.
        if let first = reader.peek(), first & 0xF0 != 0xA0 {
            throw DecodeError(.invalidValue(Int(first >> 4)), at: start, what: "HDLC format type")
        }
        let format = try reader.readUInt16("HDLC frame format")
        length = Int(format) & HDLCFrame.longestLength
        isSegmented = format & 0x0800 != 0
        guard length >= HDLCFrame.shortestLength else {
            throw DecodeError(.invalidLength(length), at: start, what: "HDLC frame length")
        }
        destination = try HDLCAddress(decoding: &reader)
        source = try HDLCAddress(decoding: &reader)
        guard reader.offset - start + 3 <= length else {
            throw DecodeError(.invalidLength(length), at: start, what: "HDLC frame length")
        }
        control = HDLCControl(octet: try reader.readUInt8("HDLC control field"))
        let isWhole = reader.offset - start + 2 == length
        try reader.readCheckSequence(over: octets, from: start, isWhole ? "FCS" : "HCS")
    }
}
