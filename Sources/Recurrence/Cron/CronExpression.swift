// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// Five fields of cron: minute, hour, day of month, month and day of week.
///
/// Fields take numbers, ranges, steps, lists, names (`JAN`, `MON`) and `*`; `L` is the last day of the month, `?` is
/// tolerated for `*` in the fields of days, and `@daily` and its like stand for all five. When both fields of days are
/// restricted, a day that either allows is due, as crontab(5) has it; a field that begins with `*` is no restriction.
public struct CronExpression: Hashable, Sendable, LocalPattern {
    /// The text as it was given.
    public let text: String
    let minutes: CronField
    let hours: CronField
    let daysOfMonth: CronField
    let months: CronField
    let daysOfWeek: CronField

    private static let nicknames = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    /// Reads an expression.
    ///
    /// - Throws: ``RecurrenceError`` with the column of the fault.
    public init(_ text: String) throws(RecurrenceError) {
        self.text = text
        let octets = Array((Self.nicknames[text.lowercased()] ?? text).utf8)
        if octets.first == UInt8(ascii: "@") {
            throw RecurrenceError(
                "\(text) is not known",
                column: 1,
                hint: "There are \(PlainWords.list(Self.nicknames.keys.sorted()))."
            )
        }
        var fields: [(ArraySlice<UInt8>, Int)] = []
        for part in octets.indices.split(whereSeparator: { octets[$0] == 0x20 || octets[$0] == 0x09 }) {
            guard let first = part.first, let last = part.last else { continue }
            fields.append((octets[first...last], first + 1))
        }
        guard fields.count == 5 else {
            throw RecurrenceError(
                "there are \(fields.count) fields, not five",
                column: fields.count > 5 ? fields[5].1 : octets.count + 1,
                hint: fields.count == 6
                    ? "There is no field for seconds: minute, hour, day of month, month, day of week."
                    : "Write minute, hour, day of month, month and day of week, such as 15 2 * * *."
            )
        }
        minutes = try CronField(fields[0].0, .minute, column: fields[0].1)
        hours = try CronField(fields[1].0, .hour, column: fields[1].1)
        daysOfMonth = try CronField(fields[2].0, .dayOfMonth, column: fields[2].1)
        months = try CronField(fields[3].0, .month, column: fields[3].1)
        daysOfWeek = try CronField(fields[4].0, .dayOfWeek, column: fields[4].1)
        guard next(afterLocal: 0) != nil else {
            throw RecurrenceError("there is no such day in any year", column: fields[2].1)
        }
    }

    /// One that is due in every hour goes by what the clock shows.
    var followsClock: Bool { hours.numbers.count == 24 }

    func next(afterLocal local: Int64) -> Int64? {
        let start = local / 60 - (local % 60 < 0 ? 1 : 0) + 1
        let firstDay = Int(start >= 0 ? start / 1440 : (start - 1439) / 1440)
        var minute = Int(start) - firstDay * 1440
        var date = CivilDate(daysSinceEpoch: firstDay)
        var day = firstDay
        let horizon = date.year + 100
        while date.year <= horizon {
            if !months.contains(date.month) {
                day = CivilDate.daysSinceEpoch(
                    year: date.month == 12 ? date.year + 1 : date.year,
                    month: date.month % 12 + 1,
                    day: 1
                )
                minute = 0
            } else {
                if isDue(date, day), let found = firstMinute(from: minute) {
                    return Int64(day) * 86_400 + Int64(found) * 60
                }
                day += 1
                minute = 0
            }
            date = CivilDate(daysSinceEpoch: day)
        }
        return nil
    }

    private func isDue(_ date: CivilDate, _ day: Int) -> Bool {
        let isDayOfMonth =
            daysOfMonth.contains(date.day)
            || (daysOfMonth.hasLastDay && date.day == CivilDate.daysInMonth(date.month, of: date.year))
        let isDayOfWeek = daysOfWeek.contains(CivilDate.dayOfWeek(daysSinceEpoch: day) % 7)
        return daysOfMonth.isStar || daysOfWeek.isStar ? isDayOfMonth && isDayOfWeek : isDayOfMonth || isDayOfWeek
    }

    private func firstMinute(from minute: Int) -> Int? {
        var hour = minute / 60
        var first = minute % 60
        while hour < 24 {
            if hours.contains(hour) {
                let rest = minutes.bits >> UInt64(first)
                if rest != 0 { return hour * 60 + first + rest.trailingZeroBitCount }
            }
            hour += 1
            first = 0
        }
        return nil
    }
}
