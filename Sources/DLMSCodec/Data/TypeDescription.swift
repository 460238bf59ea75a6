// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The type of the elements of a compact array (Green Book, TypeDescription).
///
/// | type | octets |
/// |---|---|
/// | array | 01, number of elements (2), description of one element |
/// | structure | 02, count, descriptions of the members |
/// | any other | its tag |
public enum TypeDescription: Hashable, Sendable {
    /// A type that holds no other values.
    case simple(DataTag)
    /// A fixed number of values of one type.
    indirect case array(count: UInt16, element: TypeDescription)
    /// Values of given types.
    case structure([TypeDescription])

    /// The type, without what it holds.
    public var dataTag: DataTag {
        switch self {
        case .simple(let tag): tag
        case .array: .array
        case .structure: .structure
        }
    }
}

extension TypeDescription: OctetCodable {
    /// Reads the description.
    ///
    /// - Throws: `.truncated`; `.unknownTag`, also for a compact array inside; `.countTooLarge`; `.nestedTooDeep`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try self.init(decoding: &reader, depth: 0)
    }

    private init(decoding reader: inout OctetReader, depth: Int) throws(DecodeError) {
        let start = reader.offset
        let tag = try reader.readDataTag()
        let limit = DLMSData.deepestNesting
        guard depth < limit else {
            throw DecodeError(.nestedTooDeep(limit: limit), at: start, what: "type-description")
        }
        switch tag {
        case .array:
            let count = try reader.readUInt16("count of elements")
            self = .array(count: count, element: try TypeDescription(decoding: &reader, depth: depth + 1))
        case .structure:
            let count = try reader.readCount("count of members")
            var members: [TypeDescription] = []
            for _ in 0..<count {
                members.append(try TypeDescription(decoding: &reader, depth: depth + 1))
            }
            self = .structure(members)
        case .compactArray: throw DecodeError(.unknownTag(tag.rawValue), at: start, what: "type-description")
        default: self = .simple(tag)
        }
    }

    /// Writes the description.
    public func encode(into writer: inout OctetWriter) {
        writer.write(dataTag.rawValue)
        switch self {
        case .simple: break
        case .array(let count, let element):
            writer.write(count)
            element.encode(into: &writer)
        case .structure(let members): writer.writeList(members)
        }
    }
}
