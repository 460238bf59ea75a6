// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing
import Timekeeping

@testable import Recurrence

/// The next occurrences in RFC 3339 form with the offset of the zone.
func times(
    _ recurrence: Recurrence,
    after: String,
    _ count: Int,
    _ name: String = "Europe/Bratislava"
) throws -> [String] {
    let zone = try #require(ZoneInfo.named(name))
    let start = try #require(Timestamp(rfc3339: after))
    return recurrence.occurrences(after: start, in: zone, limit: count).map { occurrence in
        occurrence.instant.rfc3339(offsetMinutes: zone.offsetSeconds(atUTC: occurrence.instant.seconds) / 60)
    }
}

@Suite("Cron expressions")
struct CronExpressionTests {
    private static func cron(_ text: String) throws -> Recurrence { .cron(try CronExpression(text)) }

    @Test("Fields take numbers, ranges, steps, lists and names")
    func fields() throws {
        let expression = try CronExpression("5,*/20 1-3,22 * JAN-mar Mon-FRI")
        #expect(expression.minutes.numbers == [0, 5, 20, 40])
        #expect(expression.hours.numbers == [1, 2, 3, 22])
        #expect(expression.months.numbers == [1, 2, 3])
        #expect(expression.daysOfWeek.numbers == [1, 2, 3, 4, 5])
        #expect(try CronExpression("10/15 0 1-9/3 * FRI-SUN").minutes.numbers == [10, 25, 40, 55])
        #expect(try CronExpression("0 0 1-9/3 * FRI-SUN").daysOfMonth.numbers == [1, 4, 7])
        #expect(try CronExpression("0 0 ? * FRI-SUN").daysOfWeek.numbers == [0, 5, 6])
        #expect(try CronExpression("@Hourly").minutes.numbers == [0])
        #expect(try CronExpression("@Hourly").hours.numbers == Array(0..<24))
    }

    @Test("A day that either field of days allows is due, unless one begins with an asterisk")
    func days() throws {
        #expect(
            try times(Self.cron("0 0 13 * FRI"), after: "2026-11-01T00:00:00Z", 3)
                == ["2026-11-06T00:00:00+01:00", "2026-11-13T00:00:00+01:00", "2026-11-20T00:00:00+01:00"]
        )
        #expect(
            try times(Self.cron("0 0 */2 * FRI"), after: "2026-11-01T00:00:00Z", 2)
                == ["2026-11-13T00:00:00+01:00", "2026-11-27T00:00:00+01:00"]
        )
        #expect(
            try times(Self.cron("30 6 L * *"), after: "2028-02-01T00:00:00Z", 2)
                == ["2028-02-29T06:30:00+01:00", "2028-03-31T06:30:00+02:00"]
        )
    }

    @Test("A time that the clock skips is due when the skip ends, and one that comes twice is due once")
    func changes() throws {
        let daily = try Self.cron("30 2 * * *")
        #expect(
            try times(daily, after: "2026-03-28T12:00:00Z", 2)
                == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        )
        #expect(
            try times(daily, after: "2026-10-24T12:00:00Z", 2)
                == ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        )
        let zone = try #require(ZoneInfo.named("Europe/Bratislava"))
        let skipped = try #require(Timestamp(rfc3339: "2026-03-29T02:30:00Z"))
        let spring = try #require(Timestamp(rfc3339: "2026-03-28T12:00:00Z"))
        #expect(daily.next(after: spring, in: zone)?.note == .skipped(local: skipped.seconds))
        let autumn = try #require(Timestamp(rfc3339: "2026-10-24T12:00:00Z"))
        #expect(daily.next(after: autumn, in: zone)?.note == .firstOnly)
        // Several skipped times are one at the end of the skip.
        #expect(
            try times(Self.cron("*/20 2 * * *"), after: "2026-03-29T00:59:00Z", 2)
                == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
        )
    }

    @Test("What is due in every hour goes by what the clock shows")
    func everyHour() throws {
        #expect(
            try times(Self.cron("30 * * * *"), after: "2026-10-25T00:00:00Z", 3)
                == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"]
        )
        #expect(
            try times(Self.cron("30 * * * *"), after: "2026-03-29T00:00:00Z", 2)
                == ["2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"]
        )
        #expect(
            try times(Self.cron("0 */2 * * *"), after: "2026-10-24T22:30:00Z", 2)
                == ["2026-10-25T02:00:00+02:00", "2026-10-25T04:00:00+01:00"]
        )
        // The clock goes from 02:00 to 02:30, and from 02:00 back to 01:30.
        #expect(
            try times(Self.cron("*/15 * * * *"), after: "2026-10-03T15:14:00Z", 3, "Australia/Lord_Howe")
                == ["2026-10-04T01:45:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-04T02:45:00+11:00"]
        )
        #expect(
            try times(Self.cron("*/15 * * * *"), after: "2026-04-04T14:44:00Z", 3, "Australia/Lord_Howe")
                == ["2026-04-05T01:45:00+11:00", "2026-04-05T01:30:00+10:30", "2026-04-05T01:45:00+10:30"]
        )
    }

    @Test(
        "Expressions are told in plain words",
        arguments: [
            ("15 2 * * *", "at 02:15 every day"), ("*/15 * * * *", "every 15 minutes"), ("* * * * *", "every minute"),
            ("0 * * * *", "every hour on the hour"), ("5 * * * *", "every hour at 5 minutes past"),
            ("0 6,18 * * MON-FRI", "at 06:00 and 18:00 on Mondays to Fridays"),
            ("10 0 1 * *", "at 00:10 on the 1st of the month"),
            ("10 0 1,L JAN,JUL ?", "at 00:10 on the 1st and last day of the month in January and July"),
            ("0 0 13 * 5", "at 00:00 on the 13th of the month and on Fridays"),
            ("*/10 8-17 * * *", "every 10 minutes from 08:00 to 17:59"),
            ("0 */4 * * *", "every 4 hours from midnight on the hour"),
        ]
    )
    func words(text: String, words: String) throws {
        #expect(try Self.cron(text).words == words)
    }

    @Test(
        "Faults are told with their column",
        arguments: [
            ("0 25 * * *", 3), ("60 * * * *", 1), ("0 0 * * MOON", 9), ("0 0 * JAN-MAI *", 11), ("0 0 1,,2 * *", 7),
            ("*/90 * * * *", 3), ("0 22-4 * * *", 3), ("0 0 * *", 8), ("0 0 0 * * *", 11), ("0 0 30 2 *", 5),
            ("@reboot", 1), ("0 0 5L * *", 5), ("0 ? * * *", 3), ("", 1), ("0 0 * * 5#2", 9), ("*/0 * * * *", 3),
        ]
    )
    func faults(text: String, column: Int) {
        #expect {
            try CronExpression(text)
        } throws: {
            ($0 as? RecurrenceError)?.column == column
        }
    }
}
