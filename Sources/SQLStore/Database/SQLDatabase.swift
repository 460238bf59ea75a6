// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A database as the stores need it: transactions of SQL text with named parameters.
///
/// A transaction's body is synchronous and runs on a thread of the driver's, never on the cooperative pool; a body that
/// throws is rolled back and its error comes out unchanged. A transaction that has begun is finished even if the task
/// that asked for it is cancelled.
public protocol SQLDatabase: Sendable {
    /// Where this database's SQL differs.
    var dialect: Dialect { get }

    /// Runs a transaction that only reads and sees one state of the database.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result

    /// Runs a transaction that may write; what it wrote is durable when this returns.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result
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
}

/// Where the SQL of the databases differs; everything else is one text.
public struct Dialect: Hashable, Sendable {
    /// The name of the database, for messages.
    public let name: String
    /// The type of text that is a key: compared by octets, as identifiers are.
    public let keyText: String
    /// What follows the columns of a table that is stored in the order of its key.
    public let keyOrderedTable: String
    /// What follows a SELECT whose rows the transaction is going to change.
    ///
    /// SQLite has one writer at a time and needs none; PostgreSQL locks the rows.
    public let forUpdate: String
    /// As ``forUpdate``, but passes over rows that another transaction is working on.
    public let forUpdateSkippingLocked: String

    /// SQLite, from version 3.35.
    public static let sqlite = Dialect(
        name: "SQLite",
        keyText: "TEXT",
        keyOrderedTable: "WITHOUT ROWID",
        forUpdate: "",
        forUpdateSkippingLocked: ""
    )

    /// PostgreSQL and databases that speak its SQL.
    public static let postgreSQL = Dialect(
        name: "PostgreSQL",
        keyText: "TEXT COLLATE \"C\"",
        keyOrderedTable: "",
        forUpdate: "FOR UPDATE",
        forUpdateSkippingLocked: "FOR UPDATE SKIP LOCKED"
    )

    /// The text of a migration with this dialect's words in place of `{key_text}` and `{key_ordered}`.
    func adapting(_ script: String) -> String {
        script.split(separator: "{key_text}", omittingEmptySubsequences: false).joined(separator: keyText)
            .split(separator: "{key_ordered}", omittingEmptySubsequences: false).joined(separator: keyOrderedTable)
    }
}
