// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The types of COSEM data and their tag octets (IEC 62056-6-2, common data types; Green Book, Data).
///
/// Tags 7, 8, 0B and 0E are reserved and never decoded.
public enum DataTag: UInt8, CaseIterable, Hashable, Sendable {
    /// The type `null-data`.
    case nullData = 0x00
    /// The type `array`.
    case array = 0x01
    /// The type `structure`.
    case structure = 0x02
    /// The type `boolean`.
    case boolean = 0x03
    /// The type `bit-string`.
    case bitString = 0x04
    /// The type `double-long`.
    case doubleLong = 0x05
    /// The type `double-long-unsigned`.
    case doubleLongUnsigned = 0x06
    /// The type `octet-string`.
    case octetString = 0x09
    /// The type `visible-string`.
    case visibleString = 0x0A
    /// The type `utf8-string`.
    case utf8String = 0x0C
    /// The type `bcd`.
    case bcd = 0x0D
    /// The type `integer`.
    case integer = 0x0F
    /// The type `long`.
    case long = 0x10
    /// The type `unsigned`.
    case unsigned = 0x11
    /// The type `long-unsigned`.
    case longUnsigned = 0x12
    /// The type `compact-array`.
    case compactArray = 0x13
    /// The type `long64`.
    case long64 = 0x14
    /// The type `long64-unsigned`.
    case long64Unsigned = 0x15
    /// The type `enum`.
    case enumeration = 0x16
    /// The type `float32`.
    case float32 = 0x17
    /// The type `float64`.
    case float64 = 0x18
    /// The type `date-time`.
    case dateTime = 0x19
    /// The type `date`.
    case date = 0x1A
    /// The type `time`.
    case time = 0x1B
    /// The type `delta-integer`.
    case deltaInteger = 0x1C
    /// The type `delta-long`.
    case deltaLong = 0x1D
    /// The type `delta-double-long`.
    case deltaDoubleLong = 0x1E
    /// The type `delta-unsigned`.
    case deltaUnsigned = 0x1F
    /// The type `delta-long-unsigned`.
    case deltaLongUnsigned = 0x20
    /// The type `delta-double-long-unsigned`.
    case deltaDoubleLongUnsigned = 0x21
    /// The type `dont-care`.
    case dontCare = 0xFF

    /// The standard's name of the type, such as `double-long-unsigned`.
    public var name: String {
        switch self {
        case .nullData: "null-data"
        case .array: "array"
        case .structure: "structure"
        case .boolean: "boolean"
        case .bitString: "bit-string"
        case .doubleLong: "double-long"
        case .doubleLongUnsigned: "double-long-unsigned"
        case .octetString: "octet-string"
        case .visibleString: "visible-string"
        case .utf8String: "utf8-string"
        case .bcd: "bcd"
        case .integer: "integer"
        case .long: "long"
        case .unsigned: "unsigned"
        case .longUnsigned: "long-unsigned"
        case .compactArray: "compact-array"
        case .long64: "long64"
        case .long64Unsigned: "long64-unsigned"
        case .enumeration: "enum"
        case .float32: "float32"
        case .float64: "float64"
        case .dateTime: "date-time"
        case .date: "date"
        case .time: "time"
        case .deltaInteger: "delta-integer"
        case .deltaLong: "delta-long"
        case .deltaDoubleLong: "delta-double-long"
        case .deltaUnsigned: "delta-unsigned"
        case .deltaLongUnsigned: "delta-long-unsigned"
        case .deltaDoubleLongUnsigned: "delta-double-long-unsigned"
        case .dontCare: "dont-care"
        }
    }

    /// Finds the type by the standard's name.
    public init?(name: String) {
        guard let tag = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = tag
    }

    /// The octets of a value behind its tag, for types where that is always the same.
    public var width: Int? {
        switch self {
        case .nullData, .dontCare: 0
        case .boolean, .bcd, .integer, .unsigned, .enumeration, .deltaInteger, .deltaUnsigned: 1
        case .long, .longUnsigned, .deltaLong, .deltaLongUnsigned: 2
        case .doubleLong, .doubleLongUnsigned, .float32, .time, .deltaDoubleLong, .deltaDoubleLongUnsigned: 4
        case .date: 5
        case .long64, .long64Unsigned, .float64: 8
        case .dateTime: 12
        case .array, .structure, .bitString, .octetString, .visibleString, .utf8String, .compactArray: nil
        }
    }
}

extension OctetReader {
    /// Reads the tag octet of a value.
    ///
    /// - Throws: `.truncated`; `.unknownTag` for reserved and unassigned tags.
    mutating func readDataTag() throws(DecodeError) -> DataTag {
        let start = offset
        let octet = try readUInt8("data tag")
        guard let tag = DataTag(rawValue: octet) else {
            throw DecodeError(.unknownTag(octet), at: start, what: "data tag")
        }
        return tag
    }
}
