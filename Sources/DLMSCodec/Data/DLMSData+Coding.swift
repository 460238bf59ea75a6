// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension DLMSData: OctetCodable {
    /// Reads a tag and the value behind it.
    ///
    /// - Throws: `.truncated`, `.unknownTag`, `.countTooLarge`, `.invalidLength`, `.nestedTooDeep`, and what a compact
    ///   array throws.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try self.init(decoding: &reader, depth: 0)
    }

    init(decoding reader: inout OctetReader, depth: Int) throws(DecodeError) {
        let start = reader.offset
        let tag = try reader.readDataTag()
        switch tag {
        case .array, .structure:
            guard depth < Self.deepestNesting else {
                throw DecodeError(.nestedTooDeep(limit: Self.deepestNesting), at: start, what: tag.name)
            }
            // Each element takes at least its tag octet, so the count is bounded by what is left.
            let count = try reader.readCount("count of elements")
            var elements: [DLMSData] = []
            elements.reserveCapacity(min(count, 256))
            for _ in 0..<count {
                elements.append(try DLMSData(decoding: &reader, depth: depth + 1))
            }
            self = tag == .array ? .array(elements) : .structure(elements)
        case .compactArray: self = .compactArray(try CompactArray(decoding: &reader))
        default: self = try DLMSData(decodingScalar: tag, from: &reader)
        }
    }

    /// Reads the value behind the tag of a type that holds no other values.
    init(decodingScalar tag: DataTag, from reader: inout OctetReader) throws(DecodeError) {
        switch tag {
        case .nullData: self = .nullData
        case .dontCare: self = .dontCare
        case .boolean: self = .boolean(try reader.readBool())
        case .bitString: self = .bitString(try BitString(decoding: &reader))
        case .doubleLong: self = .doubleLong(try reader.readInt32("double-long"))
        case .doubleLongUnsigned: self = .doubleLongUnsigned(try reader.readUInt32("double-long-unsigned"))
        case .octetString: self = .octetString(try reader.readOctetString())
        case .visibleString: self = .visibleString(try reader.readOctetString("visible-string"))
        case .utf8String: self = .utf8String(try reader.readOctetString("utf8-string"))
        case .bcd: self = .bcd(try reader.readUInt8("bcd"))
        case .integer: self = .integer(try reader.readInt8("integer"))
        case .long: self = .long(try reader.readInt16("long"))
        case .unsigned: self = .unsigned(try reader.readUInt8("unsigned"))
        case .longUnsigned: self = .longUnsigned(try reader.readUInt16("long-unsigned"))
        case .long64: self = .long64(try reader.readInt64("long64"))
        case .long64Unsigned: self = .long64Unsigned(try reader.readUInt64("long64-unsigned"))
        case .enumeration: self = .enumeration(try reader.readUInt8("enum"))
        case .float32: self = .float32(bitPattern: try reader.readUInt32("float32"))
        case .float64: self = .float64(bitPattern: try reader.readUInt64("float64"))
        case .dateTime: self = .dateTime(try COSEMDateTime(decoding: &reader))
        case .date: self = .date(try COSEMDate(decoding: &reader))
        case .time: self = .time(try COSEMTime(decoding: &reader))
        case .deltaInteger: self = .deltaInteger(try reader.readInt8("delta-integer"))
        case .deltaLong: self = .deltaLong(try reader.readInt16("delta-long"))
        case .deltaDoubleLong: self = .deltaDoubleLong(try reader.readInt32("delta-double-long"))
        case .deltaUnsigned: self = .deltaUnsigned(try reader.readUInt8("delta-unsigned"))
        case .deltaLongUnsigned: self = .deltaLongUnsigned(try reader.readUInt16("delta-long-unsigned"))
        case .deltaDoubleLongUnsigned:
            self = .deltaDoubleLongUnsigned(try reader.readUInt32("delta-double-long-unsigned"))
        case .array, .structure, .compactArray:
            throw DecodeError(.unknownTag(tag.rawValue), at: reader.offset, what: "type of a simple value")
        }
    }

    /// Writes the tag and the value.
    public func encode(into writer: inout OctetWriter) {
        writer.write(tag)
        encodeContent(into: &writer)
    }

    /// Writes the value without its tag.
    func encodeContent(into writer: inout OctetWriter) {
        switch self {
        case .nullData, .dontCare: break
        case .array(let elements), .structure(let elements): writer.writeList(elements)
        case .boolean(let value): writer.write(value)
        case .bitString(let value): value.encode(into: &writer)
        case .octetString(let octets), .visibleString(let octets), .utf8String(let octets):
            writer.writeOctetString(octets)
        case .integer(let value), .deltaInteger(let value): writer.write(value)
        case .long(let value), .deltaLong(let value): writer.write(value)
        case .doubleLong(let value), .deltaDoubleLong(let value): writer.write(value)
        case .long64(let value): writer.write(value)
        case .bcd(let value), .unsigned(let value), .enumeration(let value), .deltaUnsigned(let value):
            writer.write(value)
        case .longUnsigned(let value), .deltaLongUnsigned(let value): writer.write(value)
        case .doubleLongUnsigned(let value), .deltaDoubleLongUnsigned(let value), .float32(let value):
            writer.write(value)
        case .long64Unsigned(let value), .float64(let value): writer.write(value)
        case .compactArray(let value): value.encode(into: &writer)
        case .dateTime(let value): value.encode(into: &writer)
        case .date(let value): value.encode(into: &writer)
        case .time(let value): value.encode(into: &writer)
        }
    }
}
