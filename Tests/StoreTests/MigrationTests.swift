// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Fleet
import Jobs
import SQLStore
import Testing
import Timekeeping

@Suite struct MigrationTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    /// A meter with a label, a channel group and a job, as the first schema holds them.
    private func fill(_ database: any SQLDatabase) async throws {
        try await database.write { connection in
            try connection.runScript(
                """
                INSERT INTO channel_groups (id, document, revision, created_at, updated_at)
                    VALUES ('pool', '{"parallelism":3}', 'r1', 1, 1);
                INSERT INTO meters (id, name, document, revision, created_at, updated_at)
                    VALUES ('M-1', 'Mill', '{"channel":{"type":"tcp","host":"192.0.2.1","port":4059}}', 'r2', 5, 6);
                INSERT INTO meter_labels (meter_id, label, label_value) VALUES ('M-1', 'region', 'north')
                """
            )
            let job = "01980000-0000-7000-8000-000000000000"
            try connection.execute(
                """
                INSERT INTO jobs (id, kind, payload, created_by, priority, retry_max, retry_backoff, retry_max_backoff,
                    resolve_for, state, version, total, done, succeeded, failed, unknown, cancelled, expired, running,
                    ready, created_at)
                VALUES (:id, 'read', '{"a":1}', 'key:test', 5, 3, 1, 2, 3, 'queued', 1, 2, 0, 0, 0, 0, 0, 0, 0, 2, :now)
                """,
                ["id": .text(job), "now": .moment(now)]
            )
            var executions = SQLRows(columns: ["job_id", "ordinal", "target", "state"])
            for ordinal in 0..<2 {
                executions.append([.text(job), .integer(Int64(ordinal)), .text("M-\(ordinal)"), .text("queued")])
            }
            try connection.insert(executions, into: "executions", conflict: .fail)
        }
    }

    private func expectFilled(_ stores: Stores) async throws {
        let record = try #require(try await stores.fleet.meter(id("M-1")))
        #expect(record.createdAt == Timestamp(microseconds: 5))
        #expect(record.revision == Revision("r2"))
        let query = MeterQuery(labels: try #require(LabelSelector("region=north")))
        #expect(try await stores.fleet.meterIDs(matching: query, after: nil, limit: 9).items.map(\.text) == ["M-1"])
        #expect(try await stores.fleet.channelGroup(id("pool")) != nil)
        let claimed = try await stores.claim()
        #expect(claimed.map(\.execution.target) == ["M-0", "M-1"])
        for execution in claimed { _ = try await stores.settle(execution, done) }
    }

    @Test(arguments: Backend.allCases, Migrator.versions)
    func `A database of an earlier version is brought up to date with all it holds`(
        backend: Backend,
        version: Int
    ) async throws {
        try await backend.runEmpty { open in
            let database = try open()
            let earlier = try await Migrator.migrate(database, upTo: version, now: now)
            #expect(earlier.last == version)
            try await fill(database)
            let later = try await Migrator.migrate(database, now: now)
            #expect(earlier + later == Migrator.versions)
            try await expectFilled(Stores(database: database))
        }
    }

    /// Keys of a job and of requests that were carried out at once, and a ledger with a day, as version 21 holds them.
    private func fillKeysAndLedger(_ database: any SQLDatabase, answer: [UInt8]) async throws {
        let context = SealingContext(table: "begun_requests", row: "answered", column: "answer")
        let sealed = try SecretSealer(key: Stores.key).seal(Secret(answer), for: context)
        let end = now + .seconds(3600)
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO idempotency_keys (request_key, body_digest, job_id, expires_at)
                VALUES ('job', 'd-job', '01980000-0000-7000-8000-000000000000', :end)
                """,
                ["end": .moment(end)]
            )
            // The last one was begun while its key had a job, which is what counts.
            for (key, state) in [
                ("begun", "under-way"), ("answered", "answered"), ("lost", "unknown"), ("job", "unknown"),
            ] {
                try connection.execute(
                    """
                    INSERT INTO begun_requests (request_key, body_digest, begun_at, state, answer, expires_at)
                    VALUES (:key, :digest, :now, :state, :answer, :end)
                    """,
                    [
                        "key": .text(key), "digest": .text("d-\(key)"), "now": .moment(now), "state": .text(state),
                        "answer": .text(optional: key == "answered" ? Hexadecimal.text(of: sealed) : nil),
                        "end": .moment(end),
                    ]
                )
            }
            try connection.runScript(
                """
                INSERT INTO profile_ledgers (meter_id, profile, capture_period, zone, expected_from, newest, held_from,
                    closed_day, recover_at, failures)
                    VALUES ('M-1', '1.0.99.1.0.255', 900, 'Europe/Bratislava', 7, 8, 9, 20779, 10, 3);
                INSERT INTO profile_days (meter_id, profile, day, expected, received, lost, expected_slots,
                    received_slots, lost_slots, asked_slots)
                    VALUES ('M-1', '1.0.99.1.0.255', 20779, 96, 90, 0, '', '', '', '')
                """
            )
        }
    }

    @Test(arguments: Backend.allCases)
    func `Keys of requests and ledgers of earlier versions are kept`(backend: Backend) async throws {
        try await backend.runEmpty { open in
            let database = try open()
            // The last version with keys in two tables, and with ledgers that have no billing day.
            try await Migrator.migrate(database, upTo: 21, now: now)
            try await fill(database)
            let answer = Array(#"{"returned":"MARKED-1"}"#.utf8)
            try await fillKeysAndLedger(database, answer: answer)
            let stores = try await Stores(database: database)
            let expected: [(String, BegunRequest.Outcome)] = [
                ("job", .job), ("begun", .underWay(since: now)), ("answered", .answered(answer)), ("lost", .unknown),
            ]
            for (key, outcome) in expected {
                let found = try await stores.fleet.beginRequest(key, bodyDigest: "other", expiresAt: now + .seconds(9))
                #expect(found == BegunRequest(bodyDigest: "d-\(key)", outcome: outcome))
            }
            #expect(try await stores.jobs.job(withKey: "job")?.id.text == "01980000-0000-7000-8000-000000000000")
            let profile = try #require(OBISCode("1.0.99.1.0.255"))
            let meter: MeterID = try id("M-1")
            let ledger = ProfileLedger(
                meter: meter,
                profile: profile,
                capturePeriod: 900,
                zone: "Europe/Bratislava",
                expectedFrom: Timestamp(microseconds: 7),
                newest: Timestamp(microseconds: 8),
                heldFrom: Timestamp(microseconds: 9),
                closedDay: 20_779,
                recoverAt: Timestamp(microseconds: 10),
                failures: 3
            )
            #expect(try await stores.fleet.ledgers(of: meter) == [ledger])
            let days = try await stores.fleet.days(
                of: profile,
                meter: meter,
                in: 20_779...20_779,
                isIncomplete: true
            )
            #expect(days.map(\.missing) == [6])
            // Both lists are used by their new columns.
            #expect(try await stores.fleet.ledgersToClose().map(\.closedDay) == [20_779])
        }
    }

    @Test(arguments: [Backend.sqliteFile, .postgreSQL])
    func `Of gateways that start at once one migrates and the others wait`(backend: Backend) async throws {
        try await backend.runEmpty { open in
            let databases = try (0..<4).map { _ in try open() }
            let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                for database in databases { group.addTask { try await Migrator.migrate(database, now: now) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(applied.filter { !$0.isEmpty } == [Migrator.versions])
        }
    }
}
