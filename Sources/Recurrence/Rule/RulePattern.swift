// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// The local times of a rule: the sets of its periods one after the other.
struct RulePattern: LocalPattern {
    private let rule: RecurrenceRule
    private let beginDay: Int
    private let beginDate: CivilDate
    private let hours: [Int]
    private let minutes: [Int]
    /// What the days of a period must be.
    private let days: RuleDays

    init(_ rule: RecurrenceRule) {
        self.rule = rule
        beginDay = Self.day(of: rule.begin)
        beginDate = CivilDate(daysSinceEpoch: beginDay)
        let second = Int(rule.begin) - beginDay * 86_400
        hours = rule.hours.isEmpty && rule.frequency > .hourly ? [second / 3600] : rule.hours
        minutes = rule.minutes.isEmpty && rule.frequency > .minutely ? [second / 60 % 60] : rule.minutes
        days = RuleDays(rule, begin: beginDate)
    }

    /// One that is due in every hour goes by what the clock shows.
    var followsClock: Bool {
        guard rule.positions.isEmpty, rule.hours.isEmpty || rule.hours.count == 24 else { return false }
        if case .count = rule.end { return false }
        return switch rule.frequency {
        case .minutely: 60 % rule.interval == 0
        case .hourly: rule.interval == 1
        case .daily, .weekly, .monthly, .yearly: rule.hours.count == 24 && rule.interval == 1
        }
    }

    func next(afterLocal local: Int64) -> Int64? {
        let found: Int64?
        if case .count(let count) = rule.end {
            // Which ones are left over can only be told by counting from the beginning.
            var rest = count
            var candidate = nextOpen(afterLocal: rule.begin - 1)
            while let time = candidate, time <= local, rest > 0 {
                rest -= 1
                candidate = nextOpen(afterLocal: time)
            }
            found = rest > 0 ? candidate : nil
        } else {
            found = nextOpen(afterLocal: max(local, rule.begin - 1))
        }
        if case .local(let last) = rule.end, let found, found > last { return nil }
        return found
    }

    /// The first one after a local time, as if the rule had no end.
    private func nextOpen(afterLocal local: Int64) -> Int64? {
        let firstDay = Self.day(of: local)
        // The calendar repeats after 28 years, but for the turn of three centuries in four.
        let horizon = CivilDate(daysSinceEpoch: firstDay).year + (rule.frequency <= .hourly ? 40 : 100)
        var period = days.period(containing: firstDay)
        while true {
            let range = days.range(of: period)
            guard CivilDate(daysSinceEpoch: range.lowerBound).year <= horizon else { return nil }
            if let found = first(in: range, afterLocal: local) { return found }
            period += 1
        }
    }

    /// The first one of a period after a local time.
    private func first(in range: Range<Int>, afterLocal local: Int64) -> Int64? {
        if rule.frequency <= .hourly || rule.positions.isEmpty {
            // Nothing is counted across days, so days before need no look.
            for day in max(range.lowerBound, Self.day(of: local))..<max(range.upperBound, Self.day(of: local))
            where days.isDue(day, in: range) {
                for time in times(on: day) where time > local && time >= rule.begin { return time }
            }
            return nil
        }
        let all = range.lazy.filter { days.isDue($0, in: range) }.flatMap { times(on: $0) }
        return chosen(Array(all)).first { $0 > local && $0 >= rule.begin }
    }

    /// The times of a day, in order.
    private func times(on day: Int) -> [Int64] {
        let midnight = Int64(day) * 86_400
        switch rule.frequency {
        case .minutely:
            let first = (rule.begin - midnight) / 60
            let step = Int64(rule.interval)
            var minute = ((first % step) + step) % step
            var found: [Int64] = []
            while minute < 1440 {
                let isDue =
                    (hours.isEmpty || hours.contains(Int(minute) / 60))
                    && (minutes.isEmpty || minutes.contains(Int(minute) % 60))
                // A minute is a set of one, of which BYSETPOS may leave nothing.
                if isDue, isFirstOfOne { found.append(midnight + minute * 60) }
                minute += step
            }
            return found
        case .hourly:
            let beginHour = Self.floor(rule.begin, 3600)
            var found: [Int64] = []
            for hour in 0..<24 where hours.isEmpty || hours.contains(hour) {
                guard (Int64(day) * 24 + Int64(hour) - beginHour) % Int64(rule.interval) == 0 else { continue }
                found += chosen(minutes.map { midnight + Int64(hour * 3600 + $0 * 60) })
            }
            return found
        case .daily, .weekly, .monthly, .yearly:
            return hours.flatMap { hour in minutes.map { midnight + Int64(hour * 3600 + $0 * 60) } }
        }
    }

    /// Whether BYSETPOS leaves the only one of a set.
    private var isFirstOfOne: Bool { rule.positions.isEmpty || rule.positions.contains { abs($0) == 1 } }

    /// Those of the set of a period that BYSETPOS leaves.
    private func chosen(_ times: [Int64]) -> [Int64] {
        guard !rule.positions.isEmpty else { return times }
        let indices = rule.positions.map { $0 > 0 ? $0 - 1 : times.count + $0 }
        return Set(indices).sorted().compactMap { times.indices.contains($0) ? times[$0] : nil }
    }

    private static func day(of local: Int64) -> Int { Int(floor(local, 86_400)) }

    private static func floor(_ value: Int64, _ unit: Int64) -> Int64 {
        value >= 0 ? value / unit : (value - unit + 1) / unit
    }
}

extension RecurrenceRule.Frequency: Comparable {
    /// Shorter periods come first.
    static func < (left: Self, right: Self) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}
