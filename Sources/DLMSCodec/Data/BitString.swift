// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A string of bits, the first one in the most significant bit of the first octet.
///
/// On the wire: the number of bits as a length, then the octets, the last one padded with zeros.
public struct BitString: Hashable, Sendable {
    /// The number of bits.
    public let count: Int
    /// The bits, padded with zeros to whole octets.
    public let packedOctets: [UInt8]

    /// Makes a string of the first bits of some octets; what lies behind them is cleared.
    ///
    /// Octets that are missing count as zeros.
    public init(count: Int, packedOctets: [UInt8]) {
        self.count = max(count, 0)
        let width = (self.count + 7) / 8
        var octets = Array(packedOctets.prefix(width))
        octets.append(contentsOf: repeatElement(0, count: width - octets.count))
        let padding = width * 8 - self.count
        if let last = octets.indices.last { octets[last] &= UInt8(truncatingIfNeeded: 0xFF << padding) }
        self.packedOctets = octets
    }

    /// Makes a string of single bits.
    public init(_ bits: some Collection<Bool>) {
        var octets = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
        for (index, bit) in bits.enumerated() where bit {
            octets[index / 8] |= 0x80 >> UInt8(index % 8)
        }
        self.init(count: bits.count, packedOctets: octets)
    }

    /// Reads a text of `0` and `1`; nil for any other character.
    public init?(text: some StringProtocol) {
        guard text.utf8.allSatisfy({ $0 == 0x30 || $0 == 0x31 }) else { return nil }
        self.init(text.utf8.map { $0 == 0x31 })
    }

    /// The bit at an index from 0; false behind the end.
    public subscript(index: Int) -> Bool {
        guard index >= 0, index < count else { return false }
        return packedOctets[index / 8] & (0x80 >> UInt8(index % 8)) != 0
    }

    /// The bits as a text of `0` and `1`.
    public var text: String {
        String(decoding: (0..<count).map { self[$0] ? 0x31 : 0x30 } as [UInt8], as: UTF8.self)
    }
}

extension BitString: OctetCodable {
    /// Reads the number of bits and the octets; padding bits are ignored.
    ///
    /// - Throws: `.truncated`, `.invalidLength`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let count = try reader.readLength("bit-string length")
        self.init(count: count, packedOctets: try reader.readOctets(count: (count + 7) / 8, "bit-string"))
    }

    /// Writes the number of bits and the octets.
    public func encode(into writer: inout OctetWriter) {
        writer.writeLength(count)
        writer.write(contentsOf: packedOctets)
    }
}
