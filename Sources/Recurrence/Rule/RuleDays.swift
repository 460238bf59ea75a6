// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// Which days a rule allows, period by period; days are counted from 1970-01-01.
struct RuleDays {
    private let rule: RecurrenceRule
    private let begin: CivilDate
    private let beginDay: Int
    private let months: Set<Int>
    private let monthDays: Set<Int>
    private let weekdays: [RecurrenceRule.Weekday]

    init(_ rule: RecurrenceRule, begin: CivilDate) {
        self.rule = rule
        self.begin = begin
        beginDay = begin.daysSinceEpoch
        // What the rule leaves open comes from the beginning.
        let isOpen = rule.monthDays.isEmpty && rule.weekdays.isEmpty
        switch rule.frequency {
        case .yearly:
            months = isOpen && rule.months.isEmpty ? [begin.month] : rule.months
            monthDays = isOpen ? [begin.day] : rule.monthDays
            weekdays = rule.weekdays
        case .monthly:
            months = rule.months
            monthDays = isOpen ? [begin.day] : rule.monthDays
            weekdays = rule.weekdays
        case .weekly:
            months = rule.months
            monthDays = rule.monthDays
            weekdays = isOpen ? [.init(day: begin.dayOfWeek, ordinal: nil)] : rule.weekdays
        case .daily, .hourly, .minutely:
            (months, monthDays, weekdays) = (rule.months, rule.monthDays, rule.weekdays)
        }
    }

    /// The number of the last period that begins at or before a day; the first is 0, and none is before it.
    func period(containing day: Int) -> Int {
        guard day > beginDay else { return 0 }
        let date = CivilDate(daysSinceEpoch: day)
        let elapsed: Int
        switch rule.frequency {
        case .yearly: elapsed = date.year - begin.year
        case .monthly: elapsed = (date.year - begin.year) * 12 + date.month - begin.month
        case .weekly: elapsed = (day - weekStart(beginDay)) / 7
        case .daily: elapsed = day - beginDay
        case .hourly, .minutely: return day - beginDay
        }
        return elapsed / rule.interval
    }

    /// The days of a period.
    func range(of period: Int) -> Range<Int> {
        let count = period * rule.interval
        switch rule.frequency {
        case .yearly: return Self.year(begin.year + count)
        case .monthly:
            let month = begin.month - 1 + count
            return Self.month(begin.year + month / 12, month % 12 + 1)
        case .weekly:
            let first = weekStart(beginDay) + count * 7
            return first..<first + 7
        case .daily: return beginDay + count..<beginDay + count + 1
        case .hourly, .minutely: return beginDay + period..<beginDay + period + 1
        }
    }

    /// Whether a day of a period is due.
    func isDue(_ day: Int, in period: Range<Int>) -> Bool {
        let date = CivilDate(daysSinceEpoch: day)
        if !months.isEmpty, !months.contains(date.month) { return false }
        if !monthDays.isEmpty {
            let last = CivilDate.daysInMonth(date.month, of: date.year)
            guard monthDays.contains(date.day) || monthDays.contains(date.day - last - 1) else { return false }
        }
        guard !weekdays.isEmpty else { return true }
        let weekday = CivilDate.dayOfWeek(daysSinceEpoch: day)
        // Weekdays are counted in the month, unless a rule for years leaves the months open.
        let span =
            rule.frequency == .yearly && rule.months.isEmpty ? period : Self.month(date.year, date.month)
        return weekdays.contains { wanted in
            guard wanted.day == weekday else { return false }
            guard let ordinal = wanted.ordinal else { return true }
            return ordinal > 0
                ? (day - span.lowerBound) / 7 + 1 == ordinal : (span.upperBound - 1 - day) / 7 + 1 == -ordinal
        }
    }

    private func weekStart(_ day: Int) -> Int {
        day - (CivilDate.dayOfWeek(daysSinceEpoch: day) - rule.weekStart + 7) % 7
    }

    private static func year(_ year: Int) -> Range<Int> {
        CivilDate.daysSinceEpoch(
            year: year,
            month: 1,
            day: 1
        )..<CivilDate.daysSinceEpoch(
            year: year + 1,
            month: 1,
            day: 1
        )
    }

    private static func month(_ year: Int, _ month: Int) -> Range<Int> {
        let first = CivilDate.daysSinceEpoch(year: year, month: month, day: 1)
        return first..<first + CivilDate.daysInMonth(month, of: year)
    }
}
