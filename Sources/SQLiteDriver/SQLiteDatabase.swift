// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Dispatch
import GRDB
import Glibc
public import SQLStore

/// A SQLite database, by GRDB: many readers beside one writer, each on a thread of GRDB's own.
///
/// A file is used in WAL mode with `synchronous = FULL`: a job that was accepted must be there after the power failed,
/// and NORMAL gives up just that. Foreign keys are enforced.
public struct SQLiteDatabase: SQLDatabase {
    private let writer: any DatabaseWriter
    private let hub = NotificationHub()

    /// Where SQLite's SQL differs.
    public let dialect = Dialect.sqlite

    /// Opens a database file, which is made, for its owner only, when there is none.
    ///
    /// - Parameter patience: how long a transaction waits for the lock of another process before it fails.
    /// - Throws: ``SQLStore/SQLError/unavailable(reason:)``, ``SQLStore/SQLError/locked(reason:)``.
    public init(path: String, patience: Duration = .seconds(5)) throws(SQLError) {
        // Made here first, because SQLite would let others read it; its WAL file takes over the mode.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unavailable(reason: "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        Glibc.close(descriptor)
        do {
            let pool = try DatabasePool(path: path, configuration: Self.configuration(patience: patience))
            // Not when connections are prepared: GRDB goes on to WAL after that, and sets NORMAL with it.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            writer = pool
        } catch {
            throw SQLError(sqlite: error)
        }
    }

    /// Makes a database in memory, empty and gone with this value; for tests and demonstrations.
    ///
    /// - Throws: ``SQLStore/SQLError/unavailable(reason:)``.
    public static func inMemory() throws(SQLError) -> SQLiteDatabase {
        do {
            return SQLiteDatabase(writer: try DatabaseQueue(configuration: configuration()))
        } catch {
            throw SQLError(sqlite: error)
        }
    }

    /// Closes the database once what is under way has ended; the value is of no use afterwards.
    ///
    /// - Throws: ``SQLStore/SQLError/unavailable(reason:)``.
    public func close() throws(SQLError) {
        hub.finish()
        do {
            try writer.close()
        } catch {
            throw SQLError(sqlite: error)
        }
    }

    /// Runs a transaction that only reads.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        // The forms with a callback: those with async would tear a transaction off when the task is cancelled.
        try await withCheckedThrowingContinuation { continuation in
            writer.asyncRead { access in
                continuation.resume(
                    with: Swift.Result {
                        do {
                            return try body(SQLiteConnection(try access.get(), outbox: Outbox()))
                        } catch {
                            throw SQLError.translating(error)
                        }
                    }
                )
            }
        }
    }

    /// Runs a transaction that may write; there is one at a time, whatever the isolation.
    public func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            writer.asyncWriteWithoutTransaction { [hub] database in
                continuation.resume(
                    with: Swift.Result {
                        do {
                            return try Self.transaction(on: database, hub, body)
                        } catch {
                            throw SQLError.translating(error)
                        }
                    }
                )
            }
        }
    }

    /// The messages of transactions of this process; those of other processes with the same file are not among them.
    public func notifications(on channel: String) -> AsyncStream<SQLNotification> {
        hub.listen(on: channel, isCertain: true)
    }

    private init(writer: any DatabaseWriter) {
        self.writer = writer
    }

    private static func transaction<Result>(
        on database: Database,
        _ hub: NotificationHub,
        _ body: (any SQLConnection) throws -> Result
    ) throws -> Result {
        var result: Result?
        let outbox = Outbox()
        // IMMEDIATE takes the write lock at once, so that two processes wait for each other instead of failing midway.
        try database.inTransaction(.immediate) {
            result = try body(SQLiteConnection(database, outbox: outbox))
            return .commit
        }
        for message in outbox.messages { hub.post(.message(message.payload), on: message.channel) }
        guard let result else { throw SQLError.unexpectedResult(reason: "a transaction ended without a result") }
        return result
    }

    private static func configuration(patience: Duration = .zero) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(patience / .seconds(1))
        configuration.label = "store"
        return configuration
    }
}
