// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Numbers of every numeric type from decimal text.
extension SimpleValueReader {
    /// The value of a decimal text times `10^-scaler`, exact for integers.
    static func number(
        _ text: String,
        as type: DataTag,
        scaler: Int = 0,
        at pointer: JSONPointer
    ) throws(ValueError) -> DLMSData {
        func integer<Integer: FixedWidthInteger>(_ make: (Integer) -> DLMSData) throws(ValueError) -> DLMSData {
            guard let value = DecimalText.raw(text, scaler: scaler, as: Integer.self) else {
                let low = DecimalText.scaled(Integer.min, scaler: scaler)
                let high = DecimalText.scaled(Integer.max, scaler: scaler)
                let step = DecimalText.scaled(1, scaler: scaler)
                throw .outOfRange(at: pointer, expected: "a number from \(low) to \(high) in steps of \(step)")
            }
            return make(value)
        }
        switch type {
        case .integer: return try integer { .integer($0) }
        case .long: return try integer { .long($0) }
        case .doubleLong: return try integer { .doubleLong($0) }
        case .long64: return try integer { .long64($0) }
        case .unsigned: return try integer { .unsigned($0) }
        case .longUnsigned: return try integer { .longUnsigned($0) }
        case .doubleLongUnsigned: return try integer { .doubleLongUnsigned($0) }
        case .long64Unsigned: return try integer { .long64Unsigned($0) }
        case .bcd: return try integer { .bcd($0) }
        case .deltaInteger: return try integer { .deltaInteger($0) }
        case .deltaLong: return try integer { .deltaLong($0) }
        case .deltaDoubleLong: return try integer { .deltaDoubleLong($0) }
        case .deltaUnsigned: return try integer { .deltaUnsigned($0) }
        case .deltaLongUnsigned: return try integer { .deltaLongUnsigned($0) }
        case .deltaDoubleLongUnsigned: return try integer { .deltaDoubleLongUnsigned($0) }
        case .float32:
            guard let value = DecimalText.shifted(text, by: -scaler).flatMap({ Float($0) }), value.isFinite else {
                throw .outOfRange(at: pointer, expected: "a number within the range of float32")
            }
            return .float32(bitPattern: value.bitPattern)
        case .float64:
            guard let value = DecimalText.shifted(text, by: -scaler).flatMap({ Double($0) }), value.isFinite else {
                throw .outOfRange(at: pointer, expected: "a number within the range of float64")
            }
            return .float64(bitPattern: value.bitPattern)
        case .nullData, .array, .structure, .boolean, .bitString, .octetString, .visibleString, .utf8String,
            .compactArray, .enumeration, .dateTime, .date, .time, .dontCare:
            throw .typeRequired(at: pointer)
        }
    }
}

extension DataTag {
    /// Whether values of the type are numbers that a scaler may apply to.
    var isNumeric: Bool {
        switch self {
        case .integer, .long, .doubleLong, .long64, .unsigned, .longUnsigned, .doubleLongUnsigned, .long64Unsigned,
            .bcd, .float32, .float64:
            true
        case .nullData, .array, .structure, .boolean, .bitString, .octetString, .visibleString, .utf8String,
            .compactArray, .enumeration, .dateTime, .date, .time, .deltaInteger, .deltaLong, .deltaDoubleLong,
            .deltaUnsigned, .deltaLongUnsigned, .deltaDoubleLongUnsigned, .dontCare:
            false
        }
    }
}
