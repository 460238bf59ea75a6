// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// When a profile should have rows, day by day in the meter's zone.
///
/// Days are local ones, so that a day has 92, 96 or 100 quarter-hours. The row at local midnight opens its day; that of a
/// billing day opens all days up to the next one, which have no slots of their own.
public struct CaptureCalendar: Sendable {
    /// Seconds between two rows, from 60 to 86,400; with billing days the most there can be.
    public let period: Int64
    private let rules: any TimeZoneRules
    private let billing: BillingDay?

    private static let day: Int64 = 86_400

    /// Makes the calendar of a profile.
    ///
    /// - Parameters:
    ///   - period: the capture period in seconds (class 7, attribute 4).
    ///   - billing: the day of its row in each month or year, where that is known.
    ///   - rules: the meter's zone.
    /// - Returns: nil where no rows can be expected at certain times: without a billing day and a period, or one shorter
    ///   than a minute or longer than a day, whose phase nobody knows.
    public init?(period: UInt32, billing: BillingDay? = nil, rules: any TimeZoneRules) {
        if let billing {
            self.period = Int64(billing.monthsBetween == 1 ? 31 : 366) * Self.day
        } else {
            guard (60...86_400).contains(period) else { return nil }
            self.period = Int64(period)
        }
        self.billing = billing
        self.rules = rules
    }

    /// The local day of an instant, in days since 1970-01-01.
    public func today(at instant: Timestamp) -> Int { rules.localDay(of: instant) }

    /// The day that a row counts for, in days since 1970-01-01: its local day, or the last billing day.
    public func day(of instant: Timestamp) -> Int {
        let day = rules.localDay(of: instant)
        return billing?.last(upTo: day) ?? day
    }

    /// The days with slots that a stretch of time, which is not empty, falls on, in order.
    public func days(in range: Range<Timestamp>) -> [Int] {
        let first = day(of: range.lowerBound)
        let last = max(first, day(of: range.upperBound - .microseconds(1)))
        var days: [Int] = []
        var day = first
        while day <= last {
            days.append(day)
            day = self.day(after: day)
        }
        return days
    }

    /// The first day with slots after a day.
    public func day(after day: Int) -> Int { billing?.first(after: day) ?? day + 1 }

    /// How far back rows are looked for: of billing values ten years, of all else 800 days.
    public var reach: Duration { .seconds((billing == nil ? 800 : 3660) * Self.day) }

    /// The slots of a local day.
    public func slots(of day: Int) -> DaySlots {
        let start = rules.firstInstant(ofLocal: Int64(day) * Self.day)
        let end = rules.firstInstant(ofLocal: Int64(day + 1) * Self.day)
        if let billing {
            let next = rules.firstInstant(ofLocal: Int64(billing.first(after: day)) * Self.day)
            return DaySlots(instants: [start], end: next, due: end)
        }
        guard period <= 3600 else {
            // Hours of the wall clock, whatever the zone does in between.
            let locals = stride(from: Int64(day) * Self.day, to: Int64(day + 1) * Self.day, by: Int(period))
            return DaySlots(instants: locals.map { rules.firstInstant(ofLocal: $0) }, end: end)
        }
        // A period that does not divide the day is counted through from 1970, one that does from midnight.
        let first = Self.day % period == 0 ? start : start + (period - start % period) % period
        return DaySlots(instants: Array(stride(from: first, to: end, by: Int(period))), end: end)
    }
}

/// The instants at which a profile should have rows within one local day.
public struct DaySlots: Hashable, Sendable {
    /// When each slot begins, in seconds since 1970-01-01T00:00:00Z, ascending.
    public let instants: [Int64]
    /// When the last slot ends: with the day, or with the next billing day.
    public let end: Int64
    /// When the last row should have come, if it is not to be waited for to the end.
    private let due: Int64?

    /// Makes slots.
    init(instants: [Int64], end: Int64, due: Int64? = nil) {
        self.instants = instants
        self.end = end
        self.due = due
    }

    /// How many there are.
    public var count: Int { instants.count }

    /// The slot that an instant counts for: a row that is late within its period counts for it.
    public func slot(of instant: Int64) -> Int? {
        guard let first = instants.first, instant >= first, instant < end else { return nil }
        var low = 0
        var high = instants.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if instants[middle] <= instant { low = middle } else { high = middle }
        }
        return low
    }

    /// When the row of a slot should have come: at its end, and that of a billing day with this day.
    public func due(_ index: Int) -> Int64 { due ?? endOfSlot(index) }

    /// When a slot ends, which is when the next one begins.
    public func endOfSlot(_ index: Int) -> Int64 {
        index + 1 < instants.count ? instants[index + 1] : end
    }
}

extension TimeZoneRules {
    /// The local day of an instant, in days since 1970-01-01.
    func localDay(of instant: Timestamp) -> Int {
        let local = instant.seconds + Int64(offsetSeconds(atUTC: instant.seconds))
        return Int((Double(local) / 86_400).rounded(.down))
    }
}
