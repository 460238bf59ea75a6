// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Receives the parts of a COSEM value in the order of its encoding, without a tree of it being built.
///
/// Spans are valid during the call only. Counts come from the peer: they are no reason to reserve memory.
public protocol DataVisitor {
    /// An array begins; the count is nil in a compact array, whose elements are not counted on the wire.
    mutating func beginArray(count: Int?)
    /// A structure begins.
    mutating func beginStructure(count: Int)
    /// The array or structure that began last ends.
    mutating func end()
    /// A null-data or dont-care.
    mutating func visitNull(_ tag: DataTag)
    /// A boolean (0 or 1), bcd, enum, unsigned number or unsigned difference.
    mutating func visitUnsigned(_ value: UInt64, _ tag: DataTag)
    /// A signed number or difference.
    mutating func visitSigned(_ value: Int64, _ tag: DataTag)
    /// A float32, in the low four octets, or float64, as bit pattern.
    mutating func visitFloat(bitPattern: UInt64, _ tag: DataTag)
    /// The octets of a string, date-time, date or time.
    mutating func visitOctets(_ octets: Span<UInt8>, _ tag: DataTag)
    /// The packed octets of a bit-string and how many bits they hold.
    mutating func visitBits(_ octets: Span<UInt8>, count: Int)
}

extension OctetReader {
    /// Reads one value and hands its parts to a visitor.
    ///
    /// - Throws: as `DLMSData.init(decoding:)`; the visitor may have seen the parts in front of the fault.
    @inlinable
    public mutating func visitData(_ visitor: inout some DataVisitor) throws(DecodeError) {
        var decoder = DataStreamDecoder(offset: offset)
        let used = rest.count - (try decoder.push(rest, into: &visitor))
        guard decoder.isComplete else { throw decoder.truncation }
        _ = try readSlice(count: used)
    }
}

extension Span where Element == UInt8 {
    /// A copy of the octets.
    public var array: [UInt8] {
        withUnsafeBufferPointer { Array($0) }
    }
}
