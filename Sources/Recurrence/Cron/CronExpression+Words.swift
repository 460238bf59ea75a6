// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension CronExpression {
    /// The expression in plain words, such as "at 02:15 every day".
    var words: String {
        let days = dayWords
        var text = timeWords
        if days.isEmpty {
            if !isFrequent { text += " every day" }
        } else {
            text += " " + days
        }
        if months.numbers.count < 12 {
            text += " in " + PlainWords.list(months.numbers.map { PlainWords.months[$0 - 1] })
        }
        return text
    }

    /// Whether the time of day is told by a frequency, so that "every day" goes without saying.
    private var isFrequent: Bool { hours.starStep != nil || minutes.starStep != nil }

    private var timeWords: String {
        let (minutes, hours) = (minutes.numbers, hours.numbers)
        if let step = self.minutes.starStep {
            let often = step == 1 ? "every minute" : "every \(step) minutes"
            // Sixty minutes are no whole number of such steps, so the last one of each hour is shorter.
            let within = 60 % step == 0 ? "" : " from the full hour"
            return often + within + hourWords
        }
        if let step = self.hours.starStep {
            let past = minutes == [0] ? "on the hour" : "at \(PlainWords.past(minutes))"
            return step == 1 ? "every hour \(past)" : "every \(step) hours from midnight \(past)"
        }
        guard minutes.count * hours.count <= 12 else {
            return "at \(PlainWords.past(minutes))\(hourWords.isEmpty ? " every hour" : hourWords)"
        }
        let times = hours.flatMap { hour in minutes.map { PlainWords.time(hour, $0) } }
        return "at \(PlainWords.list(times))"
    }

    private var hourWords: String {
        let numbers = hours.numbers
        if numbers.count == 24 { return "" }
        if let first = numbers.first, let last = numbers.last, last - first + 1 == numbers.count {
            return " from \(PlainWords.time(first, 0)) to \(PlainWords.time(last, 59))"
        }
        return " in the hours of \(PlainWords.list(numbers.map { PlainWords.time($0, 0) }))"
    }

    private var dayWords: String {
        let isEveryDayOfMonth = daysOfMonth.numbers.count == 31
        let weekdays = daysOfWeek.numbers.map { $0 == 0 ? 7 : $0 }.sorted()
        let ofMonth =
            PlainWords.runs(daysOfMonth.numbers) { PlainWords.ordinal($0) }
            + (daysOfMonth.hasLastDay ? ["last day"] : [])
        let dates = "the \(PlainWords.list(ofMonth)) of the month"
        switch (isEveryDayOfMonth, weekdays.count == 7) {
        case (true, true): return ""
        case (true, false): return "on " + PlainWords.weekdays(weekdays)
        case (false, true): return "on " + dates
        case (false, false):
            let names = weekdays.map { PlainWords.days[$0 - 1] }
            return daysOfMonth.isStar || daysOfWeek.isStar
                ? "on \(dates) if it is a \(PlainWords.list(names, "or"))"
                : "on \(dates) and on \(PlainWords.weekdays(weekdays))"
        }
    }
}
