// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

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
    /// As ``forUpdate``, of rows that stay what others refer to: a new row may refer to them meanwhile.
    public let forNoKeyUpdate: String
    /// As ``forUpdate``, but passes over rows that another transaction is working on.
    public let forUpdateSkippingLocked: String
    /// The statements that let one gateway at a time migrate, until the end of its transaction; empty where the
    /// transaction itself does.
    let migrationLock: String
    /// Whether a transaction may find rows locked by another one.
    var locksRows: Bool { !forUpdate.isEmpty }
    /// Whether a table can be divided by time into partitions, of which whole ones are dropped when they are old.
    let dividesTables: Bool
    /// The present moment by the database's clock, microseconds since 1970; nil = the database is on this machine.
    let presentMoment: String?

    /// SQLite, from version 3.35.
    public static let sqlite = Dialect(
        name: "SQLite",
        keyText: "TEXT",
        keyOrderedTable: "WITHOUT ROWID",
        forUpdate: "",
        forNoKeyUpdate: "",
        forUpdateSkippingLocked: "",
        migrationLock: "",
        dividesTables: false,
        presentMoment: nil
    )

    /// PostgreSQL, from version 13, and databases that speak its SQL.
    public static let postgreSQL = Dialect(
        name: "PostgreSQL",
        keyText: "TEXT COLLATE \"C\"",
        keyOrderedTable: "",
        forUpdate: "FOR UPDATE",
        forNoKeyUpdate: "FOR NO KEY UPDATE",
        forUpdateSkippingLocked: "FOR UPDATE SKIP LOCKED",
        migrationLock: """
            SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(4848545246420001)
            """,
        dividesTables: true,
        presentMoment: "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
    )
}

extension Dialect {
    /// The text of a migration with this dialect's words in place of those in braces.
    ///
    /// | Word | Where | Meaning |
    /// | --- | --- | --- |
    /// | `{key_text}` | type of a column | text compared by octets |
    /// | `{real}` | type of a column | a number of 64 bits with a fraction |
    /// | `{key_ordered}` | after the columns | the table is stored in the order of its key |
    /// | `{partitioned_by:COLUMN}` | after that | the table is divided by this moment, which is part of its key |
    /// | `{rest_partition:TABLE}` | a statement of its own | makes the partition for rows that no other one takes |
    package func adapting(_ script: String) -> String {
        var text = ""
        var rest = script[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            let word = rest[rest.index(after: open)..<close]
            text += replacement(of: word) ?? String(rest[open...close])
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }

    /// What stands for a word; nil for a word that is none.
    private func replacement(of word: Substring) -> String? {
        let parts = word.split(separator: ":", maxSplits: 1)
        return switch (parts.first, parts.count == 2 ? parts[1] : nil) {
        case ("key_text", nil): keyText
        case ("real", nil): dividesTables ? "DOUBLE PRECISION" : "REAL"
        case ("key_ordered", nil): keyOrderedTable
        case ("partitioned_by", let column?): dividesTables ? "PARTITION BY RANGE (\(column))" : ""
        case ("rest_partition", let table?):
            dividesTables ? "CREATE TABLE \(table)_rest PARTITION OF \(table) DEFAULT;" : ""
        default: nil
        }
    }
}
