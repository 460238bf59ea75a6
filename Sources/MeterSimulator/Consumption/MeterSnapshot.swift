// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine

/// A meter at one instant: what its objects show is computed from this.
struct MeterSnapshot: Sendable {
    let identity: MeterIdentity
    let options: SimulatedFleet.Options
    let state: MeterState
    let load: LoadModel
    /// The meter's clock, in seconds since 1970-01-01T00:00:00Z.
    let time: Int64
    let client: ServedClient

    /// What COSEM adds to local time to get UTC, in minutes.
    var deviationMinutes: Int { -options.offsetMinutes }

    private var noise: Noise { Noise(seed: identity.seed) }

    /// The energies at an instant, without what outages kept from being used.
    func energies(at instant: Int64) -> LoadModel.Totals {
        metered(load.totals(at: instant), at: instant)
    }

    /// What the registers show of the load model's energies at an instant.
    func metered(_ totals: LoadModel.Totals, at instant: Int64) -> LoadModel.Totals {
        var lost = LoadModel.Totals()
        for outage in state.outages where outage.from < instant {
            lost = lost + (instant < outage.to ? totals - outage.energiesAtStart : outage.loss)
        }
        return totals - lost
    }

    /// Energies now.
    var energies: LoadModel.Totals { energies(at: time) }

    /// The start of the quarter that an instant lies in.
    func quarterStart(_ instant: Int64) -> Int64 {
        instant - ((instant % LoadModel.quarterSeconds) + LoadModel.quarterSeconds) % LoadModel.quarterSeconds
    }

    /// The average power of a quarter in W.
    func averagePower(ofQuarterAt start: Int64) -> (import: Int, export: Int) {
        let step = energies(at: start + LoadModel.quarterSeconds) - energies(at: start)
        return (step.importTotal * 4, step.export * 4)
    }

    // MARK: Instantaneous values

    /// Power drawn and fed in now, in W: the quarter's average with some flicker.
    var power: (import: Int, export: Int) {
        guard state.isOutputClosed else { return (0, 0) }
        let start = quarterStart(time)
        let step = load.totals(at: start + LoadModel.quarterSeconds) - load.totals(at: start)
        let flicker = 90 + noise.value(below: 21, stream: 30, at: time / 2)
        return (step.importTotal * 4 * flicker / 100, step.export * 4 * flicker / 100)
    }

    /// What part of the load is on a phase, 0 to 2, in percent; the three add up to 100.
    private func share(ofPhase phase: Int) -> Int {
        let first = 30 + noise.value(below: 21, stream: 31, at: 0)
        let second = 20 + noise.value(below: 16, stream: 32, at: 0)
        return [first, second, 100 - first - second][phase]
    }

    /// Power drawn on a phase in W; the three add up to the total.
    func importPower(ofPhase phase: Int) -> Int {
        let total = power.import
        guard phase == 2 else { return total * share(ofPhase: phase) / 100 }
        return total - importPower(ofPhase: 0) - importPower(ofPhase: 1)
    }

    /// Energy drawn on a phase in Wh; the three add up to the total.
    func importEnergy(ofPhase phase: Int) -> Int {
        let total = energies.importTotal
        guard phase == 2 else { return total * share(ofPhase: phase) / 100 }
        return total - importEnergy(ofPhase: 0) - importEnergy(ofPhase: 1)
    }

    /// Voltage of a phase in tenths of a volt.
    func voltage(ofPhase phase: Int) -> Int {
        2290 + noise.value(below: 61, stream: 33 + UInt64(phase), at: time / 5) - importPower(ofPhase: phase) / 500
    }

    /// Power factor of a phase in thousandths.
    func powerFactor(ofPhase phase: Int) -> Int {
        950 + noise.value(below: 46, stream: 36 + UInt64(phase), at: time / 10)
    }

    /// Current of a phase in hundredths of an ampere.
    func current(ofPhase phase: Int) -> Int {
        importPower(ofPhase: phase) * 1_000_000 / (voltage(ofPhase: phase) * powerFactor(ofPhase: phase))
    }

    /// Mains frequency in hundredths of a hertz.
    var frequency: Int { 4998 + noise.value(below: 5, stream: 39, at: time / 3) }

    /// Temperature inside of the meter in tenths of a degree.
    var temperature: Int { 215 + noise.value(below: 30, stream: 40, at: time / 600) }

    // MARK: Demand and billing

    /// The start of the current month.
    var monthStart: Int64 { monthStart(monthsAgo: 0) }

    /// The start of a month, 0 = the current one.
    func monthStart(monthsAgo: Int) -> Int64 {
        let date = COSEMDateTime(secondsSinceEpoch: time, deviationMinutes: deviationMinutes)?.date ?? .unspecified
        let months = (date.year ?? 2026) * 12 + (date.month ?? 1) - 1 - monthsAgo
        let first = COSEMDate(year: months / 12, month: months % 12 + 1, dayOfMonth: 1)
        return load.start(ofDay: Int64(first.daysSinceEpoch ?? 0))
    }

    /// The largest average power of a quarter from one instant to another in W, and when that quarter ended.
    func maximumDemand(from: Int64, to: Int64) -> (import: Int, time: Int64) {
        var maximum = (import: 0, time: from)
        let start = quarterStart(from + LoadModel.quarterSeconds - 1)
        guard start <= to else { return maximum }
        let times = Array(stride(from: start, through: to, by: Int(LoadModel.quarterSeconds)))
        let energies = QuarterEnergies(meter: self).energies(at: times[...])
        for (index, pair) in zip(energies, energies.dropFirst()).enumerated() {
            let power = (pair.1 - pair.0).importTotal * 4
            if power > maximum.import { maximum = (power, times[index + 1]) }
        }
        return maximum
    }

    /// The maximum demand of the billing period, or since it was reset.
    var currentMaximumDemand: (import: Int, time: Int64) {
        maximumDemand(from: max(monthStart, state.demandResetTime), to: time)
    }

    /// The tariff that is active now: 1 by day, 2 by night.
    var activeTariff: UInt8 {
        let second = time - load.start(ofDay: load.localDay(of: time))
        return LoadModel.dayQuarters.contains(Int(second / LoadModel.quarterSeconds)) ? 1 : 2
    }

    /// How many quarters the meter has recorded since it was installed.
    var operatingSeconds: Int64 { time - load.start(ofDay: LoadModel.installationDay) }

    /// An instant in the meter's local time.
    func dateTime(_ instant: Int64) -> COSEMDateTime {
        COSEMDateTime(secondsSinceEpoch: instant, deviationMinutes: deviationMinutes)
            ?? COSEMDateTime(date: .unspecified, time: .unspecified)
    }

    /// The instant of a date-time; local time if it has no deviation, nil if a field is open.
    func instant(_ dateTime: COSEMDateTime) -> Int64? {
        dateTime.secondsSinceEpoch ?? dateTime.localSecondsSinceEpoch.map { $0 - load.offsetSeconds }
    }
}
