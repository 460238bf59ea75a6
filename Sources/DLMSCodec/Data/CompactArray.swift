// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Values of one type, whose description is sent once in front of them (Green Book, compact-array).
///
/// On the wire: the type description, then an OCTET STRING with the values, without tags, until it is used up.
/// The octets are kept as they came; `elements` takes them apart.
public struct CompactArray: Hashable, Sendable {
    /// The type of each element.
    public let elementType: TypeDescription
    /// The elements without tags.
    public let contents: [UInt8]

    /// Makes a compact array of encoded elements, which must fit the type.
    ///
    /// - Throws: what `elements` throws.
    public init(elementType: TypeDescription, contents: [UInt8]) throws(DecodeError) {
        var reader = OctetReader(contents)
        try self.init(elementType: elementType, checking: &reader)
    }

    private init(elementType: TypeDescription, checking reader: inout OctetReader) throws(DecodeError) {
        self.elementType = elementType
        contents = Array(reader.rest)
        var expander = CompactArrayExpander(reader: reader, type: elementType)
        try expander.skipAll()
    }

    /// Makes a compact array of values that all have the shape of the first; nil when they do not.
    public init?(elements: [DLMSData]) {
        guard let first = elements.first, let type = TypeDescription(of: first) else { return nil }
        var writer = OctetWriter()
        for element in elements {
            guard TypeDescription(of: element) == type else { return nil }
            element.encodeUntagged(into: &writer)
        }
        // Elements without octets cannot be counted on the wire.
        guard !writer.octets.isEmpty else { return nil }
        elementType = type
        contents = writer.octets
    }

    /// The elements taken apart.
    ///
    /// The number of values is bounded by the number of octets, so that columns of null-data cannot multiply.
    /// - Throws: nothing for an array that was decoded, since its contents were checked then.
    public func elements() throws(DecodeError) -> [DLMSData] {
        var expander = CompactArrayExpander(reader: OctetReader(contents), type: elementType)
        return try expander.elements()
    }
}

extension CompactArray: OctetCodable {
    /// Reads description and contents, and checks that the contents fit the description.
    ///
    /// - Throws: what the description throws; `.truncated` for contents that end within an element; `.countTooLarge`
    ///   for contents that would become far more values than octets.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let type = try TypeDescription(decoding: &reader)
        let length = try reader.readLength("length of compact-array contents")
        var contents = try reader.readReader(count: length, "compact-array contents")
        try self.init(elementType: type, checking: &contents)
    }

    /// Writes description and contents.
    public func encode(into writer: inout OctetWriter) {
        elementType.encode(into: &writer)
        writer.writeOctetString(contents)
    }
}

extension TypeDescription {
    /// Describes a value; nil for a compact array, and for an array whose elements differ or that is too long.
    public init?(of value: DLMSData) {
        switch value {
        case .array(let elements):
            guard let count = UInt16(exactly: elements.count), let first = elements.first,
                let element = TypeDescription(of: first),
                elements.allSatisfy({ TypeDescription(of: $0) == element })
            else { return nil }
            self = .array(count: count, element: element)
        case .structure(let members):
            let descriptions = members.compactMap(TypeDescription.init(of:))
            guard descriptions.count == members.count else { return nil }
            self = .structure(descriptions)
        case .compactArray: return nil
        default: self = .simple(value.dataTag)
        }
    }
}

extension DLMSData {
    /// Writes the value as an element of a compact array: no tags, no counts.
    func encodeUntagged(into writer: inout OctetWriter) {
        switch self {
        case .array(let elements), .structure(let elements):
            for element in elements {
                element.encodeUntagged(into: &writer)
            }
        default: encodeContent(into: &writer)
        }
    }
}

extension DLMSData {
    /// Reads one value without tags, as in a compact array.
    ///
    /// - Throws: `.truncated`; `.countTooLarge` for a type that would make far more values than there are octets.
    public init(decodingUntagged type: TypeDescription, from reader: inout OctetReader) throws(DecodeError) {
        var expander = CompactArrayExpander(reader: reader, type: type)
        (self, reader) = try expander.next()
    }
}
