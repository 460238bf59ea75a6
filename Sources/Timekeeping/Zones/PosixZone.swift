// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a time zone does from now on, such as `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX TZ with the extensions of RFC 9636 §3.3.1).
struct PosixZone: Hashable, Sendable {
    /// When in a year daylight saving time begins or ends.
    private struct Change: Hashable {
        /// How the day is told.
        enum Day: Hashable {
            /// The week-th weekday of a month, week 5 being the last; weekday 0 is Sunday.
            case month(Int, week: Int, weekday: Int)
            /// The day of the year from 1, February 29 never counted.
            case julian(Int)
            /// The day of the year from 0.
            case ordinal(Int)
        }

        let day: Day
        /// Seconds after local midnight.
        let time: Int
    }

    /// The other half of the year.
    private struct Daylight: Hashable {
        let offset: Int
        let begin: Change
        let end: Change
    }

    private let standardOffset: Int
    private let daylight: Daylight?

    /// Reads the text; nil when it is malformed.
    init?(_ text: String) {
        var rest = Substring(text)
        guard Self.skipName(&rest), let west = Self.time(&rest) else { return nil }
        standardOffset = -west
        guard !rest.isEmpty else {
            daylight = nil
            return
        }
        guard Self.skipName(&rest) else { return nil }
        var offset = standardOffset + 3600
        if rest.first != ",", let west = Self.time(&rest) { offset = -west }
        let rules = rest.split(separator: ",", omittingEmptySubsequences: true)
        guard rest.first == ",", rules.count == 2, let begin = Self.change(rules[0]), let end = Self.change(rules[1])
        else { return nil }
        daylight = Daylight(offset: offset, begin: begin, end: end)
    }

    /// Seconds to add to UTC to get local time.
    func offsetSeconds(atUTC seconds: Int64) -> Int {
        guard let daylight else { return standardOffset }
        let seconds = min(max(seconds, -Self.farthest), Self.farthest)
        let year = Self.year(of: seconds + Int64(standardOffset))
        let begin = Self.localSeconds(of: daylight.begin, in: year) - Int64(standardOffset)
        let end = Self.localSeconds(of: daylight.end, in: year) - Int64(daylight.offset)
        // South of the equator daylight saving time spans the turn of the year.
        let isDaylight = begin < end ? (begin..<end).contains(seconds) : !(end..<begin).contains(seconds)
        return isDaylight ? daylight.offset : standardOffset
    }

    /// Beyond this, some nine million years, instants are taken for this one, so that sums of any instant fit.
    private static let farthest: Int64 = 1 << 48

    private static func skipName(_ rest: inout Substring) -> Bool {
        let before = rest.count
        if rest.first == "<" {
            guard let end = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            rest = rest.drop { $0.isLetter }
        }
        return rest.count < before
    }

    /// Reads `[+-]hh[:mm[:ss]]` in seconds.
    private static func time(_ rest: inout Substring) -> Int? {
        var sign = 1
        if let first = rest.first, first == "+" || first == "-" {
            sign = first == "-" ? -1 : 1
            rest.removeFirst()
        }
        var total = 0
        var unit = 3600
        while unit > 0 {
            let digits = rest.prefix { $0.isNumber }
            guard let value = Int(digits), value <= 167 else { return nil }
            total += value * unit
            rest = rest.dropFirst(digits.count)
            guard unit > 1, rest.first == ":" else { break }
            rest.removeFirst()
            unit /= 60
        }
        return sign * total
    }

    private static func change(_ text: Substring) -> Change? {
        let parts = text.split(separator: "/", maxSplits: 1)
        var time = 7200
        if parts.count == 2 {
            var rest = parts[1]
            guard let value = Self.time(&rest), rest.isEmpty else { return nil }
            time = value
        }
        guard let day = parts.first, let kind = day.first else { return nil }
        switch kind {
        case "M":
            let numbers = day.dropFirst().split(separator: ".").compactMap { Int($0) }
            guard numbers.count == 3, (1...12).contains(numbers[0]), (1...5).contains(numbers[1]),
                (0...6).contains(numbers[2])
            else { return nil }
            return Change(day: .month(numbers[0], week: numbers[1], weekday: numbers[2]), time: time)
        case "J":
            guard let number = Int(day.dropFirst()), (1...365).contains(number) else { return nil }
            return Change(day: .julian(number), time: time)
        default:
            guard let number = Int(day), (0...365).contains(number) else { return nil }
            return Change(day: .ordinal(number), time: time)
        }
    }

    private static func localSeconds(of change: Change, in year: Int) -> Int64 {
        let newYear = days(year, 1, 1)
        let isLeap = days(year, 3, 1) - days(year, 2, 1) == 29
        let day: Int
        switch change.day {
        case .ordinal(let number): day = newYear + number
        case .julian(let number): day = newYear + number - 1 + (isLeap && number > 59 ? 1 : 0)
        case .month(let month, let week, let weekday):
            let first = days(year, month, 1)
            let next = month == 12 ? days(year + 1, 1, 1) : days(year, month + 1, 1)
            // 1970-01-01 was a Thursday, weekday 4.
            let firstWeekday = ((first + 4) % 7 + 7) % 7
            var candidate = first + (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
            while candidate >= next { candidate -= 7 }
            day = candidate
        }
        return Int64(day) * 86_400 + Int64(change.time)
    }

    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        CivilDate.daysSinceEpoch(year: year, month: month, day: day)
    }

    private static func year(of seconds: Int64) -> Int {
        var year = 1970 + Int(seconds / 31_556_952)
        while Int64(days(year, 1, 1)) * 86_400 > seconds { year -= 1 }
        while Int64(days(year + 1, 1, 1)) * 86_400 <= seconds { year += 1 }
        return year
    }
}
