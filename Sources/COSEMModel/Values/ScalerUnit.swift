// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The scaler_unit attribute: physical value = raw * 10^scaler, in a unit (Blue Book, class 3).
public struct ScalerUnit: Hashable, Sendable {
    /// The power of ten.
    public let scaler: Int8
    /// The code of the unit; 255 = none.
    public let unitCode: UInt8

    /// Makes a pair.
    public init(scaler: Int8, unitCode: UInt8) {
        self.scaler = scaler
        self.unitCode = unitCode
    }

    /// Reads the attribute: structure { integer, enum }; nil for anything else.
    ///
    /// Meters send either member as another small integer type, which is accepted.
    public init?(_ data: DLMSData) {
        guard case .structure(let members) = data, members.count == 2,
            let scaler = members[0].integerValue.flatMap({ Int8(exactly: $0) }),
            let unit = members[1].integerValue.flatMap({ UInt8(exactly: $0) })
        else { return nil }
        self.init(scaler: scaler, unitCode: unit)
    }

    /// The attribute's value.
    public var data: DLMSData { .structure([.integer(scaler), .enumeration(unitCode)]) }

    /// The unit, nil if its code is reserved.
    public var unit: Unit? { UnitTable.standard[unitCode] }

    /// The unit's symbol, nil if there is no unit or its code is unknown.
    public var symbol: String? {
        unit.flatMap { $0.symbol.isEmpty ? nil : $0.symbol }
    }
}

extension DLMSData {
    /// The value of any integer type, an enumeration or bcd included; nil for other types and what exceeds Int64.
    public var integerValue: Int64? {
        switch self {
        case .integer(let value), .deltaInteger(let value): Int64(value)
        case .long(let value), .deltaLong(let value): Int64(value)
        case .doubleLong(let value), .deltaDoubleLong(let value): Int64(value)
        case .long64(let value): value
        case .unsigned(let value), .enumeration(let value), .bcd(let value), .deltaUnsigned(let value): Int64(value)
        case .longUnsigned(let value), .deltaLongUnsigned(let value): Int64(value)
        case .doubleLongUnsigned(let value), .deltaDoubleLongUnsigned(let value): Int64(value)
        case .long64Unsigned(let value): Int64(exactly: value)
        case .nullData, .array, .structure, .boolean, .bitString, .octetString, .visibleString, .utf8String,
            .compactArray, .float32, .float64, .dateTime, .date, .time, .dontCare:
            nil
        }
    }
}
