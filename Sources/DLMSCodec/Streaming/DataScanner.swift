// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Walks over octets that may end within a value: what is not complete is told, not thrown.
@usableFromInline
struct DataScanner {
    @usableFromInline let offset: Int
    @usableFromInline var position = 0
    /// After something was not complete: how long the span must be at least.
    @usableFromInline var required = 0

    @inlinable
    init(offset: Int) {
        self.offset = offset
    }

    /// Reads a length; nil when it is not complete.
    @inlinable
    mutating func length(_ span: Span<UInt8>) throws(DecodeError) -> Int? {
        guard has(1, span) else { return nil }
        let first = span[position]
        if first < 0x80 {
            position += 1
            return Int(first)
        }
        let width = Int(first & 0x7F)
        guard width > 0, width <= 8 else {
            throw DecodeError(.invalidLength(Int(first)), at: offset + position, what: "length")
        }
        guard has(1 + width, span) else { return nil }
        var length = 0
        for index in position + 1...position + width {
            length = length << 8 | Int(span[index])
            guard length <= Int(Int32.max) else {
                throw DecodeError(.invalidLength(length), at: offset + position, what: "length")
            }
        }
        position += 1 + width
        return length
    }

    /// Reads a simple value behind its tag and hands it to a visitor; false when it is not complete.
    @inlinable
    mutating func visit(
        _ tag: DataTag,
        in span: Span<UInt8>,
        _ visitor: inout some DataVisitor
    ) throws(DecodeError) -> Bool {
        switch tag {
        case .nullData, .dontCare: visitor.visitNull(tag)
        case .boolean:
            guard let value = unsigned(1, span) else { return false }
            visitor.visitUnsigned(value == 0 ? 0 : 1, tag)
        case .unsigned, .enumeration, .bcd, .deltaUnsigned:
            guard let value = unsigned(1, span) else { return false }
            visitor.visitUnsigned(value, tag)
        case .longUnsigned, .deltaLongUnsigned:
            guard let value = unsigned(2, span) else { return false }
            visitor.visitUnsigned(value, tag)
        case .doubleLongUnsigned, .deltaDoubleLongUnsigned:
            guard let value = unsigned(4, span) else { return false }
            visitor.visitUnsigned(value, tag)
        case .long64Unsigned:
            guard let value = unsigned(8, span) else { return false }
            visitor.visitUnsigned(value, tag)
        case .integer, .deltaInteger:
            guard let value = unsigned(1, span) else { return false }
            visitor.visitSigned(Int64(Int8(truncatingIfNeeded: value)), tag)
        case .long, .deltaLong:
            guard let value = unsigned(2, span) else { return false }
            visitor.visitSigned(Int64(Int16(truncatingIfNeeded: value)), tag)
        case .doubleLong, .deltaDoubleLong:
            guard let value = unsigned(4, span) else { return false }
            visitor.visitSigned(Int64(Int32(truncatingIfNeeded: value)), tag)
        case .long64:
            guard let value = unsigned(8, span) else { return false }
            visitor.visitSigned(Int64(bitPattern: value), tag)
        case .float32:
            guard let value = unsigned(4, span) else { return false }
            visitor.visitFloat(bitPattern: value, tag)
        case .float64:
            guard let value = unsigned(8, span) else { return false }
            visitor.visitFloat(bitPattern: value, tag)
        case .dateTime: return visitOctets(12, tag, span, &visitor)
        case .date: return visitOctets(5, tag, span, &visitor)
        case .time: return visitOctets(4, tag, span, &visitor)
        case .octetString, .visibleString, .utf8String:
            guard let count = try length(span) else { return false }
            return visitOctets(count, tag, span, &visitor)
        case .bitString:
            guard let count = try length(span) else { return false }
            let width = (count + 7) / 8
            guard has(width, span) else { return false }
            visitor.visitBits(span.extracting(position..<position + width), count: count)
            position += width
        case .array, .structure, .compactArray:
            throw DecodeError(.unknownTag(tag.rawValue), at: offset + position, what: "type of a simple value")
        }
        return true
    }

    /// How many octets the description of a compact array is first looked for in.
    private static let descriptionWindow = 128

    /// Reads a compact array whose tag stands at a position; nil when it is not complete.
    @usableFromInline
    mutating func compactArray(from start: Int, in span: Span<UInt8>) throws(DecodeError) -> CompactArray? {
        let base = start + 1
        var window = Self.descriptionWindow
        var head: (type: TypeDescription, contents: Int, count: Int)?
        // Only what the description needs is copied: an answer may hold thousands of small compact arrays.
        while head == nil {
            let end = min(base + window, span.count)
            do {
                var reader = OctetReader(span.extracting(base..<end).array)
                let type = try TypeDescription(decoding: &reader)
                let count = try reader.readLength("length of compact-array contents")
                head = (type, base + reader.offset, count)
            } catch {
                switch error.reason {
                case .truncated(let needed, _), .countTooLarge(let needed):
                    if end < span.count {
                        window = max(window * 2, error.offset + needed)
                        continue
                    }
                    required = max(base + error.offset + needed, span.count + 1)
                    return nil
                case .unknownTag, .unknownChoice, .invalidLength, .nestedTooDeep, .trailingOctets, .invalidValue,
                    .missingField, .checkFailed:
                    throw error.moved(by: offset + base)
                }
            }
        }
        guard let head else { return nil }
        guard head.count <= span.count - head.contents else {
            required = head.contents + head.count
            return nil
        }
        position = head.contents + head.count
        do {
            return try CompactArray(
                elementType: head.type,
                contents: span.extracting(head.contents..<position).array
            )
        } catch {
            throw error.moved(by: offset + head.contents)
        }
    }

    /// Hands the elements of a compact array to a visitor.
    @inlinable
    static func visitElements(of array: CompactArray, _ visitor: inout some DataVisitor) throws(DecodeError) {
        // The contents were checked when the array was made: they are a whole number of elements, and few enough.
        var scanner = DataScanner(offset: 0)
        while scanner.position < array.contents.count {
            try scanner.visitElement(array.elementType, in: array.contents.span, &visitor)
        }
    }

    @inlinable
    mutating func visitElement(
        _ type: TypeDescription,
        in span: Span<UInt8>,
        _ visitor: inout some DataVisitor
    ) throws(DecodeError) {
        switch type {
        case .simple(let tag):
            guard try visit(tag, in: span, &visitor) else {
                throw DecodeError(.invalidLength(span.count), at: position, what: "compact-array contents")
            }
        case .array(let count, let element):
            visitor.beginArray(count: Int(count))
            for _ in 0..<count {
                try visitElement(element, in: span, &visitor)
            }
            visitor.end()
        case .structure(let members):
            visitor.beginStructure(count: members.count)
            for member in members {
                try visitElement(member, in: span, &visitor)
            }
            visitor.end()
        }
    }

    @inlinable
    mutating func unsigned(_ width: Int, _ span: Span<UInt8>) -> UInt64? {
        guard has(width, span) else { return nil }
        var value: UInt64 = 0
        for index in position..<position + width {
            value = value << 8 | UInt64(span[index])
        }
        position += width
        return value
    }

    @inlinable
    mutating func visitOctets(
        _ count: Int,
        _ tag: DataTag,
        _ span: Span<UInt8>,
        _ visitor: inout some DataVisitor
    ) -> Bool {
        guard has(count, span) else { return false }
        visitor.visitOctets(span.extracting(position..<position + count), tag)
        position += count
        return true
    }

    /// Whether so many octets are there; if not, notes how many are required.
    @inlinable
    mutating func has(_ count: Int, _ span: Span<UInt8>) -> Bool {
        if count <= span.count - position { return true }
        required = position + count
        return false
    }
}
