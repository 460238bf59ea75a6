// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The fields of an ACSE APDU while it is read: each is taken once, what is left over is kept.
struct ACSEFields {
    private var fields: [BERElement]
    private let offset: Int
    private let what: StaticString

    /// Reads the tag of the APDU, its length and all fields inside.
    init(tag: UInt8, from reader: inout OctetReader, _ what: StaticString) throws(DecodeError) {
        try reader.expectTag(tag, what)
        offset = reader.offset
        self.what = what
        let length = try reader.readLength(what)
        var inside = try reader.readReader(count: length, what)
        fields = []
        while !inside.isAtEnd {
            fields.append(try BERElement(decoding: &inside))
        }
    }

    /// The fields that nobody took, in the order in which they are written.
    var others: [BERElement] { BERElement.ordered(fields) }

    /// Takes a primitive field.
    mutating func primitive(_ tag: UInt8) -> [UInt8]? {
        take(tag) { $0.content }
    }

    /// Takes the content of the one element inside of a constructed field; another shape stays among the others.
    mutating func inner(_ tag: UInt8, _ inner: UInt8) -> [UInt8]? {
        take(tag) { $0.inner(inner) }
    }

    /// Takes the element inside of a constructed field.
    mutating func element(_ tag: UInt8) -> BERElement? {
        take(tag) { try? BERElement(octets: $0.content) }
    }

    /// Takes a field that must be there.
    mutating func required(_ tag: UInt8, _ inner: UInt8) throws(DecodeError) -> [UInt8] {
        guard let content = self.inner(tag, inner) else {
            throw DecodeError(.missingField(tag: tag), at: offset, what: what.description)
        }
        return content
    }

    /// Reads an INTEGER of small value.
    func integer(_ content: [UInt8]) throws(DecodeError) -> UInt8 {
        guard let last = content.last, content.dropLast().allSatisfy({ $0 == 0 }) else {
            throw DecodeError(.invalidLength(content.count), at: offset, what: "\(what), integer")
        }
        return last
    }

    private mutating func take<Value>(_ tag: UInt8, _ transform: (BERElement) -> Value?) -> Value? {
        for (index, field) in fields.enumerated() where field.tag == tag {
            guard let value = transform(field) else { continue }
            fields.remove(at: index)
            return value
        }
        return nil
    }
}

extension OctetWriter {
    /// Writes an ACSE APDU of fields, ordered by tag number as the standard lists them.
    mutating func writeACSE(tag: UInt8, _ fields: [BERElement?]) {
        var inside = OctetWriter()
        for field in BERElement.ordered(fields.compactMap { $0 }) {
            field.encode(into: &inside)
        }
        write(tag)
        writeOctetString(inside.octets)
    }
}

extension BERElement {
    /// Orders fields by tag number, those of one number as they come.
    static func ordered(_ fields: [BERElement]) -> [BERElement] {
        fields.enumerated().sorted {
            ($0.element.tag & 0x1F, $0.offset) < ($1.element.tag & 0x1F, $1.offset)
        }.map(\.element)
    }

    /// Makes a field around one element, or none.
    static func wrapping(_ tag: UInt8, _ inner: UInt8, _ content: [UInt8]?) -> BERElement? {
        content.map { BERElement(tag: tag, inner: inner, $0) }
    }

    /// Makes a primitive field, or none.
    static func primitive(_ tag: UInt8, _ content: [UInt8]?) -> BERElement? {
        content.map { BERElement(tag: tag, content: $0) }
    }
}
