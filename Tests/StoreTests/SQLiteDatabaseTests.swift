// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Dispatch
import SQLiteDriver
import Testing
import Timekeeping

@testable import SQLStore

@Suite struct SQLiteDatabaseTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    @Test func `What was committed to a file is on the disk`() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: folder + "/store.sqlite")
            let modes = try await database.write { connection in
                [
                    try connection.query("PRAGMA synchronous", [:]).first?.integer("synchronous") == 2,
                    try connection.query("PRAGMA journal_mode", [:]).first?.text("journal_mode") == "wal",
                ]
            }
            #expect(modes == [true, true])
            try database.close()
        }
    }

    @Test func `Gateways that make a file at once all have it`() async throws {
        try await withTemporaryFolder { folder in
            try await withThrowingTaskGroup(of: SQLiteDatabase.self) { group in
                for _ in 0..<8 { group.addTask { try SQLiteDatabase(path: folder + "/store.sqlite") } }
                for try await database in group { try database.close() }
            }
        }
    }

    @Test func `A migration outlasts whoever keeps the database to himself`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let holder = try SQLiteDatabase(path: path)
            let waiting = ObservedDatabase(try SQLiteDatabase(path: path, patience: .milliseconds(250)))
            let release = DispatchSemaphore(value: 0)
            let (held, isHeld) = AsyncStream.makeStream(of: Void.self)
            async let holding: Void = holder.write { _ in
                isHeld.finish()
                release.wait()
            }
            for await _ in held {}
            async let applied = Migrator.migrate(waiting, now: now)
            var refusals = 0
            for await _ in waiting.refusals {
                refusals += 1
                if refusals == 2 { break }
            }
            release.signal()
            try await holding
            #expect(try await applied == Migrator.versions)
            try holder.close()
            try await waiting.close()
        }
    }
}

/// A database that tells when a transaction failed because the database is locked.
private struct ObservedDatabase: DatabaseInFront {
    let refusals: AsyncStream<Void>
    private let refused: AsyncStream<Void>.Continuation
    let database: any SQLDatabase

    init(_ database: SQLiteDatabase) {
        self.database = database
        (refusals, refused) = AsyncStream.makeStream()
    }

    func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        do {
            return try await database.write(isolation, body)
        } catch SQLError.locked(let reason) {
            refused.yield()
            throw SQLError.locked(reason: reason)
        }
    }
}
