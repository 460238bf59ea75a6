// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which services a peer can use (IEC 62056-5-3, Conformance): 24 bits, bit 0 the most significant.
///
/// On the wire: 5F 1F 04 00 and three octets, BER with an application tag of two octets. Old peers leave the second
/// tag octet out (5F 04 00), which is accepted.
public struct Conformance: OptionSet, Hashable, Sendable {
    /// The 24 bits, bit 0 of the standard in 0x800000.
    public let rawValue: UInt32

    /// Makes a set of the low 24 bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue & 0x00FF_FFFF
    }

    /// General ciphering and signing; bit 1.
    public static let generalProtection = Self(bit: 1)
    /// General block transfer; bit 2.
    public static let generalBlockTransfer = Self(bit: 2)
    /// Reading by short name; bit 3.
    public static let read = Self(bit: 3)
    /// Writing by short name; bit 4.
    public static let write = Self(bit: 4)
    /// Writing by short name without an answer; bit 5.
    public static let unconfirmedWrite = Self(bit: 5)
    /// Delta types in arrays; bit 6.
    public static let deltaValueEncoding = Self(bit: 6)
    /// Writing all attributes of an object at once; bit 8.
    public static let attribute0WithSet = Self(bit: 8)
    /// Priorities; bit 9.
    public static let priorityManagement = Self(bit: 9)
    /// Reading all attributes of an object at once; bit 10.
    public static let attribute0WithGet = Self(bit: 10)
    /// Long answers to GET or read; bit 11.
    public static let blockTransferWithGetOrRead = Self(bit: 11)
    /// Long SET or write; bit 12.
    public static let blockTransferWithSetOrWrite = Self(bit: 12)
    /// Long ACTION; bit 13.
    public static let blockTransferWithAction = Self(bit: 13)
    /// Several attributes or methods in one request; bit 14.
    public static let multipleReferences = Self(bit: 14)
    /// Unasked values by short name; bit 15.
    public static let informationReport = Self(bit: 15)
    /// Unasked values in DATA-NOTIFICATION; bit 16.
    public static let dataNotification = Self(bit: 16)
    /// The ACCESS service; bit 17.
    public static let access = Self(bit: 17)
    /// Parts of variables by short name; bit 18.
    public static let parameterizedAccess = Self(bit: 18)
    /// The GET service; bit 19.
    public static let get = Self(bit: 19)
    /// The SET service; bit 20.
    public static let set = Self(bit: 20)
    /// Parts of attributes; bit 21.
    public static let selectiveAccess = Self(bit: 21)
    /// Unasked values in EVENT-NOTIFICATION; bit 22.
    public static let eventNotification = Self(bit: 22)
    /// The ACTION service; bit 23.
    public static let action = Self(bit: 23)

    /// The standard's names of the bits that are set, in their order.
    public var names: [String] {
        (0..<24).filter { contains(Self(bit: $0)) }.map { Self.bitNames[$0] }
    }

    private init(bit: Int) {
        self.init(rawValue: 0x0080_0000 >> UInt32(bit))
    }

    private static let bitNames = [
        "reserved-zero", "general-protection", "general-block-transfer", "read", "write", "unconfirmed-write",
        "delta-value-encoding", "reserved-seven", "attribute0-supported-with-set", "priority-mgmt-supported",
        "attribute0-supported-with-get", "block-transfer-with-get-or-read", "block-transfer-with-set-or-write",
        "block-transfer-with-action", "multiple-references", "information-report", "data-notification", "access",
        "parameterized-access", "get", "set", "selective-access", "event-notification", "action",
    ]
}

extension Conformance: OctetCodable {
    /// Reads tag, length, number of unused bits and three octets.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        let tag = try reader.readUInt8("conformance")
        guard tag == 0x5F else { throw DecodeError(.unknownTag(tag), at: start, what: "conformance") }
        if reader.peek() == 0x1F { _ = try reader.readUInt8("conformance") }
        let length = try reader.readLength("conformance")
        guard length == 4 else { throw DecodeError(.invalidLength(length), at: start, what: "conformance") }
        let unused = try reader.readUInt8("unused bits of conformance")
        guard unused == 0 else {
            throw DecodeError(.invalidValue(Int(unused)), at: start, what: "unused bits of conformance")
        }
        var bits: UInt32 = 0
        for _ in 0..<3 {
            bits = bits << 8 | UInt32(try reader.readUInt8("conformance"))
        }
        self.init(rawValue: bits)
    }

    /// Writes tag, length, number of unused bits and three octets.
    public func encode(into writer: inout OctetWriter) {
        writer.write(contentsOf: [0x5F, 0x1F, 0x04, 0x00])
        writer.write(contentsOf: bitOctets)
    }

    /// The three octets with the bits.
    public var bitOctets: [UInt8] {
        [16, 8, 0].map { UInt8(truncatingIfNeeded: rawValue >> $0) }
    }
}
