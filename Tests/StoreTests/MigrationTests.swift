// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

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
