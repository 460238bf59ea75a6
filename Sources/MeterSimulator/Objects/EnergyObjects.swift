// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Energy registers; reactive and apparent energies follow from the active ones by a fixed power factor.
enum EnergyObjects {
    static let all: [ObjectDefinition] =
        [
            active(1, 0) { $0.energies.importTotal },
            active(1, 1) { $0.energies.importDay },
            active(1, 2) { $0.energies.importNight },
            active(2, 0) { $0.energies.export },
            active(15, 0) { $0.energies.importTotal + $0.energies.export },
            .register(OBISCode(1, 0, 16, 8, 0, 255), unit: UnitCode.wattHour) { meter in
                let energies = meter.energies
                return .doubleLong(Int32(clamping: energies.importTotal - energies.export))
            },
            .register(OBISCode(1, 0, 3, 8, 0, 255), unit: UnitCode.reactiveHour) { $0.energies.importTotal * 24 / 100 },
            .register(OBISCode(1, 0, 4, 8, 0, 255), unit: UnitCode.reactiveHour) { $0.energies.importTotal * 3 / 100 },
            .register(OBISCode(1, 0, 9, 8, 0, 255), unit: UnitCode.voltAmpereHour) {
                $0.energies.importTotal * 103 / 100
            },
            .register(OBISCode(1, 0, 10, 8, 0, 255), unit: UnitCode.voltAmpereHour) { $0.energies.export * 101 / 100 },
        ]
        + (0..<3).map { phase in
            active(UInt8(21 + 20 * phase), 0) { $0.importEnergy(ofPhase: phase) }
        }

    private static func active(
        _ c: UInt8,
        _ e: UInt8,
        _ value: @escaping @Sendable (MeterSnapshot) -> Int
    ) -> ObjectDefinition {
        .register(OBISCode(1, 0, c, 8, e, 255), unit: UnitCode.wattHour, value)
    }
}
