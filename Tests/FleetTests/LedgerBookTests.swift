// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import Testing
import Timekeeping

@Suite("What a profile should have by now")
struct LedgerBookTests {
    private static let quarter = Duration.seconds(900)

    private static func moment(_ text: String) throws -> Timestamp {
        try #require(Timestamp(rfc3339: text))
    }

    /// Quarter-hours from a moment on.
    private static func quarters(from start: Timestamp, _ count: Int) -> [Timestamp] {
        (0..<count).map { start + .seconds(900 * $0) }
    }

    private static func update(
        _ rows: [Timestamp],
        asked: Range<Timestamp>? = nil,
        capacity: Int? = nil,
        period: UInt32 = 900,
        zone: String = "Europe/Bratislava",
        now: Timestamp
    ) throws -> LedgerUpdate {
        LedgerUpdate(
            meter: try #require(MeterID("M1")),
            profile: try #require(OBISCode("1.0.99.1.0.255")),
            capturePeriod: period,
            zone: zone,
            rules: try #require(ZoneInfo.named(zone)),
            rows: rows,
            asked: asked,
            capacity: capacity,
            now: now
        )
    }

    private static func book(_ update: LedgerUpdate) -> LedgerBook {
        var book = LedgerBook(LedgerBook.opening(update).ledger, days: [], rules: update.rules)
        book.apply(update)
        return book
    }

    @Test(
        arguments: [
            ("2026-03-29", "Europe/Bratislava", 900, 92), ("2026-10-25", "Europe/Bratislava", 900, 100),
            ("2026-11-22", "Europe/Bratislava", 900, 96), ("2026-03-29", "Europe/Bratislava", 3600, 23),
            ("2026-10-25", "Europe/Bratislava", 3600, 25), ("2026-10-25", "Europe/Bratislava", 86_400, 1),
            ("2026-10-04", "Australia/Lord_Howe", 900, 94), ("2026-10-25", "Europe/Bratislava", 21_600, 4),
            ("2026-11-22", "Asia/Kathmandu", 3600, 24), ("2026-11-22", "Europe/Bratislava", 420, 206),
        ] as [(String, String, UInt32, Int)]
    )
    func `A local day has as many slots as its clock shows`(
        day: String,
        zone: String,
        period: UInt32,
        expected: Int
    ) throws {
        let rules = try #require(ZoneInfo.named(zone))
        let calendar = try #require(CaptureCalendar(period: period, rules: rules))
        let noon = try Self.moment("\(day)T12:00:00Z")
        let slots = calendar.slots(of: calendar.day(of: noon))
        #expect(slots.count == expected)
        #expect(slots.instants == slots.instants.sorted() && Set(slots.instants).count == expected)
        // Each slot is found by its first and by its last second.
        for index in 0..<slots.count {
            #expect(slots.slot(of: slots.instants[index]) == index)
            #expect(slots.slot(of: slots.endOfSlot(index) - 1) == index)
        }
    }

    @Test(arguments: [0, 59, 86_401] as [UInt32])
    func `Without a period that fixes the times nothing is expected`(period: UInt32) {
        #expect(CaptureCalendar(period: period, rules: ZoneInfo.utc) == nil)
    }

    @Test(arguments: [("2026-03-29", 92), ("2026-10-25", 100)])
    func `A day of 23 or 25 hours is complete with its quarter-hours`(day: String, count: Int) throws {
        let midnight = try Self.moment("\(day)T00:00:00\(day.contains("-03-") ? "+01:00" : "+02:00")")
        let now = midnight + .seconds(3 * 86_400)
        let update = try Self.update(Self.quarters(from: midnight, count), now: now)
        let book = Self.book(update)
        #expect(book.days.count == 1)
        let known = try #require(book.days.values.first)
        #expect(known.expected.count == count && known.received.count == count && known.missing == 0)
        #expect(book.gaps(in: midnight..<midnight + .seconds(900 * Int64(count)), now: now) == [])
        #expect(!book.isRecoverable(now: now))
    }

    @Test func `Rows that are not there are a gap with its bounds`() throws {
        let midnight = try Self.moment("2026-11-22T00:00:00+01:00")
        var rows = Self.quarters(from: midnight, 96)
        rows.removeSubrange(40..<44)
        let now = midnight + .seconds(86_400 + 3600)
        let book = Self.book(try Self.update(rows, now: now))
        #expect(
            book.gaps(in: midnight..<now, now: now).filter { $0.to <= (midnight + .seconds(86_400)).seconds } == [
                ProfileGap(
                    from: midnight.seconds + 40 * 900,
                    to: midnight.seconds + 44 * 900,
                    count: 4,
                    kind: .missing
                )
            ]
        )
        #expect(book.isRecoverable(now: now))
    }

    @Test func `A row that is a little late counts for its slot, and twice is once`() throws {
        let midnight = try Self.moment("2026-11-22T00:00:00+01:00")
        var rows = Self.quarters(from: midnight, 96)
        rows[10] = rows[10] + .seconds(7)
        let book = Self.book(try Self.update(rows + rows, now: midnight + .seconds(2 * 86_400)))
        #expect(book.days.values.map(\.received.count) == [96])
    }

    @Test func `What was asked for in vain twice will never come`() throws {
        let midnight = try Self.moment("2026-11-22T00:00:00+01:00")
        var rows = Self.quarters(from: midnight, 96)
        rows.removeSubrange(40..<44)
        let end = midnight + .seconds(86_400)
        let now = end + .seconds(3600)
        var book = Self.book(try Self.update(rows, asked: midnight..<end, now: now))
        #expect(book.gaps(in: midnight..<end, now: now).map(\.kind) == [.missing])
        let gap = midnight + .seconds(40 * 900)
        book.apply(try Self.update([], asked: gap..<gap + .seconds(3600), now: now))
        #expect(book.gaps(in: midnight..<end, now: now).map(\.kind) == [.neverRecorded])
        #expect(!book.isRecoverable(now: now))
    }

    @Test func `A row that comes although it was given up is taken`() throws {
        let midnight = try Self.moment("2026-11-22T00:00:00+01:00")
        var rows = Self.quarters(from: midnight, 96)
        let late = rows.remove(at: 40)
        let end = midnight + .seconds(86_400)
        let now = end + .seconds(3600)
        var book = Self.book(try Self.update(rows, asked: midnight..<end, now: now))
        book.apply(try Self.update([], asked: midnight..<end, now: now))
        book.apply(try Self.update([late], now: now))
        #expect(book.gaps(in: midnight..<end, now: now) == [])
        #expect(book.days.values.map(\.lost.count) == [0])
    }

    @Test func `What the buffer has no room for is known to be gone at once`() throws {
        let midnight = try Self.moment("2026-11-20T00:00:00+01:00")
        let now = midnight + .seconds(2 * 86_400)
        // The first row long ago, then only those of the last hours.
        let book = Self.book(
            try Self.update(
                [midnight] + Self.quarters(from: now - .seconds(3600), 4),
                asked: midnight..<now,
                capacity: 96,
                now: now
            )
        )
        let gaps = book.gaps(in: midnight..<now, now: now)
        #expect(gaps.map(\.kind) == [.overwritten, .missing])
        #expect(gaps.map(\.count) == [94, 93])
    }

    @Test func `What is not over yet is not missing`() throws {
        let midnight = try Self.moment("2026-11-22T00:00:00+01:00")
        let now = midnight + .seconds(10 * 900 + 60)
        let book = Self.book(try Self.update(Self.quarters(from: midnight, 9), asked: midnight..<now, now: now))
        #expect(book.gaps(in: midnight..<now + .seconds(86_400), now: now) == [])
        #expect(!book.isRecoverable(now: now))
    }

    @Test func `A row of a time to come is kept, but is not the newest`() throws {
        let midnight = try Self.moment("2026-11-22T00:00:00+01:00")
        let now = midnight + .seconds(20 * 900 + 60)
        let ahead = midnight + .seconds(30 * 86_400)
        var book = Self.book(try Self.update(Self.quarters(from: midnight, 19) + [ahead], now: now))
        #expect(book.ledger.newest == midnight + .seconds(18 * 900))
        #expect(book.days.values.map(\.received.count).reduce(0, +) == 20)
        // Neither is one that was taken for the newest while the gateway's own clock stood ahead.
        book.ledger.newest = ahead
        book.apply(try Self.update([], now: now))
        #expect(book.ledger.newest == nil)
        book.ledger.newest = ahead
        book.apply(try Self.update([midnight + .seconds(19 * 900)], now: now))
        #expect(book.ledger.newest == midnight + .seconds(19 * 900))
        // What the clock of a meter is ahead by a little is no time to come.
        book.apply(try Self.update([now + LedgerBook.grace], now: now))
        #expect(book.ledger.newest == now + LedgerBook.grace)
    }

    @Test func `A set of slots reads back from its text`() {
        var slots = SlotSet()
        for slot in [0, 5, 63, 64, 99] { slots.insert(slot) }
        #expect(SlotSet(text: slots.text) == slots)
        #expect(SlotSet(text: "") == SlotSet())
        #expect(SlotSet(text: "12") == nil)
        #expect(SlotSet(text: String(repeating: "x", count: 16)) == nil)
    }
}
