// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import SQLStore

/// A PostgreSQL database, by libpq: a bounded number of connections, and one more that listens for messages.
///
/// Nothing is connected before it is needed. A connection that was lost is opened again for the next transaction, and a
/// transaction that was lost with it before its commit runs again once; when that fails, too, the caller is told.
public struct PostgreSQLDatabase: SQLDatabase {
    private let pool: SessionPool
    private let listener: NotificationListener

    /// Where PostgreSQL's SQL differs.
    public let dialect = Dialect.postgreSQL

    /// Makes the database of the settings; connects to nothing yet.
    public init(_ settings: PostgreSQLSettings) {
        let outage = Outage()
        pool = SessionPool(settings: settings, outage: outage)
        listener = NotificationListener(settings: settings, outage: outage)
    }

    /// Runs a transaction that only reads and sees one state of the database.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await run(.reading, body)
    }

    /// Runs a transaction that may write.
    public func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await run(.writing(isolation), body)
    }

    /// The messages of transactions of all processes.
    public func notifications(on channel: String) -> AsyncStream<SQLNotification> {
        listener.listen(on: channel)
    }

    /// Ends what is under way and closes all connections.
    public func close() async throws(SQLError) {
        await listener.close()
        await pool.close()
    }

    private func run<Result: Sendable>(
        _ kind: ServerTransaction.Kind,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do throws(SQLError) {
                try pool.submit { session in
                    continuation.resume(with: Swift.Result { try ServerTransaction(session, kind).run(body) })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
