// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing
import Timekeeping

@testable import Recurrence

@Suite("Rules of RFC 5545")
struct RecurrenceRuleTests {
    private static func rule(_ text: String, from begin: String = "2026-01-01T00:00:00Z") throws -> Recurrence {
        .rule(try RecurrenceRule(text, begin: try #require(Timestamp(rfc3339: begin)).seconds))
    }

    @Test("Months have days counted from both ends, and weekdays in order")
    func months() throws {
        #expect(
            try times(Self.rule("FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=23"), after: "2026-01-31T23:00:00Z", 2)
                == ["2026-02-28T23:00:00+01:00", "2026-03-31T23:00:00+02:00"]
        )
        #expect(
            try times(Self.rule("FREQ=MONTHLY;BYDAY=2FR,-1MO"), after: "2026-11-01T00:00:00Z", 3)
                == ["2026-11-13T00:00:00+01:00", "2026-11-30T00:00:00+01:00", "2026-12-11T00:00:00+01:00"]
        )
        // The last working day.
        #expect(
            try times(Self.rule("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"), after: "2026-10-01T00:00:00Z", 2)
                == ["2026-10-30T00:00:00+01:00", "2026-11-30T00:00:00+01:00"]
        )
        #expect(
            try times(Self.rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), after: "2026-10-01T00:00:00Z", 1)
                == ["2028-02-29T00:00:00+01:00"]
        )
    }

    @Test("Weeks are counted from the day that begins them")
    func weeks() throws {
        func everyOther(_ start: String) throws -> [String] {
            let text = "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=\(start)"
            let rule = try Self.rule(text, from: "1997-08-05T00:00:00Z")
            return try times(rule, after: "1997-08-01T00:00:00Z", 9, "UTC")
        }
        #expect(
            try everyOther("MO")
                == ["1997-08-05T00:00:00Z", "1997-08-10T00:00:00Z", "1997-08-19T00:00:00Z", "1997-08-24T00:00:00Z"]
        )
        #expect(
            try everyOther("SU")
                == ["1997-08-05T00:00:00Z", "1997-08-17T00:00:00Z", "1997-08-19T00:00:00Z", "1997-08-31T00:00:00Z"]
        )
    }

    @Test("A rule ends after its count or with its last moment")
    func ends() throws {
        let after = "2026-01-02T12:00:00Z"
        #expect(try times(Self.rule("FREQ=DAILY;COUNT=3"), after: after, 9) == ["2026-01-03T00:00:00+01:00"])
        #expect(try times(Self.rule("FREQ=DAILY;UNTIL=20260104"), after: after, 9).count == 2)
        #expect(try times(Self.rule("FREQ=DAILY;UNTIL=20260103T230000Z"), after: after, 9).count == 2)
        #expect(try times(Self.rule("FREQ=DAILY;UNTIL=20260103T225900Z"), after: after, 9).count == 1)
    }

    @Test("Every hour goes by the clock, every second one by local time")
    func hours() throws {
        #expect(
            try times(Self.rule("FREQ=HOURLY"), after: "2026-10-25T00:00:00Z", 2)
                == ["2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]
        )
        #expect(
            try times(Self.rule("FREQ=HOURLY;INTERVAL=2"), after: "2026-10-24T23:00:00Z", 2)
                == ["2026-10-25T02:00:00+02:00", "2026-10-25T04:00:00+01:00"]
        )
    }

    @Test("Intervals take no notice of the clock on the wall")
    func intervals() throws {
        let six = Recurrence.interval(try #require(IntervalRecurrence(every: .seconds(6 * 3600))))
        #expect(
            try times(six, after: "2026-10-24T17:00:00Z", 3)
                == ["2026-10-25T01:00:00+02:00", "2026-10-25T06:00:00+01:00", "2026-10-25T12:00:00+01:00"]
        )
        let anchor = try #require(Timestamp(rfc3339: "2026-11-22T08:07:00+01:00"))
        let quarter = Recurrence.interval(try #require(IntervalRecurrence(every: .seconds(900), anchor: anchor)))
        #expect(
            try times(quarter, after: "2026-11-20T00:00:00Z", 2)
                == ["2026-11-20T01:07:00+01:00", "2026-11-20T01:22:00+01:00"]
        )
        #expect(IntervalRecurrence(every: .milliseconds(1500)) == nil)
        #expect(quarter.words == "every 15 minutes")
    }

    @Test(
        "Rules are told in plain words",
        arguments: [
            ("FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=0;BYMINUTE=10", "at 00:10 on the 1st of every month"),
            ("FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=6", "at 06:00 on Mondays and Fridays"),
            ("FREQ=MONTHLY;BYDAY=-1FR", "at 00:00 on the last Friday of every month"),
            ("FREQ=DAILY;INTERVAL=3;COUNT=5", "at 00:00 every 3 days, 5 times"),
            ("FREQ=MINUTELY;INTERVAL=15", "every 15 minutes"),
            ("FREQ=YEARLY", "at 00:00 on the 1st of January of every year"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "at 00:00 on the last day of every month"),
        ]
    )
    func words(text: String, words: String) throws {
        #expect(try Self.rule(text).words == words)
    }

    @Test(
        "Faults are told with their column",
        arguments: [
            ("FREQ=FORTNIGHTLY", 6), ("INTERVAL=2", 1), ("FREQ=DAILY;COUNT=0", 18), ("FREQ=DAILY;BYSECOND=1", 12),
            ("FREQ=DAILY;BYDAY=2MO", 18), ("FREQ=MONTHLY;BYDAY=XX", 20), ("FREQ=DAILY;UNTIL=2026", 18),
            ("FREQ=DAILY;COUNT=1;UNTIL=20260101", 26), ("FREQ=DAILY;FREQ=DAILY", 12), ("FREQ=DAILY;", 12),
            ("FREQ=MONTHLY;BYMONTHDAY=1,0", 27), ("FREQ=DAILY;BYSETPOS=1", 21), ("RRULE:FREQ=DAILY", 1),
        ]
    )
    func faults(text: String, column: Int) {
        #expect {
            try RecurrenceRule(text, begin: 0)
        } throws: {
            ($0 as? RecurrenceError)?.column == column
        }
    }

    @Test("A rule that never comes is refused")
    func never() {
        #expect(throws: RecurrenceError.self) { try RecurrenceRule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", begin: 0) }
    }
}
