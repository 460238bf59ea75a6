// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import Foundation
import Jobs
import PostgreSQLDriver
import SQLStore
import SQLiteDriver
import Testing
import Timekeeping

/// The databases that every store has to behave alike on; a new driver joins by a case here.
enum Backend: String, CaseIterable, Sendable {
    case sqliteInMemory
    case sqliteFile
    case postgreSQL

    /// Runs a test on an empty database with the present schema.
    func run(_ test: (Stores) async throws -> Void) async throws {
        try await runEmpty { database in try await test(Stores(database: database())) }
    }

    /// Runs a test on an empty database without a schema, which it may open several times, as several gateways do.
    ///
    /// A database in memory is the same one each time.
    func runEmpty(_ test: (_ open: () throws -> any SQLDatabase) async throws -> Void) async throws {
        let opened = Protected<[any SQLDatabase]>([])
        func remember(_ database: any SQLDatabase) -> any SQLDatabase {
            opened.change { $0.append(database) }
            return database
        }
        func closeAll() async throws {
            for database in opened.value { try await database.close() }
        }
        switch self {
        case .sqliteInMemory:
            let database = try SQLiteDatabase.inMemory()
            try await test { remember(database) }
            try await closeAll()
        case .sqliteFile:
            try await withTemporaryFolder { folder in
                try await test { remember(try SQLiteDatabase(path: folder + "/store.sqlite")) }
                try await closeAll()
            }
        case .postgreSQL:
            try await TestServer.shared().withDatabase { settings in
                try await test { remember(PostgreSQLDatabase(settings)) }
                try await closeAll()
            }
        }
    }
}

/// The stores over one database, and the clock they go by.
struct Stores {
    static let key = Secret(Array(0..<32))

    let database: any SQLDatabase
    let fleet: SQLFleetStore
    let counters: any InvocationCounterStore
    let jobs: any JobStore
    let clock = ManualClock(at: Timestamp(seconds: 1_800_000_000))

    init(database: any SQLDatabase, key: Secret = Stores.key) async throws {
        try await Migrator.migrate(database, now: clock.now())
        self.database = database
        fleet = SQLFleetStore(database: database, sealer: try SecretSealer(key: key), clock: clock)
        counters = SQLInvocationCounterStore(database: database, clock: clock)
        jobs = SQLJobStore(database: database)
    }
}

/// A clock that stands still until a test moves it.
final class ManualClock: WallClock {
    private let time: Protected<Timestamp>

    init(at start: Timestamp) {
        time = Protected(start)
    }

    func now() -> Timestamp { time.value }

    func sleep(until deadline: Timestamp) async throws {
        Issue.record("a store never sleeps")
    }

    func advance(by duration: Duration) {
        time.change { $0 = $0 + duration }
    }
}

/// A value that tasks change one after the other.
final class Protected<Value: Sendable>: @unchecked Sendable {
    // Every access to `stored` is made while holding the lock.
    private let lock = NSLock()
    private var stored: Value

    init(_ value: Value) {
        stored = value
    }

    var value: Value { lock.withLock { stored } }

    func change(_ body: (inout Value) -> Void) {
        lock.withLock { body(&stored) }
    }
}

/// Gives a test a folder of its own.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.path)
}
