// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Again and again after the same time, whatever the clocks on the walls do.
public struct IntervalRecurrence: Hashable, Sendable {
    /// The time from one to the next.
    public let every: Duration
    /// One of the instants, or one that is as far from them as whole intervals; nil counts from local midnight of
    /// 2000-01-01.
    public let anchor: Timestamp?

    /// What intervals may be.
    public static let range: ClosedRange<Duration> = .seconds(1) ... .seconds(366 * 86_400)

    /// Makes a recurrence; nil when the interval is out of range or no whole number of seconds.
    public init?(every: Duration, anchor: Timestamp? = nil) {
        guard Self.range.contains(every), every.wholeMicroseconds % 1_000_000 == 0 else { return nil }
        self.every = every
        self.anchor = anchor
    }

    func next(after instant: Timestamp, in zone: any TimeZoneRules) -> Occurrence? {
        let length = every.wholeMicroseconds / 1_000_000
        let midnight = Int64(CivilDate.daysSinceEpoch(year: 2000, month: 1, day: 1)) * 86_400
        let origin = anchor?.seconds ?? zone.firstInstant(ofLocal: midnight)
        let elapsed = instant.seconds - origin
        let whole = elapsed >= 0 ? elapsed / length : (elapsed - length + 1) / length
        return Occurrence(origin + (whole + 1) * length)
    }

    var words: String {
        let seconds = every.wholeMicroseconds / 1_000_000
        let units: [(Int64, String)] = [
            (604_800, "week"), (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"),
        ]
        for (unit, name) in units where seconds % unit == 0 {
            let count = seconds / unit
            return count == 1 ? "every \(name)" : "every \(count) \(name)s"
        }
        return "every \(seconds) seconds"
    }
}
