// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Reads big-endian fields from the front of octets that came from outside.
///
/// Every read is checked; a read that fails leaves the reader where it was. Offsets count from the start of the
/// outermost input, also in a reader over a part of it.
public struct OctetReader: Sendable {
    private let storage: ArraySlice<UInt8>
    private let origin: Int
    private var position: Int
    private let end: Int

    /// Makes a reader over all of the octets.
    public init(_ octets: [UInt8]) {
        self.init(octets[...])
    }

    /// Makes a reader over a slice; the offset starts at 0.
    public init(_ octets: ArraySlice<UInt8>) {
        storage = octets
        origin = octets.startIndex
        position = octets.startIndex
        end = octets.endIndex
    }

    private init(storage: ArraySlice<UInt8>, origin: Int, position: Int, end: Int) {
        self.storage = storage
        self.origin = origin
        self.position = position
        self.end = end
    }

    /// How many octets of the outermost input lie before the next one.
    public var offset: Int { position - origin }

    /// How many octets are left.
    public var remaining: Int { end - position }

    /// Whether nothing is left.
    public var isAtEnd: Bool { position == end }

    /// The octets that are left, without reading them.
    public var rest: ArraySlice<UInt8> { storage[position..<end] }

    /// Looks at the next octet without reading it; nil at the end.
    public func peek() -> UInt8? {
        position < end ? storage[position] : nil
    }

    /// Reads one octet.
    ///
    /// - Throws: `.truncated`.
    public mutating func readUInt8(_ what: StaticString = "octet") throws(DecodeError) -> UInt8 {
        guard position < end else { throw truncated(1, what) }
        let octet = storage[position]
        position += 1
        return octet
    }

    /// Reads an unsigned integer of two octets.
    ///
    /// - Throws: `.truncated`.
    public mutating func readUInt16(_ what: StaticString = "unsigned 16") throws(DecodeError) -> UInt16 {
        try readInteger(what)
    }

    /// Reads an unsigned integer of four octets.
    ///
    /// - Throws: `.truncated`.
    public mutating func readUInt32(_ what: StaticString = "unsigned 32") throws(DecodeError) -> UInt32 {
        try readInteger(what)
    }

    /// Reads an unsigned integer of eight octets.
    ///
    /// - Throws: `.truncated`.
    public mutating func readUInt64(_ what: StaticString = "unsigned 64") throws(DecodeError) -> UInt64 {
        try readInteger(what)
    }

    /// Reads a two's complement integer of one octet.
    ///
    /// - Throws: `.truncated`.
    public mutating func readInt8(_ what: StaticString = "integer 8") throws(DecodeError) -> Int8 {
        Int8(bitPattern: try readUInt8(what))
    }

    /// Reads a two's complement integer of two octets.
    ///
    /// - Throws: `.truncated`.
    public mutating func readInt16(_ what: StaticString = "integer 16") throws(DecodeError) -> Int16 {
        try readInteger(what)
    }

    /// Reads a two's complement integer of four octets.
    ///
    /// - Throws: `.truncated`.
    public mutating func readInt32(_ what: StaticString = "integer 32") throws(DecodeError) -> Int32 {
        try readInteger(what)
    }

    /// Reads a two's complement integer of eight octets.
    ///
    /// - Throws: `.truncated`.
    public mutating func readInt64(_ what: StaticString = "integer 64") throws(DecodeError) -> Int64 {
        try readInteger(what)
    }

    /// Reads a BOOLEAN of one octet: any value other than 0 is true.
    ///
    /// - Throws: `.truncated`.
    public mutating func readBool(_ what: StaticString = "boolean") throws(DecodeError) -> Bool {
        try readUInt8(what) != 0
    }

    /// Reads a number of octets.
    ///
    /// - Throws: `.truncated`.
    public mutating func readOctets(count: Int, _ what: StaticString = "octets") throws(DecodeError) -> [UInt8] {
        Array(try readSlice(count: count, what))
    }

    /// Reads a number of octets without copying them.
    ///
    /// - Throws: `.truncated`.
    public mutating func readSlice(
        count: Int,
        _ what: StaticString = "octets"
    ) throws(DecodeError) -> ArraySlice<UInt8> {
        guard count >= 0 else { throw DecodeError(.invalidLength(count), at: offset, what: what.description) }
        guard count <= remaining else { throw truncated(count, what) }
        let slice = storage[position..<position + count]
        position += count
        return slice
    }

    /// Splits the next octets off as a reader of their own, which keeps counting offsets from the outermost start.
    ///
    /// - Throws: `.truncated`.
    public mutating func readReader(count: Int, _ what: StaticString = "octets") throws(DecodeError) -> OctetReader {
        let start = position
        _ = try readSlice(count: count, what)
        return OctetReader(storage: storage, origin: origin, position: start, end: position)
    }

    /// Reads everything that is left.
    public mutating func readRest() -> [UInt8] {
        let octets = Array(rest)
        position = end
        return octets
    }

    /// Reads a length or count: one octet up to 127, else 0x80 + n and n octets.
    ///
    /// Forms longer than needed are accepted (seen from meters); the same layout serves A-XDR and BER.
    /// - Throws: `.truncated`; `.invalidLength` for the indefinite form and for what does not fit 31 bits.
    public mutating func readLength(_ what: StaticString = "length") throws(DecodeError) -> Int {
        let start = position
        let first = try readUInt8(what)
        guard first >= 0x80 else { return Int(first) }
        let count = Int(first & 0x7F)
        guard count > 0, count <= 8 else {
            position = start
            throw DecodeError(.invalidLength(Int(first)), at: offset, what: what.description)
        }
        guard count <= remaining else {
            let missing = truncated(count, what)
            position = start
            throw missing
        }
        var length = 0
        for octet in storage[position..<position + count] {
            length = length << 8 | Int(octet)
            guard length <= Int(Int32.max) else {
                position = start
                throw DecodeError(.invalidLength(length), at: offset, what: what.description)
            }
        }
        position += count
        return length
    }

    /// Reads the count of a list whose items take at least one octet each.
    ///
    /// - Throws: as `readLength`, and `.countTooLarge` when the octets left cannot hold that many items.
    public mutating func readCount(_ what: StaticString = "count") throws(DecodeError) -> Int {
        let start = offset
        let count = try readLength(what)
        guard count <= remaining else { throw DecodeError(.countTooLarge(count), at: start, what: what.description) }
        return count
    }

    /// Reads an OCTET STRING: its length, then its octets.
    ///
    /// - Throws: as `readLength`, and `.truncated`.
    public mutating func readOctetString(_ what: StaticString = "octet-string") throws(DecodeError) -> [UInt8] {
        let length = try readLength(what)
        return try readOctets(count: length, what)
    }

    /// Checks that nothing is left.
    ///
    /// - Throws: `.trailingOctets`.
    public func finish(_ what: StaticString) throws(DecodeError) {
        guard isAtEnd else { throw DecodeError(.trailingOctets(remaining), at: offset, what: what.description) }
    }

    private mutating func readInteger<Integer: FixedWidthInteger>(
        _ what: StaticString
    ) throws(DecodeError) -> Integer {
        let width = Integer.bitWidth / 8
        guard width <= remaining else { throw truncated(width, what) }
        var value: Integer = 0
        for index in position..<position + width {
            value = value << 8 | Integer(truncatingIfNeeded: storage[index])
        }
        position += width
        return value
    }

    private func truncated(_ needed: Int, _ what: StaticString) -> DecodeError {
        DecodeError(.truncated(needed: needed, remaining: remaining), at: offset, what: what.description)
    }
}
