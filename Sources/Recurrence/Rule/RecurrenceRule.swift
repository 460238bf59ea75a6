// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// A rule of RFC 5545 §3.3.10 with its beginning.
///
/// Known are FREQ from MINUTELY to YEARLY, INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYDAY, BYHOUR, BYMINUTE,
/// BYSETPOS and WKST. What the rule leaves open, such as the time of day, comes from the beginning.
public struct RecurrenceRule: Hashable, Sendable {
    /// How long the periods are that the rule counts.
    enum Frequency: String, CaseIterable {
        case minutely = "MINUTELY"
        case hourly = "HOURLY"
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    /// A day of the week, of all weeks or of one counted from an end of the month or year.
    struct Weekday: Hashable {
        /// 1 = Monday to 7 = Sunday.
        var day: Int
        /// 1 = the first, -1 = the last; nil = all.
        var ordinal: Int?
    }

    /// When the rule ends.
    enum End: Hashable {
        case never
        /// After so many.
        case count(Int)
        /// With the last one not after this local time.
        case local(Int64)
        /// With the last one not after this instant.
        case instant(Timestamp)
    }

    /// The text as it was given.
    public let text: String
    /// The local time of the beginning, in seconds since 1970-01-01T00:00:00.
    public let begin: Int64

    var frequency = Frequency.daily
    var interval = 1
    var end = End.never
    var months: Set<Int> = []
    var monthDays: Set<Int> = []
    var weekdays: [Weekday] = []
    var hours: [Int] = []
    var minutes: [Int] = []
    var positions: [Int] = []
    var weekStart = 1

    /// Reads a rule.
    ///
    /// - Parameters:
    ///   - text: such as `FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=0;BYMINUTE=10`.
    ///   - begin: the local time of the beginning, in seconds since 1970-01-01T00:00:00; its seconds do not count.
    /// - Throws: ``RecurrenceError`` with the column of the fault.
    public init(_ text: String, begin: Int64) throws(RecurrenceError) {
        self.text = text
        self.begin = begin - (begin % 60 + 60) % 60
        try read(text)
        guard case .never = end else { return }
        guard RulePattern(self).next(afterLocal: self.begin - 1) != nil else {
            throw RecurrenceError("there is no such day in any year")
        }
    }

    func next(after instant: Timestamp, in zone: any TimeZoneRules) -> Occurrence? {
        guard let found = RulePattern(self).next(after: instant.seconds, in: zone) else { return nil }
        if case .instant(let last) = end, found.instant > last { return nil }
        return found
    }
}
