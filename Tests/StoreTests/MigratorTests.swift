// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore
import SQLiteDriver
import Testing
import Timekeeping

@Suite struct MigratorTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test func appliesEachStepOnce() async throws {
        let database = try SQLiteDatabase.inMemory()
        #expect(try await Migrator.migrate(database, now: now) == Migrator.versions)
        #expect(try await Migrator.migrate(database, now: now) == [])
    }

    @Test func refusesADatabaseOfANewerGatewayAndLeavesIt() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: now)
        let newer = Migrator.version + 1
        _ = try await database.write { connection in
            try connection.execute(
                "INSERT INTO schema_versions (version, applied_at) VALUES (:version, 0)",
                ["version": .integer(Int64(newer))]
            )
        }
        let expected = SQLError.schemaTooNew(found: newer, known: Migrator.version)
        await #expect(throws: expected) { try await Migrator.migrate(database, now: now) }
        #expect(expected.description.contains("version \(newer)"))
    }

    @Test func theSchemaRefusesWhatTheDomainRefuses() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: now)
        let statements = [
            "INSERT INTO meter_labels (meter_id, label, label_value) VALUES ('absent', 'a', 'b')",
            "INSERT INTO channel_groups (id, document, revision, created_at, updated_at) VALUES ('', '{}', 'x', 0, 0)",
            """
            INSERT INTO executions (job_id, ordinal, target, state)
            VALUES ('01980000-0000-7000-8000-000000000000', 0, 'M-1', 'queued')
            """,
        ]
        for statement in statements {
            await #expect(throws: SQLError.self) {
                try await database.write { connection in try connection.execute(statement, [:]) }
            }
        }
    }

    @Test func aTransactionThatThrowsLeavesNothing() async throws {
        struct Interruption: Error {}
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: now)
        await #expect(throws: Interruption.self) {
            try await database.write { connection in
                try connection.execute(
                    """
                    INSERT INTO channel_groups (id, document, revision, created_at, updated_at)
                    VALUES ('pool', '{}', 'x', 0, 0)
                    """,
                    [:]
                )
                throw Interruption()
            }
        }
        let rows = try await database.read { try $0.query("SELECT id FROM channel_groups", [:]) }
        #expect(rows.isEmpty)
    }

    @Test func aTransactionEndsThoughItsTaskIsCancelled() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: now)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await database.write { connection in
                try connection.execute(
                    """
                    INSERT INTO channel_groups (id, document, revision, created_at, updated_at)
                    VALUES ('pool', '{}', 'x', 0, 0)
                    """,
                    [:]
                )
            }
        }
        #expect(try await task.value == 1)
    }
}
