// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A field of an ACSE APDU: one tag octet, a length, and content (ISO/IEC 8825-1).
public struct BERElement: Hashable, Sendable {
    /// The tag octet.
    public var tag: UInt8
    /// The content.
    public var content: [UInt8]

    /// Makes an element.
    public init(tag: UInt8, content: [UInt8]) {
        self.tag = tag
        self.content = content
    }

    /// Makes an element around one other.
    init(tag: UInt8, inner: UInt8, _ content: [UInt8]) {
        self.init(tag: tag, content: BERElement(tag: inner, content: content).octets)
    }

    /// The content of the one element inside, when there is exactly one and it has the tag.
    func inner(_ tag: UInt8) -> [UInt8]? {
        guard let inner = try? BERElement(octets: content), inner.tag == tag else { return nil }
        return inner.content
    }
}

extension BERElement: OctetCodable {
    /// Reads tag, length in any definite form, and content.
    ///
    /// - Throws: `DecodeError`, also for tags of several octets.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        tag = try reader.readUInt8("tag")
        guard tag & 0x1F != 0x1F else { throw DecodeError(.unknownTag(tag), at: start, what: "ACSE field") }
        content = try reader.readOctetString("ACSE field")
    }

    /// Writes tag, shortest length and content.
    public func encode(into writer: inout OctetWriter) {
        writer.write(tag)
        writer.writeOctetString(content)
    }
}
