// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A database as the stores need it: transactions of SQL text with named parameters.
///
/// A transaction's body is synchronous and runs on a thread of the driver's, never on the cooperative pool; a body that
/// throws is rolled back and its error comes out unchanged. A transaction that has begun is finished even if the task
/// that asked for it is cancelled. A driver may run a body again from its beginning when the database undid it for the
/// sake of another transaction, so a body has no effect but on the database and by what it returns.
public protocol SQLDatabase: Sendable {
    /// Where this database's SQL differs.
    var dialect: Dialect { get }

    /// Runs a transaction that only reads and sees one state of the database.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result

    /// Runs a transaction that may write; what it wrote is durable when this returns.
    func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result

    /// The messages that transactions send on a channel from now on, until the caller stops listening.
    ///
    /// The first element is always ``SQLNotification/lookAgain``, as soon as nothing more can be missed; so begin to
    /// listen, look at the database on each element, and then wait for the next.
    func notifications(on channel: String) -> AsyncStream<SQLNotification>

    /// Ends what is under way and closes the database; the value is of no use afterwards.
    ///
    /// - Throws: ``SQLError/unavailable(reason:)``.
    func close() async throws(SQLError)
}

extension SQLDatabase {
    /// Runs a transaction that may write, as if all transactions ran one after the other.
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await write(.serial, body)
    }
}

/// How much transactions see of each other while they write.
public enum SQLIsolation: Hashable, Sendable {
    /// As if they ran one after the other: what a transaction has looked at has not changed when it commits.
    case serial
    /// Each statement sees what is committed, and only rows locked with ``Dialect/forUpdate`` stand still.
    ///
    /// For work that many do on the same rows all the time and that names its locks; SQLite does not differ.
    case rowLocks
}

/// The database inside a transaction.
public protocol SQLConnection {
    /// Runs one statement and gives its rows.
    ///
    /// - Parameter sql: parameters are written `:name`.
    func query(_ sql: String, _ binds: SQLBinds) throws(SQLError) -> [SQLRow]

    /// Runs one statement that gives no rows; returns how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ binds: SQLBinds) throws(SQLError) -> Int

    /// Runs several statements without parameters.
    func runScript(_ sql: String) throws(SQLError)

    /// Inserts many rows by the fastest means of the database; returns how many were written.
    ///
    /// - Throws: ``SQLError/constraint(reason:)`` when a rule of the schema other than the one `conflict` is about, or
    ///   with ``SQLConflict/fail`` any, would be violated.
    @discardableResult
    func insert(_ rows: SQLRows, into table: String, conflict: SQLConflict) throws(SQLError) -> Int

    /// Sends a message to all who listen on a channel, when and only if the transaction commits.
    ///
    /// - Parameters:
    ///   - channel: small letters, digits and underscores, at most 63.
    ///   - payload: at most 7999 octets, no secret. Equal messages of one transaction may arrive as one.
    func notify(_ channel: String, _ payload: String) throws(SQLError)
}
