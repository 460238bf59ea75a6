// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// When a profile with a fixed capture period should have rows, day by day in the meter's zone.
///
/// Days are local ones, so that a day has 92, 96 or 100 quarter-hours. The row at local midnight opens its day.
public struct CaptureCalendar: Sendable {
    /// Seconds between two rows, from 60 to 86,400.
    public let period: Int64
    private let rules: any TimeZoneRules

    private static let day: Int64 = 86_400

    /// Makes the calendar of a profile.
    ///
    /// - Parameters:
    ///   - period: the capture period in seconds (class 7, attribute 4).
    ///   - rules: the meter's zone.
    /// - Returns: nil where no rows can be expected at certain times: without a period, or one shorter than a minute or
    ///   longer than a day, whose phase nobody knows.
    public init?(period: UInt32, rules: any TimeZoneRules) {
        guard (60...86_400).contains(period) else { return nil }
        self.period = Int64(period)
        self.rules = rules
    }

    /// The local day of an instant, in days since 1970-01-01.
    public func day(of instant: Timestamp) -> Int {
        let local = instant.seconds + Int64(rules.offsetSeconds(atUTC: instant.seconds))
        return Int((Double(local) / Double(Self.day)).rounded(.down))
    }

    /// The local days that a stretch of time, which is not empty, falls on.
    public func days(in range: Range<Timestamp>) -> ClosedRange<Int> {
        let first = day(of: range.lowerBound)
        return first...max(first, day(of: range.upperBound - .microseconds(1)))
    }

    /// The slots of a local day.
    public func slots(of day: Int) -> DaySlots {
        let start = rules.firstInstant(ofLocal: Int64(day) * Self.day)
        let end = rules.firstInstant(ofLocal: Int64(day + 1) * Self.day)
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
    /// When the day ends.
    public let end: Int64

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

    /// When a slot ends, which is when the next one begins.
    public func endOfSlot(_ index: Int) -> Int64 {
        index + 1 < instants.count ? instants[index + 1] : end
    }
}
