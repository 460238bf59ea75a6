// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// Registers of the table, in one line each.
extension ObjectDefinition {
    /// A register with a double-long-unsigned value.
    static func register(
        _ name: OBISCode,
        scaler: Int8 = 0,
        unit: UInt8,
        _ value: @escaping @Sendable (MeterSnapshot) -> Int
    ) -> ObjectDefinition {
        register(name, scaler: scaler, unit: unit, data: { .doubleLongUnsigned(UInt32(clamping: value($0))) })
    }

    /// A register with a value of any type.
    static func register(
        _ name: OBISCode,
        scaler: Int8 = 0,
        unit: UInt8,
        data: @escaping @Sendable (MeterSnapshot) -> DLMSData
    ) -> ObjectDefinition {
        ObjectDefinition(
            3,
            name,
            [AttributeDefinition(index: 2, read: data), .constant(3, ScalerUnit(scaler: scaler, unitCode: unit).data)],
            // Billing registers are not reset from outside.
            methods: [MethodDefinition(index: 1) { _, _, _ in .readWriteDenied }]
        )
    }

    /// A Data object.
    static func data(
        _ name: OBISCode,
        _ audience: Audience = .readers,
        _ value: @escaping @Sendable (MeterSnapshot) -> DLMSData
    ) -> ObjectDefinition {
        ObjectDefinition(1, name, [.value(2, audience, value)])
    }
}

/// Unit codes used here (Blue Book, enumeration of units).
enum UnitCode {
    static let second: UInt8 = 7
    static let celsius: UInt8 = 9
    static let watt: UInt8 = 27
    static let voltAmpere: UInt8 = 28
    static let reactive: UInt8 = 29
    static let wattHour: UInt8 = 30
    static let voltAmpereHour: UInt8 = 31
    static let reactiveHour: UInt8 = 32
    static let ampere: UInt8 = 33
    static let volt: UInt8 = 35
    static let hertz: UInt8 = 44
    static let pulsesPerWattHour: UInt8 = 45
    static let none: UInt8 = 255
}
