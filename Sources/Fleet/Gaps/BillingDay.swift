// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Timekeeping

/// The day of each month, or of each year, on which a profile of billing values has a row.
///
/// Where a month is shorter it is the last day of that month, so that 31 stands for the end of every month.
public struct BillingDay: Hashable, Sendable {
    /// The month from 1 of the only row of a year; nil where each month has one.
    public let month: Int?
    /// The day of the month, from 1 to 31.
    public let day: Int

    /// Takes a day; nil if there is no such day.
    public init?(month: Int? = nil, day: Int) {
        guard (1...31).contains(day), month.map({ (1...12).contains($0) }) ?? true else { return nil }
        self.month = month
        self.day = day
    }

    /// The billing day that is the last one up to a day, both in days since 1970-01-01.
    public func last(upTo number: Int) -> Int {
        let date = CivilDate(daysSinceEpoch: number)
        let place = date.year * 12 + (month ?? date.month) - 1
        let here = Self.number(place, day)
        return here <= number ? here : Self.number(place - monthsBetween, day)
    }

    /// The billing day that is the first one after a day, both in days since 1970-01-01.
    public func first(after number: Int) -> Int {
        let date = CivilDate(daysSinceEpoch: number)
        let place = date.year * 12 + (month ?? date.month) - 1
        let here = Self.number(place, day)
        return here > number ? here : Self.number(place + monthsBetween, day)
    }

    /// How many months there are from one row to the next.
    public var monthsBetween: Int { month == nil ? 1 : 12 }

    /// The day of a month that is counted from the year 0.
    private static func number(_ place: Int, _ day: Int) -> Int {
        let (year, month) = (place / 12, place % 12 + 1)
        let last = CivilDate.daysInMonth(month, of: year)
        return CivilDate.daysSinceEpoch(year: year, month: month, day: min(day, last))
    }
}

extension BillingDay: LosslessStringConvertible {
    /// The day as XML Schema writes it (gDay, gMonthDay): `---01` or `--07-01`.
    public var description: String {
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "--\(month.map(padded) ?? "")-\(padded(day))"
    }

    /// Reads ``description``; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, let day = Int(parts[3]), parts[2].isEmpty || Int(parts[2]) != nil else { return nil }
        self.init(month: Int(parts[2]), day: day)
        guard description == text else { return nil }
    }
}

extension BillingDay {
    /// Whether a profile may have one row for each month or year: by its period, or without one by its name, which is
    /// that of billing periods (1-b:98.1.e and 98.2; IEC 62056-6-1, list of profiles).
    static func mayBe(of profile: OBISCode, period: UInt32) -> Bool {
        period == 0 ? profile.c == 98 && (1...2).contains(profile.d) : step(period) != nil
    }

    /// The months between rows by a capture period of 28 to 31, or of 365 or 366 days, in seconds.
    private static func step(_ period: UInt32) -> Int? {
        switch period {
        case 28 * 86_400...31 * 86_400: 1
        case 365 * 86_400...366 * 86_400: 12
        default: nil
        }
    }

    /// The billing day that rows show, nil where they do not.
    ///
    /// Most of them have to lie on one day of the month, two of them in months that follow each other; in rows once a year
    /// all, in years that follow each other. As long as no day is known, one row is enough where the period says how many
    /// months lie between two. Where one is known, two rows have to lie on another day: a single one was made by hand, or is
    /// late. Rows a year apart make no yearly profile of a monthly one, which lacks the months between them.
    ///
    /// - Parameters:
    ///   - days: the local days of rows, in days since 1970-01-01.
    ///   - period: the capture period in seconds, 0 for none.
    ///   - known: the billing day that is known.
    static func shown(by days: some Sequence<Int>, period: UInt32, known: BillingDay?) -> BillingDay? {
        let dates = Set(days).sorted().map { CivilDate(daysSinceEpoch: $0) }
        if let known, dates.count(where: { !known.fits($0) }) < 2 { return nil }
        let step = step(period)
        let shown = [
            step == 12 ? nil : monthly(dates, isCertain: known == nil && step == 1),
            step == 1 || known.map { $0.month == nil } == true
                ? nil : yearly(dates, isCertain: known == nil && step == 12),
        ]
        return shown.lazy.compactMap(\.self).first { day in
            guard let known else { return true }
            return dates.count { day.fits($0) && !known.fits($0) } >= 2
        }
    }

    /// Whether a row of a day would be that of its month, or year.
    func fits(_ date: CivilDate) -> Bool {
        date.month == month ?? date.month && Self.fits(date, day)
    }

    private static func monthly(_ dates: [CivilDate], isCertain: Bool) -> BillingDay? {
        let days = (1...31).filter { day in
            let fitting = dates.filter { fits($0, day) }
            return fitting.count * 2 > dates.count && (isCertain || follow(fitting, after: 1))
        }
        // The end of a short month is many days; the next row tells which.
        return days.count == 1 ? BillingDay(day: days[0]) : nil
    }

    private static func yearly(_ dates: [CivilDate], isCertain: Bool) -> BillingDay? {
        guard let month = dates.first?.month, dates.allSatisfy({ $0.month == month }) else { return nil }
        guard isCertain || follow(dates, after: 12) else { return nil }
        // In February the 29th is as good as later days, of which there are none.
        let days = (1...CivilDate.daysInMonth(month, of: 2000)).filter { day in dates.allSatisfy { fits($0, day) } }
        return days.count == 1 ? BillingDay(month: month, day: days[0]) : nil
    }

    private static func fits(_ date: CivilDate, _ day: Int) -> Bool {
        date.day == min(day, CivilDate.daysInMonth(date.month, of: date.year))
    }

    /// Whether two of the dates, which come in order, lie so many months from each other.
    private static func follow(_ dates: [CivilDate], after months: Int) -> Bool {
        let places = Set(dates.map { $0.year * 12 + $0.month })
        return places.contains { places.contains($0 + months) }
    }
}
