// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import Foundation
import Testing
import Timekeeping

@Suite("Billing days")
struct BillingDayTests {
    /// Zone, billing day, an instant, and the next instants, as python-dateutil says; see `Tests/Peers/test_billing_days.py`.
    private static let table: [[String]] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Peers/billing_days.csv")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    }()

    private static func moment(_ text: String) throws -> Timestamp {
        try #require(Timestamp(rfc3339: text))
    }

    private static func day(_ text: String) throws -> Int {
        try #require(CivilDate(iso8601: text)).daysSinceEpoch
    }

    @Test func `Rows are due at the local midnights that a foreign calendar finds`() throws {
        #expect(Self.table.count == 80)
        for line in Self.table {
            let rules = try #require(ZoneInfo.named(line[0]))
            let calendar = try #require(CaptureCalendar(period: 0, billing: BillingDay(line[1]), rules: rules))
            let wanted = try line[3...].map { try Self.moment($0).seconds }
            let end = Timestamp(seconds: try #require(wanted.last) + 1)
            let days = calendar.days(in: try Self.moment(line[2])..<end)
            let found = days.map { calendar.slots(of: $0) }
            // The first of the days is that which the instant itself counts for.
            #expect(found.dropFirst().flatMap(\.instants) == wanted, "\(line)")
            #expect(zip(found, found.dropFirst()).allSatisfy { $0.end == $1.instants[0] }, "\(line)")
            for (slots, next) in zip(found, found.dropFirst()) {
                #expect(slots.slot(of: slots.instants[0]) == 0 && slots.slot(of: next.instants[0] - 1) == 0)
                #expect(
                    calendar.day(of: Timestamp(seconds: next.instants[0] - 1))
                        == calendar.day(of: Timestamp(seconds: slots.instants[0]))
                )
            }
        }
    }

    @Test(arguments: ["---01", "---31", "--02-29", "--12-31"])
    func `A billing day reads back from its text`(text: String) throws {
        #expect(try #require(BillingDay(text)).description == text)
    }

    @Test(arguments: ["", "---00", "---32", "---1", "--13-01", "--1-01", "01", "----01", "---+1"])
    func `What is no billing day is none`(text: String) {
        #expect(BillingDay(text) == nil)
    }

    @Test(
        arguments: [
            // One row is enough where the period is a month or a year, unless it is the end of a short month.
            ("1.0.98.1.0.255", 2_678_400, "2026-01-01", "---01"), ("1.0.98.1.0.255", 2_592_000, "2026-01-15", "---15"),
            ("1.0.99.2.0.255", 2_678_400, "2026-01-31", "---31"), ("1.0.98.1.0.255", 2_678_400, "2026-04-30", nil),
            ("1.0.98.1.0.255", 31_536_000, "2026-07-01", "--07-01"),
            // Without one, two of months that follow each other.
            ("1.0.98.1.0.255", 0, "2026-01-01", nil), ("1.0.98.1.0.255", 0, "2026-01-01 2026-02-01", "---01"),
            ("0.0.98.2.1.255", 0, "2026-01-31 2026-02-28", "---31"),
            ("1.0.98.1.0.255", 0, "2026-02-28 2026-03-30", "---30"),
            ("1.0.98.1.0.255", 0, "2026-01-01 2026-03-01", nil),
            ("1.0.98.1.0.255", 0, "2025-12-01 2026-01-01", "---01"),
            // A month that was lost, and a row in between, do not hide the day.
            ("1.0.98.1.0.255", 0, "2026-01-01 2026-02-01 2026-02-17 2026-04-01", "---01"),
            ("1.0.98.1.0.255", 0, "2025-07-01 2026-07-01", "--07-01"),
            ("1.0.98.1.0.255", 0, "2024-02-29 2025-02-28", "--02-29"),
            // Days, and what is no list of billing values.
            ("1.0.98.2.0.255", 0, "2026-01-30 2026-01-31 2026-02-01 2026-02-02 2026-03-01", nil),
            ("0.0.99.98.0.255", 0, "2026-01-01 2026-02-01", nil),
            ("1.0.98.1.0.255", 604_800, "2026-01-01 2026-02-01", nil),
        ] as [(String, UInt32, String, String?)]
    )
    func `Rows show the billing day`(profile: String, period: UInt32, rows: String, expected: String?) throws {
        let rows = rows.split(separator: " ").map { "\($0)T00:00:00Z" }
        let update = try Self.update(rows, of: profile, every: period, now: "2027-01-01T00:00:00Z")
        #expect(update.shownBillingDay(after: nil)?.description == expected)
    }

    private static func update(
        _ rows: [String],
        of profile: String = "1.0.98.1.0.255",
        every period: UInt32 = 0,
        asked: (String, String)? = nil,
        capacity: Int? = nil,
        zone: String = "UTC",
        now: String
    ) throws -> LedgerUpdate {
        LedgerUpdate(
            meter: try #require(MeterID("M1")),
            profile: try #require(OBISCode(profile)),
            capturePeriod: period,
            zone: zone,
            rules: try #require(ZoneInfo.named(zone)),
            rows: try rows.map { try moment($0) },
            asked: try asked.map { try moment($0.0)..<moment($0.1) },
            capacity: capacity,
            now: try moment(now)
        )
    }

    /// A book after updates, one after the other.
    private static func book(_ updates: LedgerUpdate...) throws -> LedgerBook {
        var book: LedgerBook?
        for update in updates { book = next(book, update) }
        return try #require(book)
    }

    /// A book after one more update.
    private static func next(_ book: LedgerBook?, _ update: LedgerUpdate) -> LedgerBook {
        let opening = LedgerBook.opening(update, after: book?.ledger)
        let days = opening.isNew ? [] : book.map { Array($0.days.values) } ?? []
        var next = LedgerBook(opening.ledger, days: days, rules: update.rules)
        next.apply(opening.update)
        return next
    }

    private static func gaps(_ book: LedgerBook, _ from: String, _ to: String, now: String) throws -> [ProfileGap] {
        book.gaps(in: try moment(from)..<moment(to), now: try moment(now))
    }

    @Test func `A month without a row is a gap from its billing day to the next, over changes of the clock`() throws {
        let zone = "Europe/Bratislava"
        let rows = ["2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z", "2026-04-30T22:00:00Z"]
        let now = "2026-05-20T00:00:00Z"
        var book = try Self.book(try Self.update(rows, zone: zone, now: now))
        #expect(book.ledger.billingDay == BillingDay(day: 1))
        let calendar = try #require(book.calendar)
        for day in calendar.days(in: book.ledger.expectedFrom..<(try Self.moment(now))) { book.open(day, calendar) }
        let gap = ProfileGap(
            from: try Self.moment("2026-04-01T00:00:00+02:00").seconds,
            to: try Self.moment("2026-05-01T00:00:00+02:00").seconds,
            count: 1,
            kind: .missing
        )
        #expect(try Self.gaps(book, "2026-01-01T00:00:00Z", now, now: now) == [gap])
        #expect(try book.isRecoverable(now: Self.moment(now)))
    }

    @Test func `A row is missing when its billing day is over, and not before`() throws {
        let rows = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]
        func count(_ now: String) throws -> Int {
            let book = try Self.book(
                try Self.update(rows, now: "2026-02-02T00:00:00Z"),
                try Self.update([], asked: ("2026-02-15T00:00:00Z", now), now: now)
            )
            return try Self.gaps(book, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", now: now).count
        }
        #expect(try count("2026-02-28T23:59:00Z") == 0)
        #expect(try count("2026-03-01T23:59:00Z") == 0)
        #expect(try count("2026-03-02T00:05:00Z") == 1)
    }

    @Test func `A row that comes days late counts for its month`() throws {
        let rows = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-04T07:31:00Z", "2026-04-01T00:00:00Z"]
        let book = try Self.book(try Self.update(rows, now: "2026-04-03T00:00:00Z"))
        #expect(try Self.gaps(book, "2026-01-01T00:00:00Z", "2026-04-03T00:00:00Z", now: "2026-04-03T00:00:00Z") == [])
        #expect(book.days.count == 4)
    }

    @Test func `A month that was asked for twice in vain is lost, and one that the buffer has no room for`() throws {
        let rows = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-04-01T00:00:00Z"]
        let now = "2026-04-20T00:00:00Z"
        let asked = ("2026-01-01T00:00:00Z", now)
        let once = try Self.update(rows, asked: asked, now: now)
        let again = try Self.update([], asked: asked, now: now)
        #expect(try Self.gaps(try Self.book(once), asked.0, now, now: now).map(\.kind) == [.missing])
        #expect(try Self.gaps(try Self.book(once, again), asked.0, now, now: now).map(\.kind) == [.neverRecorded])
        // A buffer of two rows reaches back three months at the most.
        let late = "2026-08-20T00:00:00Z"
        let book = try Self.book(once, try Self.update([], asked: (asked.0, late), capacity: 2, now: late))
        let gaps = try Self.gaps(book, asked.0, late, now: late)
        #expect(gaps.map(\.kind) == [.overwritten, .overwritten, .missing])
        #expect(gaps.map(\.count) == [1, 1, 3])
    }

    @Test func `Rows that come one by one show the day with the row before, and both count`() throws {
        let first = try Self.update(["2026-01-01T00:00:00Z"], now: "2026-01-02T00:00:00Z")
        #expect(try Self.book(first).ledger.billingDay == nil)
        let book = try Self.book(first, try Self.update(["2026-02-01T00:00:00Z"], now: "2026-02-02T01:00:00Z"))
        #expect(book.ledger.billingDay == BillingDay(day: 1))
        #expect(book.ledger.expectedFrom == (try Self.moment("2026-01-01T00:00:00Z")))
        #expect(book.days.values.map(\.received.count) == [1, 1])
    }

    @Test func `Another billing day begins the ledger anew with the second row of it, old rows read again do not`()
        throws
    {
        let rows = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]
        let known = try Self.update(rows, now: "2026-03-02T00:00:00Z")
        let once = try Self.update(["2026-03-15T00:00:00Z"], now: "2026-03-16T00:00:00Z")
        let twice = try Self.update(["2026-04-15T00:00:00Z"], now: "2026-04-16T00:00:00Z")
        #expect(try Self.book(known, once).ledger.billingDay == BillingDay(day: 1))
        let changed = try Self.book(known, once, twice)
        #expect(changed.ledger.billingDay == BillingDay(day: 15))
        #expect(changed.ledger.expectedFrom == (try Self.moment("2026-03-15T00:00:00Z")))
        #expect(try Self.book(known, once, twice, known).ledger.billingDay == BillingDay(day: 15))
    }

    @Test(
        arguments: [
            // A year of months was not read: they are missing, and it is no yearly profile.
            ("2025-12-01 2026-01-01", ["2027-01-01"], "---01"),
            ("2025-12-01 2026-01-01", ["2027-01-15 2028-01-15"], "---01"),
            // A reset by hand on the day on which a shorter month ended.
            ("2025-12-31 2026-01-31 2026-02-28", ["2026-03-28"], "---31"),
            ("2025-12-31 2026-01-31", ["2026-02-28 2026-03-28"], "---31"),
            ("2025-12-31 2026-01-31 2026-02-28", ["2026-03-28", "2026-04-28"], "---28"),
            ("2025-12-31 2026-01-31 2026-02-28", ["2026-03-28 2026-04-28"], "---28"),
            // One row of each of two other days.
            ("2025-12-01 2026-01-01", ["2026-01-15", "2026-02-16"], "---01"),
            // Once a year, and by the month from now on.
            ("2025-07-01 2026-07-01", ["2026-08-01"], "--07-01"),
            ("2025-07-01 2026-07-01", ["2026-08-01", "2026-09-01"], "---01"),
            ("2025-07-01 2026-07-01", ["2027-10-01", "2028-10-01"], "--10-01"),
        ] as [(String, [String], String)]
    )
    func `A day that is known gives way to two rows on another one, and not to one`(
        before: String,
        after: [String],
        expected: String
    ) throws {
        var book: LedgerBook?
        for rows in [before] + after {
            let rows = rows.split(separator: " ").map { "\($0)T00:00:00Z" }
            let update = try Self.update(rows, now: try #require(rows.last))
            book = Self.next(book, update)
        }
        let known = try #require(book?.ledger.billingDay)
        #expect(known.description == expected)
    }

    @Test func `Rows older than all before have the days since looked at again`() throws {
        let late = try Self.update(["2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z"], now: "2026-09-02T00:00:00Z")
        var book = try Self.book(late)
        book.ledger.closedDay = try Self.day("2026-09-01")
        let early = try Self.update(["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"], now: "2026-09-02T00:00:00Z")
        #expect(try Self.next(book, early).ledger.closedDay == Self.day("2023-12-31"))
        #expect(try Self.next(book, late).ledger.closedDay == Self.day("2026-09-01"))
    }
}
