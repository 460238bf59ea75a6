// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A COSEM value of any type (Green Book, Data; Blue Book, common data types).
///
/// Numbers are held as they are on the wire; floats as their bit pattern, so that every not-a-number survives;
/// strings as octets, since meters put other character sets into them.
public enum DLMSData: Hashable, Sendable {
    /// No value.
    case nullData
    /// Values of one type.
    case array([DLMSData])
    /// Values of any types.
    case structure([DLMSData])
    /// One octet; sent as 01 or 00, anything but 00 is true.
    case boolean(Bool)
    /// A string of bits.
    case bitString(BitString)
    /// Signed, four octets.
    case doubleLong(Int32)
    /// Unsigned, four octets.
    case doubleLongUnsigned(UInt32)
    /// Any octets.
    case octetString([UInt8])
    /// ASCII text, by the standard.
    case visibleString([UInt8])
    /// UTF-8 text, by the standard.
    case utf8String([UInt8])
    /// Two binary coded decimal digits, one octet.
    case bcd(UInt8)
    /// Signed, one octet.
    case integer(Int8)
    /// Signed, two octets.
    case long(Int16)
    /// Unsigned, one octet.
    case unsigned(UInt8)
    /// Unsigned, two octets.
    case longUnsigned(UInt16)
    /// Values of one type whose description is sent once.
    case compactArray(CompactArray)
    /// Signed, eight octets.
    case long64(Int64)
    /// Unsigned, eight octets.
    case long64Unsigned(UInt64)
    /// A choice the class defines, one octet.
    case enumeration(UInt8)
    /// IEEE 754 binary32, four octets.
    case float32(bitPattern: UInt32)
    /// IEEE 754 binary64, eight octets.
    case float64(bitPattern: UInt64)
    /// Date, time, deviation and clock status, twelve octets.
    case dateTime(COSEMDateTime)
    /// A date, five octets.
    case date(COSEMDate)
    /// A time of day, four octets.
    case time(COSEMTime)
    /// A signed difference to the element before, one octet.
    case deltaInteger(Int8)
    /// A signed difference to the element before, two octets.
    case deltaLong(Int16)
    /// A signed difference to the element before, four octets.
    case deltaDoubleLong(Int32)
    /// An unsigned difference to the element before, one octet.
    case deltaUnsigned(UInt8)
    /// An unsigned difference to the element before, two octets.
    case deltaLongUnsigned(UInt16)
    /// An unsigned difference to the element before, four octets.
    case deltaDoubleLongUnsigned(UInt32)
    /// Any value will do.
    case dontCare

    /// How deep values may nest before decoding refuses them.
    public static let deepestNesting = 32

    /// The type.
    public var dataTag: DataTag {
        switch self {
        case .nullData: .nullData
        case .array: .array
        case .structure: .structure
        case .boolean: .boolean
        case .bitString: .bitString
        case .doubleLong: .doubleLong
        case .doubleLongUnsigned: .doubleLongUnsigned
        case .octetString: .octetString
        case .visibleString: .visibleString
        case .utf8String: .utf8String
        case .bcd: .bcd
        case .integer: .integer
        case .long: .long
        case .unsigned: .unsigned
        case .longUnsigned: .longUnsigned
        case .compactArray: .compactArray
        case .long64: .long64
        case .long64Unsigned: .long64Unsigned
        case .enumeration: .enumeration
        case .float32: .float32
        case .float64: .float64
        case .dateTime: .dateTime
        case .date: .date
        case .time: .time
        case .deltaInteger: .deltaInteger
        case .deltaLong: .deltaLong
        case .deltaDoubleLong: .deltaDoubleLong
        case .deltaUnsigned: .deltaUnsigned
        case .deltaLongUnsigned: .deltaLongUnsigned
        case .deltaDoubleLongUnsigned: .deltaDoubleLongUnsigned
        case .dontCare: .dontCare
        }
    }

    /// The tag octet.
    public var tag: UInt8 { dataTag.rawValue }

    /// The standard's name of the type, such as `double-long-unsigned`.
    public var typeName: String { dataTag.name }
}
