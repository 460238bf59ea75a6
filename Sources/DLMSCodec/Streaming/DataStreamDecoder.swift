// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Decodes one COSEM value that arrives in pieces, such as the blocks of a long GET, into calls of a visitor.
///
/// Nothing is kept but what is open: a count for each level, and the piece of a simple value or compact array whose
/// end has not come yet. Neither counts nor lengths lead to allocations in advance.
///
/// ```
///            beginArray, beginStructure, visit…, end
///   empty ──────────────────────────────────────────▶ open ──▶ complete (what follows is left over)
/// ```
public struct DataStreamDecoder: Sendable {
    /// The longest simple value or compact array that is waited for, in octets.
    public static let longestElement = 1 << 24

    /// How many elements each open array or structure still lacks, outermost first.
    @usableFromInline var open: [Int] = []
    /// The octets of an element that is not complete.
    @usableFromInline var pending: [UInt8] = []
    /// How many octets must be pending before it is worth to look at them again.
    @usableFromInline var required = 0
    @usableFromInline var isFinished = false
    /// How many octets were used.
    @usableFromInline var offset: Int

    /// Whether the value has been decoded to its end.
    public var isComplete: Bool { isFinished }

    /// Makes a decoder at the start of a value.
    ///
    /// - Parameter offset: where the value starts; added to the offsets of errors.
    public init(offset: Int = 0) {
        self.offset = offset
        open.reserveCapacity(8)
    }

    /// How many octets wait for the rest of their element.
    public var pendingCount: Int { pending.count }

    /// The error for a value that ends here.
    public var truncation: DecodeError {
        let remaining = pending.count
        return DecodeError(.truncated(needed: max(required, 1), remaining: remaining), at: offset, what: "data")
    }

    /// Takes a piece of the encoding and hands the parts that are complete to a visitor.
    ///
    /// - Returns: how many octets at the end of the piece lie behind the value.
    /// - Throws: `.unknownTag`, `.invalidLength`, `.nestedTooDeep`, and what a compact array throws. The decoder is of
    ///   no use afterwards.
    @inlinable
    public mutating func push(
        _ octets: ArraySlice<UInt8>,
        into visitor: inout some DataVisitor
    ) throws(DecodeError) -> Int {
        guard !isFinished else { return octets.count }
        if pending.isEmpty {
            let used = try parse(octets.span, &visitor)
            if isFinished { return octets.count - used }
            pending = Array(octets.dropFirst(used))
            return 0
        }
        pending.append(contentsOf: octets)
        guard pending.count >= required else { return 0 }
        var input: [UInt8] = []
        swap(&input, &pending)
        let used = try parse(input.span, &visitor)
        if isFinished { return input.count - used }
        pending = Array(input.dropFirst(used))
        return 0
    }

    /// Visits all elements that are complete, and returns how many octets they took.
    @inlinable
    mutating func parse(_ span: Span<UInt8>, _ visitor: inout some DataVisitor) throws(DecodeError) -> Int {
        var scanner = DataScanner(offset: offset)
        while !isFinished, scanner.position < span.count {
            let start = scanner.position
            let octet = span[start]
            scanner.position = start + 1
            switch octet {
            case DataTag.array.rawValue, DataTag.structure.rawValue:
                guard let count = try scanner.length(span) else {
                    return suspend(at: start, scanner.required)
                }
                try begin(octet, count: count, at: start, &visitor)
            case DataTag.compactArray.rawValue:
                guard let array = try scanner.compactArray(from: start, in: span) else {
                    return try suspend(at: start, checking: scanner.required)
                }
                visitor.beginArray(count: nil)
                try DataScanner.visitElements(of: array, &visitor)
                visitor.end()
                closeElement(&visitor)
            default:
                guard let tag = DataTag(rawValue: octet) else {
                    throw DecodeError(.unknownTag(octet), at: offset + start, what: "data tag")
                }
                guard try scanner.visit(tag, in: span, &visitor) else {
                    return try suspend(at: start, checking: scanner.required)
                }
                closeElement(&visitor)
            }
        }
        required = 0
        offset += scanner.position
        return scanner.position
    }

    @inlinable
    mutating func begin(
        _ tag: UInt8,
        count: Int,
        at start: Int,
        _ visitor: inout some DataVisitor
    ) throws(DecodeError) {
        let limit = DLMSData.deepestNesting
        guard open.count < limit else {
            throw DecodeError(.nestedTooDeep(limit: limit), at: offset + start, what: "data")
        }
        if tag == DataTag.array.rawValue {
            visitor.beginArray(count: count)
        } else {
            visitor.beginStructure(count: count)
        }
        if count == 0 {
            visitor.end()
            closeElement(&visitor)
        } else {
            open.append(count)
        }
    }

    /// Counts an element, and closes all that lack no more.
    @inlinable
    mutating func closeElement(_ visitor: inout some DataVisitor) {
        while let last = open.indices.last {
            open[last] -= 1
            guard open[last] == 0 else { return }
            open.removeLast()
            visitor.end()
        }
        isFinished = true
    }

    /// Waits for the rest of an element.
    @usableFromInline
    mutating func suspend(at start: Int, _ required: Int) -> Int {
        self.required = required - start
        offset += start
        return start
    }

    @usableFromInline
    mutating func suspend(at start: Int, checking required: Int) throws(DecodeError) -> Int {
        guard required - start <= Self.longestElement else {
            throw DecodeError(.invalidLength(required - start), at: offset + start, what: "element of data")
        }
        return suspend(at: start, required)
    }
}
