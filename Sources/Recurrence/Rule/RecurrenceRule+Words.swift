// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

extension RecurrenceRule {
    /// The rule in plain words, such as "at 00:10 on the 1st of every month".
    var words: String {
        let pattern = [timeWords, dayWords, monthWords].filter { !$0.isEmpty }.joined(separator: " ")
        return pattern + positionWords + endWords
    }

    private var beginTime: (hour: Int, minute: Int) {
        let second = Int((begin % 86_400 + 86_400) % 86_400)
        return (second / 3600, second / 60 % 60)
    }

    private var beginDate: CivilDate {
        CivilDate(daysSinceEpoch: Int((begin - (begin % 86_400 + 86_400) % 86_400) / 86_400))
    }

    private func every(_ unit: String) -> String { interval == 1 ? "every \(unit)" : "every \(interval) \(unit)s" }

    private var timeWords: String {
        let minutes = minutes.isEmpty ? [beginTime.minute] : minutes
        let within = hours.isEmpty ? "" : " in the hours of \(PlainWords.list(hours.map { PlainWords.time($0, 0) }))"
        switch frequency {
        case .minutely:
            let past = self.minutes.isEmpty ? "" : " at \(PlainWords.past(minutes))"
            return every("minute") + past + within
        case .hourly: return every("hour") + " at \(PlainWords.past(minutes))" + within
        case .daily, .weekly, .monthly, .yearly:
            let hours = hours.isEmpty ? [beginTime.hour] : hours
            guard hours.count * minutes.count <= 12 else {
                return "at \(PlainWords.past(minutes))\(within)"
            }
            return "at " + PlainWords.list(hours.flatMap { hour in minutes.map { PlainWords.time(hour, $0) } })
        }
    }

    private var dayWords: String {
        var words: [String] = []
        let isOpen = weekdays.isEmpty && monthDays.isEmpty
        switch frequency {
        case .minutely, .hourly: break
        case .daily: words.append(every("day"))
        case .weekly:
            let days = isOpen ? [beginDate.dayOfWeek] : weekdays.map(\.day).sorted()
            return "on \(PlainWords.weekdays(days))" + (interval == 1 ? "" : " every \(interval) weeks")
        case .monthly, .yearly: break
        }
        var days = monthDays.sorted { ($0 < 0 ? $0 + 100 : $0) < ($1 < 0 ? $1 + 100 : $1) }
        if isOpen, frequency >= .monthly { days = [beginDate.day] }
        if !days.isEmpty {
            let names = days.map { $0 < 0 ? PlainWords.ordinal($0) + " day" : PlainWords.ordinal($0) }
            words.append("on the \(PlainWords.list(names))")
        }
        if !weekdays.isEmpty {
            let names = weekdays.map { wanted in
                let name = PlainWords.days[wanted.day - 1]
                return wanted.ordinal.map { "the \(PlainWords.ordinal($0)) \(name)" }
                    ?? (days.isEmpty ? name + "s" : name)
            }
            words.append((days.isEmpty ? "on " : "if it is ") + PlainWords.list(names, days.isEmpty ? "and" : "or"))
        }
        return words.joined(separator: " ")
    }

    private var monthWords: String {
        let names = PlainWords.list(months.sorted().map { PlainWords.months[$0 - 1] })
        switch frequency {
        case .monthly:
            let often = interval == 1 ? "of every month" : "of every \(PlainWords.ordinal(interval)) month"
            let choice = PlainWords.list(months.sorted().map { PlainWords.months[$0 - 1] }, "or")
            return names.isEmpty ? often : "\(often) that is \(choice)"
        case .yearly:
            let often = interval == 1 ? "of every year" : "of every \(PlainWords.ordinal(interval)) year"
            let isOpen = weekdays.isEmpty && monthDays.isEmpty
            if !names.isEmpty { return "of \(names) \(often)" }
            return isOpen ? "of \(PlainWords.months[beginDate.month - 1]) \(often)" : often
        case .minutely, .hourly, .daily, .weekly: return names.isEmpty ? "" : "in \(names)"
        }
    }

    private var positionWords: String {
        guard !positions.isEmpty else { return "" }
        let places = positions.map { PlainWords.ordinal($0) }
        return ", of these the \(PlainWords.list(places)) of each \(unitWord)"
    }

    private var unitWord: String {
        switch frequency {
        case .minutely: "minute"
        case .hourly: "hour"
        case .daily: "day"
        case .weekly: "week"
        case .monthly: "month"
        case .yearly: "year"
        }
    }

    private var endWords: String {
        switch end {
        case .never: return ""
        case .count(let count): return count == 1 ? ", once" : ", \(count) times"
        case .local(let last):
            let text = Timestamp(seconds: last).rfc3339
            return ", until \(text.prefix(10)) \(text.dropFirst(11).prefix(5))"
        case .instant(let last): return ", until \(last.rfc3339)"
        }
    }
}
