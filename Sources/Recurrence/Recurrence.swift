// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// When something happens again and again.
///
/// Local times follow the clock of a time zone. One that a clock skips in spring is due when the skip ends, and one that
/// it shows twice in autumn is due once, the first time. Recurrences that are due in every hour are the exception: they
/// go by what the clock shows, in both passes of a repeated hour and not in a skipped one; intervals do not care.
public enum Recurrence: Hashable, Sendable {
    /// By five fields of cron.
    case cron(CronExpression)
    /// After the same time again and again.
    case interval(IntervalRecurrence)
    /// By a rule of RFC 5545.
    case rule(RecurrenceRule)

    /// The first occurrence after an instant; nil when there is none within a century.
    public func next(after instant: Timestamp, in zone: any TimeZoneRules) -> Occurrence? {
        switch self {
        case .cron(let expression): expression.next(after: instant.seconds, in: zone)
        case .interval(let interval): interval.next(after: instant, in: zone)
        case .rule(let rule): rule.next(after: instant, in: zone)
        }
    }

    /// The occurrences after an instant, at most so many.
    public func occurrences(after instant: Timestamp, in zone: any TimeZoneRules, limit: Int) -> [Occurrence] {
        var found: [Occurrence] = []
        var last = instant
        while found.count < limit, let occurrence = next(after: last, in: zone) {
            found.append(occurrence)
            last = occurrence.instant
        }
        return found
    }

    /// The recurrence in plain words, such as "at 02:15 every day".
    public var words: String {
        switch self {
        case .cron(let expression): expression.words
        case .interval(let interval): interval.words
        case .rule(let rule): rule.words
        }
    }
}
