// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The address of a station (IEC 62056-46 §6.4.2).
///
/// Each octet holds seven bits of the address above a bit that is 1 in the last octet only.
///
/// | octets | content |
/// |---|---|
/// | 1 | a client, or the upper address of a server: 7 bits |
/// | 2 | upper address: 7 bits; lower address: 7 bits |
/// | 4 | upper address: 14 bits; lower address: 14 bits |
public struct HDLCAddress: Hashable, Sendable {
    /// How many octets the address takes.
    public enum Width: Int, Hashable, Sendable, CaseIterable {
        /// Upper address only, up to 127.
        case one = 1
        /// Upper and lower address, up to 127 each.
        case two = 2
        /// Upper and lower address, up to 16 383 each.
        case four = 4

        /// The largest part, which means all stations.
        public var largestPart: UInt16 { self == .four ? 0x3FFF : 0x7F }
    }

    /// How many octets the address takes.
    public let width: Width
    /// The client, or the logical device of a server.
    public let upper: UInt16
    /// The physical device of a server; 0 in an address of one octet.
    public let lower: UInt16

    /// Makes an address of one octet; nil for more than 127.
    public init?(upper: UInt16) {
        self.init(width: .one, upper: upper, lower: 0)
    }

    /// Makes an address; nil when a part does not fit the width, or one octet should hold a lower address.
    public init?(width: Width, upper: UInt16, lower: UInt16) {
        guard upper <= width.largestPart, lower <= width.largestPart, width != .one || lower == 0 else { return nil }
        self.width = width
        self.upper = upper
        self.lower = lower
    }

    /// Makes the address of a client of the low seven bits of a number.
    public init(client: UInt8) {
        width = .one
        upper = UInt16(client & 0x7F)
        lower = 0
    }

    /// The lower address; nil when the address has none.
    public var lowerIfPresent: UInt16? { width == .one ? nil : lower }

    /// Whether all logical devices are meant.
    public var isAllStations: Bool { upper == width.largestPart }

    /// Whether no station is meant.
    public var isNoStation: Bool { upper == 0 }

    /// Whether the physical device is the one that calls (7E, 3FFE).
    public var isCallingDevice: Bool { width != .one && lower == width.largestPart - 1 }

    /// Whether both may name one station although meters answer with another width or without the lower part.
    ///
    /// Observed: meters that answer in one octet to a request in two, and with lower address 0.
    public func mayBeSameStation(as other: HDLCAddress) -> Bool {
        guard upper == other.upper else { return false }
        return lower == other.lower || lower == 0 || other.lower == 0
    }
}

extension HDLCAddress: OctetCodable {
    /// Reads octets up to the one whose lowest bit is 1.
    ///
    /// - Throws: `.truncated`; `.invalidLength` for three octets and for more than four.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        var parts: [UInt16] = []
        var octet: UInt8 = 0
        repeat {
            octet = try reader.readUInt8("HDLC address")
            parts.append(UInt16(octet >> 1))
        } while octet & 1 == 0 && parts.count < 4
        guard octet & 1 == 1, let width = Width(rawValue: parts.count) else {
            throw DecodeError(.invalidLength(parts.count), at: start, what: "HDLC address")
        }
        self.width = width
        switch width {
        case .one: (upper, lower) = (parts[0], 0)
        case .two: (upper, lower) = (parts[0], parts[1])
        case .four: (upper, lower) = (parts[0] << 7 | parts[1], parts[2] << 7 | parts[3])
        }
    }

    /// Writes the address in its width.
    public func encode(into writer: inout OctetWriter) {
        switch width {
        case .one: writer.write(UInt8(truncatingIfNeeded: upper << 1 | 1))
        case .two:
            writer.write(UInt8(truncatingIfNeeded: upper << 1))
            writer.write(UInt8(truncatingIfNeeded: lower << 1 | 1))
        case .four:
            writer.write(UInt8(truncatingIfNeeded: (upper >> 7) << 1))
            writer.write(UInt8(truncatingIfNeeded: upper << 1 & 0xFE))
            writer.write(UInt8(truncatingIfNeeded: (lower >> 7) << 1))
            writer.write(UInt8(truncatingIfNeeded: lower << 1 | 1))
        }
    }
}

extension HDLCAddress: CustomStringConvertible {
    /// Upper and lower address in decimal, such as `1/17`.
    public var description: String { width == .one ? "\(upper)" : "\(upper)/\(lower)" }
}
