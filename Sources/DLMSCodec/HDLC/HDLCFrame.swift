// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A frame of format type 3 (IEC 62056-46 §6.4.1).
///
/// | octets | field |
/// |---|---|
/// | 1 | opening flag, 7E |
/// | 2 | format: A, segmentation bit, 11 bits of length: all octets between the flags |
/// | 1, 2 or 4 | destination |
/// | 1, 2 or 4 | source |
/// | 1 | control |
/// | 2 | header check sequence, only with information |
/// | n | information |
/// | 2 | frame check sequence |
/// | 1 | closing flag, 7E; may open the next frame |
///
/// Octets are not stuffed: 7E may stand anywhere, the length alone says where the frame ends.
public struct HDLCFrame: Hashable, Sendable {
    /// Whether the information goes on in the next frame.
    public var isSegmented: Bool
    /// Where it goes.
    public var destination: HDLCAddress
    /// Where it comes from.
    public var source: HDLCAddress
    /// What it is.
    public var control: HDLCControl
    /// What it carries; empty when there is no information field.
    public private(set) var information: [UInt8]

    /// The octet that opens and closes a frame.
    public static let flag: UInt8 = 0x7E
    /// The longest information field that can be negotiated.
    public static let longestInformation = 2030
    /// The largest length field.
    public static let longestLength = 0x7FF
    /// The length field of a frame with addresses of one octet and without information.
    public static let shortestLength = 7

    /// Makes a frame; nil for information that is too long for the length field.
    public init?(
        destination: HDLCAddress,
        source: HDLCAddress,
        control: HDLCControl,
        information: [UInt8] = [],
        isSegmented: Bool = false
    ) {
        self.isSegmented = isSegmented
        self.destination = destination
        self.source = source
        self.control = control
        self.information = information
        guard length <= Self.longestLength else { return nil }
    }

    /// The number of octets between the flags.
    public var length: Int {
        headerLength + (information.isEmpty ? 0 : information.count + 2) + 2
    }

    /// The header check sequence as a number; nil without information.
    public var headerCheckSequence: UInt16? {
        information.isEmpty ? nil : HDLCCheckSequence.compute(over: contentWithoutChecks.prefix(headerLength))
    }

    /// The frame check sequence as a number.
    public var frameCheckSequence: UInt16 {
        HDLCCheckSequence.compute(over: content.dropLast(2))
    }

    private var headerLength: Int { 2 + destination.width.rawValue + source.width.rawValue + 1 }

    private var contentWithoutChecks: [UInt8] {
        var writer = OctetWriter()
        writeHeader(into: &writer)
        return writer.octets
    }

    /// The octets between the flags.
    public var content: [UInt8] {
        var writer = OctetWriter(reservingCapacity: length)
        writeHeader(into: &writer)
        if !information.isEmpty {
            writer.writeCheckSequence(HDLCCheckSequence.compute(over: writer.octets))
            writer.write(contentsOf: information)
        }
        writer.writeCheckSequence(HDLCCheckSequence.compute(over: writer.octets))
        return writer.octets
    }

    private func writeHeader(into writer: inout OctetWriter) {
        let format: UInt16 = 0xA000 | (isSegmented ? 0x0800 : 0)
        writer.write(format | UInt16(truncatingIfNeeded: length))
        destination.encode(into: &writer)
        source.encode(into: &writer)
        writer.write(control.octet)
    }

    /// Reads the octets between the flags.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for another format type; `.invalidLength` when the length differs from
    ///   the number of octets or an address has three octets; `.checkFailed`.
    public init(content: ArraySlice<UInt8>) throws(DecodeError) {
        var reader = OctetReader(content)
        self = try HDLCFrame(contentFrom: &reader)
        guard reader.isAtEnd else {
            throw DecodeError(.trailingOctets(reader.remaining), at: reader.offset, what: "end of HDLC frame")
        }
    }

    /// Reads the octets between the flags from the front of a reader.
    init(contentFrom reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        let octets = reader.rest
        let header = try HDLCFrameHeader(decoding: &reader)
        isSegmented = header.isSegmented
        destination = header.destination
        source = header.source
        control = header.control
        information = []
        let remaining = header.length - (reader.offset - start)
        // Without information the first check sequence is also the last one.
        guard remaining > 0 else { return }
        guard remaining >= 2 else {
            throw DecodeError(.invalidLength(header.length), at: start, what: "HDLC frame length")
        }
        information = try reader.readOctets(count: remaining - 2, "HDLC information")
        try reader.readCheckSequence(over: octets, from: start, "FCS")
    }
}

extension HDLCFrame: OctetCodable {
    /// Reads a frame with its flags.
    ///
    /// - Throws: as `init(content:)`; `.invalidValue` for an octet that should be a flag.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectFlag("opening flag")
        self = try HDLCFrame(contentFrom: &reader)
        try reader.expectFlag("closing flag")
    }

    /// Writes the frame with both flags.
    public func encode(into writer: inout OctetWriter) {
        writer.write(Self.flag)
        writer.write(contentsOf: content)
        writer.write(Self.flag)
    }
}

extension OctetReader {
    /// Reads a flag.
    fileprivate mutating func expectFlag(_ what: StaticString) throws(DecodeError) {
        let start = offset
        let octet = try readUInt8(what)
        guard octet == HDLCFrame.flag else {
            throw DecodeError(.invalidValue(Int(octet)), at: start, what: what.description)
        }
    }

    /// Reads a check sequence, low octet first, and compares it with that of all octets of the frame before it.
    mutating func readCheckSequence(
        over octets: ArraySlice<UInt8>,
        from start: Int,
        _ what: StaticString
    ) throws(DecodeError) {
        let position = offset
        let received = try readUInt16(what).byteSwapped
        let computed = HDLCCheckSequence.compute(over: octets.prefix(position - start))
        guard received == computed else {
            throw DecodeError(
                .checkFailed(received: Int(received), computed: Int(computed)),
                at: position,
                what: what.description
            )
        }
    }
}

extension OctetWriter {
    /// Writes a check sequence, low octet first.
    fileprivate mutating func writeCheckSequence(_ value: UInt16) {
        write(value.byteSwapped)
    }
}
