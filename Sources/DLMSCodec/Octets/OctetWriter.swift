// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Collects the octets of an encoding, big-endian.
public struct OctetWriter: Sendable {
    /// The octets written so far.
    public private(set) var octets: [UInt8] = []

    /// Makes an empty writer with room for some octets.
    public init(reservingCapacity capacity: Int = 64) {
        octets.reserveCapacity(capacity)
    }

    /// Writes an integer in as many octets as its type has, most significant first.
    public mutating func write(_ value: some FixedWidthInteger) {
        var shift = value.bitWidth
        while shift > 0 {
            shift -= 8
            octets.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Writes a BOOLEAN as 01 or 00.
    public mutating func write(_ value: Bool) {
        octets.append(value ? 1 : 0)
    }

    /// Writes octets as they are.
    public mutating func write(contentsOf content: some Sequence<UInt8>) {
        octets.append(contentsOf: content)
    }

    /// Writes a length or count in the shortest form (A-XDR and BER).
    public mutating func writeLength(_ length: Int) {
        if length < 0x80 {
            octets.append(UInt8(truncatingIfNeeded: length))
            return
        }
        let count = (Int.bitWidth - length.leadingZeroBitCount + 7) / 8
        octets.append(0x80 | UInt8(truncatingIfNeeded: count))
        for index in stride(from: count - 1, through: 0, by: -1) {
            octets.append(UInt8(truncatingIfNeeded: length >> (index * 8)))
        }
    }

    /// Writes an OCTET STRING: its length, then its octets.
    public mutating func writeOctetString(_ content: some Collection<UInt8>) {
        writeLength(content.count)
        octets.append(contentsOf: content)
    }
}
