// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// Voltages, currents, power factors, frequency and the quality of the supply.
enum QualityObjects {
    static let all: [ObjectDefinition] =
        (0..<3).flatMap { phase -> [ObjectDefinition] in
            let base = UInt8(20 * phase)
            return [
                .register(OBISCode(1, 0, 31 + base, 7, 0, 255), scaler: -2, unit: UnitCode.ampere) {
                    .longUnsigned(UInt16(clamping: $0.current(ofPhase: phase)))
                },
                .register(OBISCode(1, 0, 32 + base, 7, 0, 255), scaler: -1, unit: UnitCode.volt) {
                    .longUnsigned(UInt16(clamping: $0.voltage(ofPhase: phase)))
                },
                .register(OBISCode(1, 0, 33 + base, 7, 0, 255), scaler: -3, unit: UnitCode.none) {
                    .longUnsigned(UInt16(clamping: $0.powerFactor(ofPhase: phase)))
                },
                .data(OBISCode(1, 0, 32 + base, 32, 0, 255)) {
                    .longUnsigned(UInt16(Noise(seed: $0.identity.seed).value(below: 4, stream: 60, at: Int64(phase))))
                },
            ]
        } + [
            .register(OBISCode(1, 0, 13, 7, 0, 255), scaler: -3, unit: UnitCode.none) { meter in
                .longUnsigned(UInt16((0..<3).map { meter.powerFactor(ofPhase: $0) }.reduce(0, +) / 3))
            },
            .register(OBISCode(1, 0, 14, 7, 0, 255), scaler: -2, unit: UnitCode.hertz) {
                .longUnsigned(UInt16(clamping: $0.frequency))
            },
            .register(OBISCode(1, 0, 91, 7, 0, 255), scaler: -2, unit: UnitCode.ampere) { meter in
                let currents = (0..<3).map { meter.current(ofPhase: $0) }
                return .longUnsigned(UInt16(clamping: (currents.max() ?? 0) - (currents.min() ?? 0)))
            },
            .register(OBISCode(1, 0, 12, 31, 0, 255), unit: UnitCode.volt) { _ in .longUnsigned(207) },
            .register(OBISCode(1, 0, 12, 35, 0, 255), unit: UnitCode.volt) { _ in .longUnsigned(253) },
            powerFailures,
        ]

    /// The count of failures in all phases, which the manager may reset.
    private static let powerFailures = ObjectDefinition(
        3,
        OBISCode(0, 0, 96, 7, 0, 255),
        [
            .value(2) { .longUnsigned($0.state.powerFailures) },
            .constant(3, ScalerUnit(scaler: 0, unitCode: UnitCode.none).data),
        ],
        methods: [
            MethodDefinition(index: 1) { state, _, _ in
                state.powerFailures = 0
                return .success
            }
        ]
    )
}
