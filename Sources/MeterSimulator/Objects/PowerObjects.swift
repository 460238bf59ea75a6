// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// Powers now, on average and at most.
enum PowerObjects {
    static let maximumImport = OBISCode(1, 0, 1, 6, 0, 255)

    static let all: [ObjectDefinition] =
        [
            .register(OBISCode(1, 0, 1, 7, 0, 255), unit: UnitCode.watt) { $0.power.import },
            .register(OBISCode(1, 0, 2, 7, 0, 255), unit: UnitCode.watt) { $0.power.export },
            .register(OBISCode(1, 0, 3, 7, 0, 255), unit: UnitCode.reactive) { $0.power.import * 24 / 100 },
            .register(OBISCode(1, 0, 4, 7, 0, 255), unit: UnitCode.reactive) { $0.power.import * 3 / 100 },
            .register(OBISCode(1, 0, 9, 7, 0, 255), unit: UnitCode.voltAmpere) { $0.power.import * 103 / 100 },
            .register(OBISCode(1, 0, 16, 7, 0, 255), unit: UnitCode.watt) { meter in
                let power = meter.power
                return .doubleLong(Int32(clamping: power.import - power.export))
            },
        ]
        + (0..<3).map { phase in
            .register(OBISCode(1, 0, UInt8(21 + 20 * phase), 7, 0, 255), unit: UnitCode.watt) {
                $0.importPower(ofPhase: phase)
            }
        }
        + [demand(OBISCode(1, 0, 1, 4, 0, 255)) { $0.import }, demand(OBISCode(1, 0, 2, 4, 0, 255)) { $0.export }]
        + [maximumDemand]

    private static let watts = ScalerUnit(scaler: 0, unitCode: UnitCode.watt).data

    /// Class 5 over periods of a quarter of an hour.
    private static func demand(
        _ name: OBISCode,
        _ direction: @escaping @Sendable ((import: Int, export: Int)) -> Int
    ) -> ObjectDefinition {
        let quarter = LoadModel.quarterSeconds
        return ObjectDefinition(
            5,
            name,
            [
                .value(2) { meter in
                    let start = meter.quarterStart(meter.time)
                    let step = meter.energies(at: meter.time) - meter.energies(at: start)
                    let power = direction((step.importTotal * 4, step.export * 4))
                    return .doubleLongUnsigned(UInt32(clamping: power))
                },
                .value(3) { meter in
                    let power = meter.averagePower(ofQuarterAt: meter.quarterStart(meter.time) - quarter)
                    return .doubleLongUnsigned(UInt32(clamping: direction(power)))
                },
                .constant(4, watts),
                .constant(5, .unsigned(0)),
                .value(6) { .octetString($0.dateTime($0.quarterStart($0.time)).octets) },
                .value(7) { .octetString($0.dateTime($0.quarterStart($0.time)).octets) },
                .constant(8, .doubleLongUnsigned(UInt32(quarter))),
                .constant(9, .longUnsigned(1)),
            ],
            methods: [
                MethodDefinition(index: 1) { _, _, _ in .readWriteDenied },
                MethodDefinition(index: 2) { _, _, _ in .readWriteDenied },
            ]
        )
    }

    /// Class 4: the largest quarter of the month, or since it was reset.
    private static let maximumDemand = ObjectDefinition(
        4,
        maximumImport,
        [
            .value(2) { .doubleLongUnsigned(UInt32(clamping: $0.currentMaximumDemand.import)) },
            .constant(3, watts),
            .constant(4, .unsigned(0)),
            .value(5) { .octetString($0.dateTime($0.currentMaximumDemand.time).octets) },
        ],
        methods: [
            MethodDefinition(index: 1) { state, _, meter in
                state.demandResetTime = meter.time
                return .success
            }
        ]
    )
}
