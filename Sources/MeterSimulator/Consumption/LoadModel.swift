// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// What a household draws from the grid and feeds into it, as a pure function of time.
///
/// A day's energy follows from the household, the season, the weekday and noise; it is split into the two tariffs and
/// then over the quarters of the day. So any register at any instant, and any row of a profile, can be computed without
/// storing anything, and they always agree.
struct LoadModel: Sendable {
    /// Energies in Wh since the meter was installed.
    struct Totals: Hashable, Sendable {
        /// Import in tariff 1, from 06:00 to 22:00.
        var importDay = 0
        /// Import in tariff 2, the night.
        var importNight = 0
        /// Export of a photovoltaic plant; 0 without one.
        var export = 0

        var importTotal: Int { importDay + importNight }

        static func + (left: Totals, right: Totals) -> Totals {
            Totals(
                importDay: left.importDay + right.importDay,
                importNight: left.importNight + right.importNight,
                export: left.export + right.export
            )
        }

        static func - (left: Totals, right: Totals) -> Totals {
            Totals(
                importDay: left.importDay - right.importDay,
                importNight: left.importNight - right.importNight,
                export: left.export - right.export
            )
        }
    }

    /// Quarters of an hour in a day.
    static let quarters = 96
    /// Seconds of a quarter.
    static let quarterSeconds: Int64 = 900
    /// The quarters of tariff 1.
    static let dayQuarters = 24..<88
    /// 2024-01-01, the day the meter was installed, in days since 1970-01-01.
    static let installationDay: Int64 = 19_723

    let offsetSeconds: Int64
    private let noise: Noise
    private let hasPlant: Bool

    init(seed: UInt64, offsetMinutes: Int, hasPlant: Bool) {
        noise = Noise(seed: seed)
        offsetSeconds = Int64(offsetMinutes) * 60
        self.hasPlant = hasPlant
    }

    /// The local day of an instant, in days since 1970-01-01.
    func localDay(of utc: Int64) -> Int64 {
        let local = utc + offsetSeconds
        return local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
    }

    /// The instant a local day begins.
    func start(ofDay day: Int64) -> Int64 { day * 86_400 - offsetSeconds }

    /// The energies at an instant; between two quarters they grow evenly.
    func totals(at utc: Int64) -> Totals {
        let day = localDay(of: utc)
        let second = utc - start(ofDay: day)
        let curve = DayCurve(model: self, day: day)
        let quarter = Int(second / Self.quarterSeconds)
        let left = curve.totals(atQuarter: quarter)
        let step = curve.totals(atQuarter: quarter + 1) - left
        let part = Int(second % Self.quarterSeconds)
        let length = Int(Self.quarterSeconds)
        return totals(beforeDay: day) + left
            + Totals(
                importDay: step.importDay * part / length,
                importNight: step.importNight * part / length,
                export: step.export * part / length
            )
    }

    /// The energies when a local day begins.
    func totals(beforeDay day: Int64) -> Totals {
        // What it had counted on the bench and in the first days.
        var totals = Totals(importDay: 1200 + noise.value(below: 900, stream: 1, at: 0), importNight: 400, export: 0)
        var next = Self.installationDay
        while next < day {
            totals = totals + energies(ofDay: next)
            next += 1
        }
        return totals
    }

    /// The energies of one local day.
    func energies(ofDay day: Int64) -> Totals {
        let date = COSEMDateTime(secondsSinceEpoch: day * 86_400, deviationMinutes: 0)?.date ?? .unspecified
        let season = Self.season(date, Self.heating)
        // 6 to 15 kWh a day on average.
        let household = 6000 + noise.value(below: 9000, stream: 2, at: 0)
        let weekday = isWeekend(day) ? 112 : 100
        let mood = 75 + noise.value(below: 51, stream: 3, at: day)
        let total = household * season / 100 * weekday / 100 * mood / 100
        let nightShare = 24 + noise.value(below: 9, stream: 4, at: day)
        let night = total * nightShare / 100
        var export = 0
        if hasPlant {
            let sun = 20 + noise.value(below: 81, stream: 5, at: day)
            export = 14_000 * Self.season(date, Self.sunshine) / 100 * sun / 100
        }
        return Totals(importDay: total - night, importNight: night, export: export)
    }

    /// Saturday or Sunday.
    func isWeekend(_ day: Int64) -> Bool { (day + 3) % 7 >= 5 }

    /// How much of a day's energy of its kind goes into a quarter, in parts of no fixed whole.
    func weights(ofDay day: Int64) -> (consumption: [Int], sunshine: [Int]) {
        let shape = isWeekend(day) ? Self.weekendShape : Self.weekdayShape
        var consumption: [Int] = []
        var sunshine: [Int] = []
        consumption.reserveCapacity(Self.quarters)
        for quarter in 0..<Self.quarters {
            let hour = quarter / 4
            let part = quarter % 4
            let level = shape[hour] * (4 - part) + shape[(hour + 1) % 24] * part
            let place = day * 96 + Int64(quarter)
            var jitter = 70 + noise.value(below: 61, stream: 6, at: place)
            // Now and then somebody cooks or a boiler runs.
            if noise.value(below: 24, stream: 7, at: place) == 0 { jitter *= 5 }
            consumption.append(level * jitter)
            let fromNoon = abs(quarter - 50)
            let clouds = 60 + noise.value(below: 41, stream: 8, at: place)
            sunshine.append(fromNoon < 24 ? (24 * 24 - fromNoon * fromNoon) * clouds : 0)
        }
        return (consumption, sunshine)
    }

    /// A level by month, going over evenly from one to the next.
    private static func season(_ date: COSEMDate, _ levels: [Int]) -> Int {
        let month = (date.month ?? 1) - 1
        let day = date.dayOfMonth ?? 1
        return (levels[month] * (31 - day) + levels[(month + 1) % 12] * day) / 31
    }

    private static let heating = [130, 124, 112, 98, 88, 82, 78, 80, 86, 98, 112, 126]
    private static let sunshine = [16, 30, 55, 80, 96, 104, 106, 94, 70, 44, 22, 12]
    private static let weekdayShape = [
        22, 18, 16, 15, 16, 24, 48, 66, 52, 38, 34, 36, 42, 38, 34, 36, 46, 64, 86, 98, 92, 74, 52, 34,
    ]
    private static let weekendShape = [
        26, 20, 17, 16, 16, 18, 26, 40, 58, 70, 74, 78, 84, 70, 58, 54, 56, 66, 82, 92, 86, 72, 54, 38,
    ]
}

/// The energies over one local day, at each of its quarters.
struct DayCurve: Sendable {
    private let energies: LoadModel.Totals
    /// Sums of the weights before each quarter, 97 of them.
    private var dayWeights: [Int] = [0]
    private var nightWeights: [Int] = [0]
    private var sunWeights: [Int] = [0]

    init(model: LoadModel, day: Int64) {
        energies = model.energies(ofDay: day)
        let weights = model.weights(ofDay: day)
        for quarter in 0..<LoadModel.quarters {
            let isDay = LoadModel.dayQuarters.contains(quarter)
            let weight = weights.consumption[quarter]
            dayWeights.append(dayWeights[quarter] + (isDay ? weight : 0))
            nightWeights.append(nightWeights[quarter] + (isDay ? 0 : weight))
            sunWeights.append(sunWeights[quarter] + weights.sunshine[quarter])
        }
    }

    /// What was counted from midnight to the start of a quarter, 0 to 96.
    func totals(atQuarter quarter: Int) -> LoadModel.Totals {
        LoadModel.Totals(
            importDay: energies.importDay * dayWeights[quarter] / max(dayWeights[LoadModel.quarters], 1),
            importNight: energies.importNight * nightWeights[quarter] / max(nightWeights[LoadModel.quarters], 1),
            export: energies.export * sunWeights[quarter] / max(sunWeights[LoadModel.quarters], 1)
        )
    }
}
