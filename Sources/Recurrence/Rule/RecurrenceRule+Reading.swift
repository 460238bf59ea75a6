// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

extension RecurrenceRule {
    /// How many a rule with COUNT may have.
    private static let mostCount = 10_000
    private static let dayWords = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    private static let names = [
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYHOUR", "BYMINUTE", "BYSETPOS",
        "WKST",
    ]

    /// Reads the parts of the text.
    mutating func read(_ text: String) throws(RecurrenceError) {
        var seen: [String: Int] = [:]
        var column = 1
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            // A colon, as behind RRULE or DTSTART, belongs to a calendar and not to the rule.
            guard let equals = part.firstIndex(of: "="), !part.contains(":") else {
                throw RecurrenceError(
                    part.isEmpty ? "a part is empty" : "\(part) is no part of a rule",
                    column: column,
                    hint: "Write parts such as FREQ=DAILY with semicolons between; the beginning goes into anchor."
                )
            }
            let name = part[..<equals].uppercased()
            let value = part[part.index(after: equals)...]
            let place = column + part[..<equals].utf8.count + 1
            if seen.updateValue(place, forKey: name) != nil {
                throw RecurrenceError("\(name) stands twice", column: column)
            }
            try read(name, String(value).uppercased(), place, at: column)
            column += part.utf8.count + 1
        }
        guard seen["FREQ"] != nil else {
            throw RecurrenceError("FREQ is missing", column: 1, hint: "Begin with FREQ=DAILY, for example.")
        }
        if let place = seen["UNTIL"], seen["COUNT"] != nil {
            throw RecurrenceError("UNTIL and COUNT exclude each other", column: place)
        }
        if let place = seen["BYDAY"], weekdays.contains(where: { $0.ordinal != nil }),
            frequency != .monthly, frequency != .yearly
        {
            throw RecurrenceError("only FREQ=MONTHLY and FREQ=YEARLY count weekdays", column: place)
        }
        if let place = seen["BYMONTHDAY"], frequency == .weekly {
            throw RecurrenceError("FREQ=WEEKLY takes no BYMONTHDAY", column: place)
        }
        if let place = seen["BYSETPOS"],
            months.isEmpty, monthDays.isEmpty, weekdays.isEmpty, hours.isEmpty, minutes.isEmpty
        {
            throw RecurrenceError("BYSETPOS needs another BY part to choose from", column: place)
        }
    }

    private mutating func read(
        _ name: String,
        _ value: String,
        _ place: Int,
        at column: Int
    ) throws(RecurrenceError) {
        switch name {
        case "FREQ":
            guard let word = Frequency(rawValue: value) else {
                throw RecurrenceError(
                    "\(value.isEmpty ? "nothing" : value) is no frequency",
                    column: place,
                    hint: "There are \(PlainWords.list(Frequency.allCases.map(\.rawValue)))."
                )
            }
            frequency = word
        case "INTERVAL": interval = try Self.number(value, 1...10_000, place)
        case "COUNT": end = .count(try Self.number(value, 1...Self.mostCount, place))
        case "UNTIL": end = try Self.end(value, place)
        case "BYMONTH": months = Set(try Self.numbers(value, 1...12, place))
        case "BYMONTHDAY": monthDays = Set(try Self.numbers(value, -31...31, place))
        case "BYDAY": weekdays = try Self.weekdays(value, place)
        case "BYHOUR": hours = Set(try Self.numbers(value, 0...23, place)).sorted()
        case "BYMINUTE": minutes = Set(try Self.numbers(value, 0...59, place)).sorted()
        case "BYSETPOS": positions = try Self.numbers(value, -366...366, place)
        case "WKST":
            guard let index = Self.dayWords.firstIndex(of: value) else {
                throw RecurrenceError("\(value) is no day", column: place, hint: "Write MO, TU, WE, TH, FR, SA or SU.")
            }
            weekStart = index + 1
        default:
            throw RecurrenceError(
                "\(name.isEmpty ? "an empty name" : name) is not known here",
                column: column,
                hint: "Known are \(PlainWords.list(Self.names))."
            )
        }
    }

    /// A number; zero is none of a range that begins below.
    private static func number(
        _ text: some StringProtocol,
        _ range: ClosedRange<Int>,
        _ column: Int
    ) throws(RecurrenceError) -> Int {
        guard text.utf8.count <= 5, let number = Int(text), range.contains(number), number != 0 || range.lowerBound >= 0
        else {
            let allowed =
                range.lowerBound < 0
                ? "from 1 to \(range.upperBound), or \(range.lowerBound) to -1 from the end"
                : "from \(range.lowerBound) to \(range.upperBound)"
            throw RecurrenceError("\(text.isEmpty ? "nothing" : String(text)) is no number \(allowed)", column: column)
        }
        return number
    }

    private static func numbers(
        _ text: String,
        _ range: ClosedRange<Int>,
        _ column: Int
    ) throws(RecurrenceError) -> [Int] {
        var numbers: [Int] = []
        var place = column
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            numbers.append(try number(part, range, place))
            place += part.utf8.count + 1
        }
        return numbers
    }

    private static func weekdays(_ text: String, _ column: Int) throws(RecurrenceError) -> [Weekday] {
        var days: [Weekday] = []
        var place = column
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let index = dayWords.firstIndex(of: String(part.suffix(2))) else {
                throw RecurrenceError(
                    "\(part.isEmpty ? "nothing" : String(part)) is no day",
                    column: place,
                    hint: "Write MO, TU, WE, TH, FR, SA or SU, with 2 in front for the second or -1 for the last."
                )
            }
            let head = part.dropLast(2)
            days.append(Weekday(day: index + 1, ordinal: head.isEmpty ? nil : try number(head, -53...53, place)))
            place += part.utf8.count + 1
        }
        return days
    }

    /// `20261231` with the whole day, `20261231T235959` by the local clock, or with `Z` in UTC.
    private static func end(_ text: String, _ column: Int) throws(RecurrenceError) -> End {
        let octets = Array(text.utf8)
        func digits(_ range: Range<Int>) -> Int? {
            guard octets.count >= range.upperBound, octets[range].allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            return octets[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        let fault = RecurrenceError(
            "\(text.isEmpty ? "nothing" : text) is no time",
            column: column,
            hint: "Write 20261231, 20261231T235959 for local time, or 20261231T225959Z."
        )
        guard let year = digits(0..<4), let month = digits(4..<6), let day = digits(6..<8),
            let date = CivilDate(year: year, month: month, day: day)
        else { throw fault }
        let midnight = Int64(date.daysSinceEpoch) * 86_400
        if octets.count == 8 { return .local(midnight + 86_399) }
        guard octets.count == 15 || octets.count == 16 && octets[15] == UInt8(ascii: "Z"),
            octets[8] == UInt8(ascii: "T"), let hour = digits(9..<11), let minute = digits(11..<13),
            let second = digits(13..<15), hour < 24, minute < 60, second < 60
        else { throw fault }
        let local = midnight + Int64(hour * 3600 + minute * 60 + second)
        return octets.count == 16 ? .instant(Timestamp(seconds: local)) : .local(local)
    }
}
