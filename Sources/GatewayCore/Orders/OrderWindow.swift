// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Days and times at which disconnections may be sent.
public struct OrderWindow: Hashable, Sendable {
    private static let words = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    /// Days, 0 = Monday.
    private let days: Set<Int>
    /// Minutes of the local day.
    private let minutes: Range<Int>
    private let zone: ZoneInfo

    /// Reads `mon-thu 08:00-15:00` or `mon,wed 08:00-15:00`; nil for anything else.
    public init?(_ text: String, zone: ZoneInfo) {
        let parts = text.lowercased().split(separator: " ")
        guard parts.count == 2 else { return nil }
        var days: Set<Int> = []
        for span in parts[0].split(separator: ",", omittingEmptySubsequences: false) {
            let ends = span.split(separator: "-", omittingEmptySubsequences: false).map { word in
                Self.words.firstIndex { $0 == word }
            }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else {
                return nil
            }
            days.formUnion(first...last)
        }
        let times = parts[1].split(separator: "-", omittingEmptySubsequences: false).map(Self.minute)
        guard times.count == 2, let from = times[0], let to = times[1], from < to else { return nil }
        self.days = days
        minutes = from..<to
        self.zone = zone
    }

    /// Whether a moment lies in it.
    public func contains(_ moment: Timestamp) -> Bool {
        let local = moment.seconds + Int64(zone.offsetSeconds(atUTC: moment.seconds))
        let (day, second) = Self.split(local)
        return days.contains(Self.weekday(day)) && minutes.contains(Int(second / 60))
    }

    /// When it opens next.
    public func opening(after moment: Timestamp) -> Timestamp? {
        let (today, _) = Self.split(moment.seconds + Int64(zone.offsetSeconds(atUTC: moment.seconds)))
        for day in today...(today + 8) where days.contains(Self.weekday(day)) {
            let opening = Timestamp(
                seconds: zone.firstInstant(ofLocal: day * 86_400 + Int64(minutes.lowerBound) * 60)
            )
            if opening > moment { return opening }
        }
        return nil
    }

    private static func split(_ local: Int64) -> (day: Int64, second: Int64) {
        let second = ((local % 86_400) + 86_400) % 86_400
        return ((local - second) / 86_400, second)
    }

    /// 1970-01-01 was a Thursday.
    private static func weekday(_ day: Int64) -> Int { Int(((day + 3) % 7 + 7) % 7) }

    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0...24).contains(hour), (0...59).contains(minute), hour * 60 + minute <= 1440
        else { return nil }
        return hour * 60 + minute
    }
}
