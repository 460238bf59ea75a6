// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A value with one layout of octets.
public protocol OctetCodable: Sendable {
    /// Reads the value from the front of a reader.
    ///
    /// - Throws: `DecodeError` with field and offset.
    init(decoding reader: inout OctetReader) throws(DecodeError)

    /// Writes the value at the end of a writer.
    func encode(into writer: inout OctetWriter)
}

extension OctetCodable {
    /// Reads the value from octets that hold nothing else.
    ///
    /// - Throws: `DecodeError`, also for octets left over.
    public init(octets: [UInt8]) throws(DecodeError) {
        try self.init(octets: octets[...])
    }

    /// Reads the value from a slice that holds nothing else; offsets count from the start of the slice.
    ///
    /// - Throws: `DecodeError`, also for octets left over.
    public init(octets: ArraySlice<UInt8>) throws(DecodeError) {
        var reader = OctetReader(octets)
        try self.init(decoding: &reader)
        guard reader.isAtEnd else {
            throw DecodeError(.trailingOctets(reader.remaining), at: reader.offset, what: "end of \(Self.self)")
        }
    }

    /// The encoding of the value.
    public var octets: [UInt8] {
        var writer = OctetWriter()
        encode(into: &writer)
        return writer.octets
    }
}

extension OctetReader {
    /// Reads an OPTIONAL value: presence octet 00 or 01, then the value.
    ///
    /// - Throws: `.invalidValue` for another presence octet, and what the value throws.
    mutating func readOptional<Value: OctetCodable>(_ what: StaticString) throws(DecodeError) -> Value? {
        try readPresence(what) ? try Value(decoding: &self) : nil
    }

    /// Reads the presence octet of an OPTIONAL value.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for anything but 00 and 01.
    mutating func readPresence(_ what: StaticString) throws(DecodeError) -> Bool {
        let start = offset
        switch try readUInt8(what) {
        case 0: return false
        case 1: return true
        case let other: throw DecodeError(.invalidValue(Int(other)), at: start, what: "presence of \(what)")
        }
    }

    /// Reads a SEQUENCE OF: count, then the items.
    ///
    /// - Throws: `.countTooLarge`, and what the items throw.
    mutating func readList<Value: OctetCodable>(_ what: StaticString) throws(DecodeError) -> [Value] {
        let count = try readCount(what)
        var items: [Value] = []
        items.reserveCapacity(min(count, 64))
        for _ in 0..<count {
            items.append(try Value(decoding: &self))
        }
        return items
    }
}

extension OctetWriter {
    /// Writes an OPTIONAL value with its presence octet.
    mutating func writeOptional(_ value: (some OctetCodable)?) {
        write(value != nil)
        value?.encode(into: &self)
    }

    /// Writes a SEQUENCE OF with its count.
    mutating func writeList(_ items: [some OctetCodable]) {
        writeLength(items.count)
        for item in items {
            item.encode(into: &self)
        }
    }
}
