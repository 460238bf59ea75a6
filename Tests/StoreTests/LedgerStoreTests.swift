// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import SQLStore
import Testing
import Timekeeping

@Suite("Stores of the gap ledger")
struct LedgerStoreTests {
    private static let zone = "Europe/Bratislava"
    /// 2026-11-22T00:00:00+01:00.
    private static let midnight = Timestamp(seconds: 1_795_302_000)
    private static let day = 20_779

    private static func register(
        _ text: String,
        _ labels: [String: String] = [:],
        in stores: Stores
    ) async throws
        -> MeterID
    {
        let id = try #require(MeterID(text))
        let configuration = MeterConfiguration(
            labels: labels,
            channel: .inline(ChannelConfiguration(path: .tcp(NetworkEndpoint(host: "192.0.2.1")))),
            associations: ["reader": AssociationConfiguration(clientAddress: 16)]
        )
        _ = try await stores.fleet.putMeter(id, configuration, when: .ifAbsent)
        return id
    }

    private static func update(
        _ meter: MeterID,
        _ slots: some Sequence<Int>,
        asked: Range<Int>? = nil,
        at now: Timestamp
    ) throws -> LedgerUpdate {
        func moment(_ slot: Int) -> Timestamp { midnight + .seconds(900 * slot) }
        return LedgerUpdate(
            meter: meter,
            profile: try #require(OBISCode("1.0.99.1.0.255")),
            capturePeriod: 900,
            zone: zone,
            rules: try #require(ZoneInfo.named(zone)),
            rows: slots.map(moment),
            asked: asked.map { moment($0.lowerBound)..<moment($0.upperBound) },
            now: now
        )
    }

    @Test(arguments: Backend.allCases)
    func `Rows add up over several updates`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            let now = Self.midnight + .seconds(86_400 + 7200)
            try await stores.fleet.note(try Self.update(meter, 10..<50, at: now))
            try await stores.fleet.note(try Self.update(meter, 40..<96, at: now))
            let profile = try #require(OBISCode("1.0.99.1.0.255"))
            let ledger = try #require(try await stores.fleet.ledger(of: profile, meter: meter))
            #expect(ledger.newest == Self.midnight + .seconds(95 * 900))
            #expect(ledger.expectedFrom == Self.midnight + .seconds(10 * 900))
            #expect(ledger.recoverAt == nil)
            let days = try await stores.fleet.days(
                of: profile,
                meter: meter,
                in: Self.day...Self.day,
                isIncomplete: false
            )
            #expect(days.map(\.expected.count) == [86] && days.map(\.received.count) == [86])
            // Older rows move the beginning.
            try await stores.fleet.note(try Self.update(meter, 0..<10, at: now))
            let whole = try await stores.fleet.days(
                of: profile,
                meter: meter,
                in: Self.day...Self.day,
                isIncomplete: false
            )
            #expect(whole.map(\.expected.count) == [96] && whole.map(\.received.count) == [96])
            #expect(try await stores.fleet.ledgers(of: meter).map(\.profile) == [profile])
        }
    }

    @Test(arguments: Backend.allCases)
    func `A gap is handed out for recovery until it is filled`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            let now = Self.midnight + .seconds(86_400 + 7200)
            try await stores.fleet.note(try Self.update(meter, Array(0..<20) + Array(30..<96), at: now))
            #expect(try await stores.fleet.claimRecoveries(now: now, limit: 10, pause: .seconds(3600)).isEmpty)
            let due = now + LedgerBook.firstRecovery
            let claimed = try await stores.fleet.claimRecoveries(now: due, limit: 10, pause: .seconds(3600))
            #expect(claimed.map(\.meter) == [meter])
            #expect(try await stores.fleet.claimRecoveries(now: due, limit: 10, pause: .seconds(3600)).isEmpty)
            // The next attempt comes later each time.
            let second = due + .seconds(3600)
            #expect(try await stores.fleet.claimRecoveries(now: second, limit: 10, pause: .seconds(3600)).count == 1)
            #expect(
                try await stores.fleet.claimRecoveries(now: second + .seconds(3600), limit: 10, pause: .seconds(3600))
                    .isEmpty
            )
            try await stores.fleet.note(try Self.update(meter, 20..<30, at: second))
            let late = second + .seconds(30 * 86_400)
            #expect(try await stores.fleet.claimRecoveries(now: late, limit: 10, pause: .seconds(3600)).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A day that is over without rows is missing, and of all meters of its kind at once`(
        backend: Backend
    ) async throws {
        try await backend.run { stores in
            let first = try await Self.register("M1", ["region": "north"], in: stores)
            let second = try await Self.register("M2", in: stores)
            let now = Self.midnight + .seconds(86_400 + 7200)
            for meter in [first, second] { try await stores.fleet.note(try Self.update(meter, 0..<96, at: now)) }
            try await stores.fleet.note(try Self.update(second, 96..<192, at: now + .seconds(86_400)))
            let kinds = try await stores.fleet.ledgersToClose()
            #expect(kinds == [LedgerKind(capturePeriod: 900, zone: Self.zone, closedDay: Self.day - 1)])
            for day in [Self.day, Self.day + 1] {
                let missing = try await stores.fleet.closeDay(
                    day,
                    of: try #require(kinds.first),
                    expected: 96,
                    recoverAt: now
                )
                #expect(missing == (day == Self.day ? 0 : 1))
            }
            let days = Self.day...Self.day + 1
            let all = try await stores.fleet.completeness(
                matching: CompletenessQuery(days: days),
                after: nil,
                limit: 10
            )
            #expect(all.map(\.meter) == [first, second])
            #expect(all.map(\.counts.received) == [96, 192] && all.map(\.counts.expected) == [192, 192])
            let total = try await stores.fleet.totalCompleteness(matching: CompletenessQuery(days: days))
            #expect(total == RowCounts(expected: 384, received: 288))
            let labels = try #require(LabelSelector("region=north"))
            let north = try await stores.fleet.totalCompleteness(
                matching: CompletenessQuery(meters: MeterQuery(labels: labels), days: days)
            )
            #expect(north == RowCounts(expected: 192, received: 96))
            let claimed = try await stores.fleet.claimRecoveries(now: now, limit: 10, pause: .seconds(3600))
            #expect(claimed.map(\.meter) == [first])
        }
    }

    @Test(arguments: Backend.allCases)
    func `More ledgers than are closed at once are all closed, each once`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            let count = 2001
            try await stores.database.write { connection in
                var rows = SQLRows(
                    columns: ["meter_id", "profile", "capture_period", "zone", "expected_from", "closed_day"]
                )
                for number in 0..<count {
                    rows.append([
                        .text(meter.text), .text("p\(number)"), .integer(900), .text(Self.zone), .integer(0),
                        .integer(Int64(Self.day - 1)),
                    ])
                }
                try connection.insert(rows, into: "profile_ledgers", conflict: .fail)
            }
            let kind = try #require(try await stores.fleet.ledgersToClose().first)
            let now = Self.midnight + .seconds(86_400)
            for expected in [count, 0] {
                let missing = try await stores.fleet.closeDay(Self.day, of: kind, expected: 96, recoverAt: now)
                #expect(missing == expected)
            }
            #expect(try await stores.fleet.ledgersToClose().map(\.closedDay) == [Self.day])
        }
    }

    @Test(arguments: Backend.allCases)
    func `A ledger that is begun while days are closed lacks none of them`(backend: Backend) async throws {
        try await backend.run { stores in
            let now = Self.midnight + .seconds(3 * 86_400)
            let first = try await Self.register("M1", in: stores)
            let second = try await Self.register("M2", in: stores)
            func close(_ day: Int, _ kind: LedgerKind) async throws -> LedgerKind {
                _ = try await stores.fleet.closeDay(day, of: kind, expected: 96, recoverAt: now)
                return LedgerKind(capturePeriod: kind.capturePeriod, zone: kind.zone, closedDay: day)
            }
            func days(_ meter: MeterID) async throws -> [Int] {
                let profile = try #require(OBISCode("1.0.99.1.0.255"))
                let range = Self.day...Self.day + 9
                return try await stores.fleet.days(of: profile, meter: meter, in: range, isIncomplete: false).map(\.day)
            }
            try await stores.fleet.note(try Self.update(first, 0..<96, at: now))
            var kind = try #require(try await stores.fleet.ledgersToClose().first)
            kind = try await close(Self.day, kind)
            kind = try await close(Self.day + 1, kind)
            // Between two days of one look.
            try await stores.fleet.note(try Self.update(second, 0..<96, at: now))
            _ = try await close(Self.day + 2, kind)
            #expect(try await days(first) == [Self.day, Self.day + 1, Self.day + 2])
            kind = try #require(try await stores.fleet.ledgersToClose().first)
            for day in Self.day...Self.day + 2 { kind = try await close(day, kind) }
            #expect(try await days(second) == [Self.day, Self.day + 1, Self.day + 2])
        }
    }

    @Test(arguments: Backend.allCases)
    func `A meter's ledgers go with it, and an unknown meter has none`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            try await stores.fleet.note(try Self.update(meter, 0..<5, at: Self.midnight + .seconds(86_400)))
            _ = try await stores.fleet.deleteMeter(meter, when: .unconditional)
            #expect(try await stores.fleet.ledgers(of: meter).isEmpty)
            await #expect(throws: StoreError.referenceUnknown("M1")) {
                try await stores.fleet.note(try Self.update(meter, 0..<5, at: Self.midnight))
            }
        }
    }

    /// Rows of a billing profile, at midnight in UTC of these days.
    private static func billing(_ meter: MeterID, _ days: [String], at now: String) throws -> LedgerUpdate {
        func moment(_ day: String) throws -> Timestamp { try #require(Timestamp(rfc3339: "\(day)T00:00:00Z")) }
        return LedgerUpdate(
            meter: meter,
            profile: try #require(OBISCode("1.0.98.1.0.255")),
            capturePeriod: 0,
            zone: "UTC",
            rules: ZoneInfo.utc,
            rows: try days.map(moment),
            now: try moment(now)
        )
    }

    @Test(arguments: Backend.allCases)
    func `Billing values are watched from their second row on, and a month that is over without one is missing`(
        backend: Backend
    ) async throws {
        try await backend.run { stores in
            let meter = try await Self.register("M1", in: stores)
            let other = try await Self.register("M2", in: stores)
            let profile = try #require(OBISCode("1.0.98.1.0.255"))
            let january = try #require(CivilDate(iso8601: "2026-01-01")).daysSinceEpoch
            func days() async throws -> [ProfileDay] {
                try await stores.fleet.days(
                    of: profile,
                    meter: meter,
                    in: january...january + 365,
                    isIncomplete: false
                )
            }
            try await stores.fleet.note(try Self.billing(meter, ["2026-01-01"], at: "2026-01-02"))
            #expect(try await stores.fleet.ledger(of: profile, meter: meter)?.billingDay == nil)
            #expect(try await stores.fleet.ledgersToClose().isEmpty)
            try await stores.fleet.note(try Self.billing(meter, ["2026-02-01"], at: "2026-02-02"))
            try await stores.fleet.note(try Self.billing(other, ["2026-01-15", "2026-02-15"], at: "2026-02-16"))
            #expect(try await stores.fleet.ledger(of: profile, meter: meter)?.billingDay == BillingDay(day: 1))
            #expect(try await days().map(\.day) == [january, january + 31])
            #expect(try await days().allSatisfy { $0.received.count == 1 && $0.missing == 0 })
            // Ledgers of another billing day are of another kind.
            let kinds = try await stores.fleet.ledgersToClose()
            #expect(kinds.map(\.billingDay) == [BillingDay(day: 1), BillingDay(day: 15)])
            let march = january + 59
            let now = Timestamp(seconds: Int64(march + 1) * 86_400)
            let closed = try await stores.fleet.closeDay(
                march,
                of: try #require(kinds.first),
                expected: 1,
                recoverAt: now
            )
            #expect(closed == 1)
            #expect(try await days().map(\.missing) == [0, 0, 1])
            let due = try await stores.fleet.claimRecoveries(now: now, limit: 10, pause: .seconds(3600))
            #expect(due.map(\.meter) == [meter])
            // The row comes at last, some days late.
            try await stores.fleet.note(try Self.billing(meter, ["2026-03-04"], at: "2026-03-05"))
            #expect(try await days().map(\.missing) == [0, 0, 0])
            #expect(try await stores.fleet.ledger(of: profile, meter: meter)?.recoverAt == nil)
        }
    }
}
