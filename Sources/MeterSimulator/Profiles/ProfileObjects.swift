// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// The profiles: load, days, months and events.
enum ProfileObjects {
    static let loadName = OBISCode(1, 0, 99, 1, 0, 255)
    static let dailyName = OBISCode(1, 0, 98, 2, 0, 255)
    static let monthlyName = OBISCode(1, 0, 98, 1, 0, 255)
    static let standardLogName = OBISCode(0, 0, 99, 98, 0, 255)
    static let disconnectorLogName = OBISCode(0, 0, 99, 98, 2, 255)

    static let all = ([load, daily, monthly, standardLog, disconnectorLog] + PeculiarProfiles.all).map(\.object)

    /// Every quarter of an hour: status, import and export.
    static let load = quarters(
        loadName,
        columns: [
            clock, status,
            energy(OBISCode(1, 0, 1, 8, 0, 255)) { $0.energies.importTotal },
            energy(OBISCode(1, 0, 2, 8, 0, 255)) { $0.energies.export },
        ]
    )

    /// A profile of every quarter of an hour.
    static func quarters(
        _ name: OBISCode,
        columns: [ProfileDefinition.Column],
        form: ProfileDefinition.Form = .plain,
        selects: ProfileDefinition.Selects = .rowsAndColumns
    ) -> ProfileDefinition {
        ProfileDefinition(
            logicalName: name,
            columns: columns,
            form: form,
            selects: selects,
            capturePeriod: 900,
            capacity: { $0.rows },
            times: { meter in
                let last = meter.quarterStart(meter.time)
                let first = last - Int64(meter.options.rows - 1) * LoadModel.quarterSeconds
                let reset = meter.state.profileResetTimes[name] ?? .min / 2
                let start = max(first, meter.quarterStart(reset) + 900)
                return start > last ? [] : Array(stride(from: start, through: last, by: Int(LoadModel.quarterSeconds)))
            },
            rows: { meter, times, wanted in
                let energies = QuarterEnergies(meter: meter).energies(at: times[wanted])
                return zip(times[wanted], energies).map { ProfileDefinition.Row(time: $0, energies: $1) }
            }
        )
    }

    /// Every midnight: import by tariff and export.
    static let daily = ProfileDefinition(
        logicalName: dailyName,
        columns: [clock] + billingColumns,
        capturePeriod: 86_400,
        capacity: { _ in 62 },
        times: { meter in
            let today = meter.load.localDay(of: meter.time)
            let reset = meter.state.profileResetTimes[dailyName] ?? .min
            return (0..<62).map { meter.load.start(ofDay: today - Int64(61 - $0)) }.filter { $0 > reset }
        },
        rows: { meter, times, wanted in
            times[wanted].map { ProfileDefinition.Row(time: $0, energies: meter.energies(at: $0)) }
        }
    )

    /// The first of every month: import by tariff, export and maximum demand.
    static let monthly = ProfileDefinition(
        logicalName: monthlyName,
        columns: [clock] + billingColumns + [
            ProfileDefinition.Column(
                capture: CaptureObject(classID: 4, logicalName: PowerObjects.maximumImport, attributeIndex: 2)
            ) { row, meter, writer in
                let demand = meter.maximumDemand(from: row.periodStart, to: row.time)
                DLMSData.doubleLongUnsigned(UInt32(clamping: demand.import)).encode(into: &writer)
            },
            ProfileDefinition.Column(
                capture: CaptureObject(classID: 4, logicalName: PowerObjects.maximumImport, attributeIndex: 5)
            ) { row, meter, writer in
                let demand = meter.maximumDemand(from: row.periodStart, to: row.time)
                DLMSData.octetString(meter.dateTime(demand.time).octets).encode(into: &writer)
            },
        ],
        capturePeriod: 0,
        capacity: { _ in 13 },
        times: { meter in
            let reset = meter.state.profileResetTimes[monthlyName] ?? .min
            return (0..<13).map { meter.monthStart(monthsAgo: 12 - $0) }.filter { $0 > reset }
        },
        rows: { meter, times, wanted in
            times[wanted].map { time in
                let months = (0...13).first { meter.monthStart(monthsAgo: $0) <= time } ?? 0
                var row = ProfileDefinition.Row(time: time, energies: meter.energies(at: time))
                row.periodStart = meter.monthStart(monthsAgo: months + 1)
                return row
            }
        }
    )

    static let standardLog = log(standardLogName, code: OBISCode(0, 0, 96, 11, 0, 255)) { $0.standardEvents }

    static let disconnectorLog = log(disconnectorLogName, code: OBISCode(0, 0, 96, 11, 2, 255)) {
        $0.disconnectorEvents
    }

    private static func log(
        _ name: OBISCode,
        code: OBISCode,
        _ log: @escaping @Sendable (MeterState) -> EventLog
    ) -> ProfileDefinition {
        ProfileDefinition(
            logicalName: name,
            columns: [
                clock,
                ProfileDefinition.Column(
                    capture: CaptureObject(classID: 1, logicalName: code, attributeIndex: 2)
                ) { row, meter, writer in
                    DLMSData.unsigned(row.event).encode(into: &writer)
                },
            ],
            capturePeriod: 0,
            capacity: { _ in EventLog.capacity },
            times: { log($0.state).events.map(\.time) },
            rows: { meter, _, wanted in
                log(meter.state).events[wanted].map {
                    ProfileDefinition.Row(time: $0.time, event: $0.code)
                }
            }
        )
    }

    static let clock = ProfileDefinition.Column(capture: .clock) { row, meter, writer in
        writer.write(DataTag.octetString.rawValue)
        writer.write(12 as UInt8)
        meter.dateTime(row.time).encode(into: &writer)
    }

    /// Bit 7 after a failure of the supply, else nothing.
    static let status = ProfileDefinition.Column(
        capture: CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 96, 10, 1, 255), attributeIndex: 2)
    ) { row, meter, writer in
        let noise = Noise(seed: meter.identity.seed)
        let failed = noise.value(below: 700, stream: 50, at: row.time) == 0
        DLMSData.unsigned(failed ? 0x80 : 0).encode(into: &writer)
    }

    private static let billingColumns = [
        energy(OBISCode(1, 0, 1, 8, 0, 255)) { $0.energies.importTotal },
        energy(OBISCode(1, 0, 1, 8, 1, 255)) { $0.energies.importDay },
        energy(OBISCode(1, 0, 1, 8, 2, 255)) { $0.energies.importNight },
        energy(OBISCode(1, 0, 2, 8, 0, 255)) { $0.energies.export },
    ]

    static func energy(
        _ name: OBISCode,
        _ value: @escaping @Sendable (ProfileDefinition.Row) -> Int
    ) -> ProfileDefinition.Column {
        ProfileDefinition.Column(
            capture: CaptureObject(classID: 3, logicalName: name, attributeIndex: 2)
        ) { row, meter, writer in
            DLMSData.doubleLongUnsigned(UInt32(clamping: value(row))).encode(into: &writer)
        }
    }
}
