// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Timekeeping

/// A table of configurations as documents: what meters, channels and groups have in common.
struct ConfigurationTable: Sendable {
    /// A stored document with its record's facts.
    struct Row: Sendable {
        let id: String
        let document: String
        let revision: Revision
        let createdAt: Timestamp
        let updatedAt: Timestamp
    }

    /// The name of the table.
    let name: String
    let dialect: Dialect

    /// Writes a document and its indexed columns if the precondition holds; tells whether the row is new.
    func put(
        _ id: String,
        document: String,
        columns: [(name: String, value: SQLValue)],
        when precondition: WritePrecondition,
        now: Timestamp,
        on connection: any SQLConnection
    ) throws -> (row: Row, isNew: Bool) {
        let present = try head(id, on: connection)
        try check(precondition, present: present?.revision)
        let row = Row(
            id: id,
            document: document,
            revision: .next(),
            createdAt: present?.createdAt ?? now,
            updatedAt: now
        )
        let names = columns.map(\.name)
        let all = ["id", "document", "revision", "created_at", "updated_at"] + names
        let updates = (["document", "revision", "updated_at"] + names).map { "\($0) = excluded.\($0)" }
        var binds: SQLBinds = [
            "id": .text(id),
            "document": .text(document),
            "revision": .text(row.revision.text),
            "created_at": .moment(row.createdAt),
            "updated_at": .moment(now),
        ]
        for column in columns { binds[column.name] = column.value }
        try connection.execute(
            """
            INSERT INTO \(name) (\(all.joined(separator: ", ")))
            VALUES (\(all.map { ":\($0)" }.joined(separator: ", ")))
            ON CONFLICT (id) DO UPDATE SET \(updates.joined(separator: ", "))
            """,
            binds
        )
        return (row, present == nil)
    }

    /// The columns of a new row: those that all have, and others.
    func columns(with others: [String]) -> [String] {
        ["id", "document", "revision", "created_at", "updated_at"] + others
    }

    /// The values of a new row for ``columns(with:)``.
    func values(_ id: String, _ document: String, _ now: Timestamp, _ others: [SQLValue]) -> [SQLValue] {
        [.text(id), .text(document), .text(Revision.next().text), .moment(now), .moment(now)] + others
    }

    /// The row with that identifier.
    func row(_ id: String, on connection: any SQLConnection) throws(SQLError) -> Row? {
        try connection.query(
            "SELECT id, document, revision, created_at, updated_at FROM \(name) WHERE id = :id",
            ["id": .text(id)]
        ).first.map(Self.row)
    }

    /// Rows after a place that fulfil conditions, by identifier.
    func rows(
        where conditions: [String] = [],
        _ binds: SQLBinds = [:],
        after cursor: String?,
        limit: Int,
        on connection: any SQLConnection
    ) throws(SQLError) -> [Row] {
        var binds = binds
        var conditions = conditions
        if let cursor {
            conditions.append("id > :cursor")
            binds["cursor"] = .text(cursor)
        }
        binds["limit"] = .integer(Int64(limit))
        let rows = try connection.query(
            """
            SELECT id, document, revision, created_at, updated_at FROM \(name)
            \(Self.whereClause(conditions)) ORDER BY id LIMIT :limit
            """,
            binds
        )
        return try rows.map(Self.row)
    }

    /// Removes a row if the precondition holds; false when there was none.
    func delete(
        _ id: String,
        when precondition: WritePrecondition,
        on connection: any SQLConnection
    ) throws -> Bool {
        try check(precondition, present: try head(id, on: connection)?.revision)
        return try connection.execute("DELETE FROM \(name) WHERE id = :id", ["id": .text(id)]) > 0
    }

    /// Whether there is a row with that identifier.
    func contains(_ id: String, on connection: any SQLConnection) throws(SQLError) -> Bool {
        try !connection.query("SELECT id FROM \(name) WHERE id = :id", ["id": .text(id)]).isEmpty
    }

    /// The identifiers, at most ten, of rows that fulfil a condition.
    func users(
        where condition: String,
        _ binds: SQLBinds,
        on connection: any SQLConnection
    ) throws(SQLError) -> [String] {
        try connection.query("SELECT id FROM \(name) WHERE \(condition) ORDER BY id LIMIT 10", binds)
            .map { row throws(SQLError) in try row.text("id") }
    }

    static func whereClause(_ conditions: [String]) -> String {
        conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    }

    private func head(
        _ id: String,
        on connection: any SQLConnection
    ) throws(SQLError) -> (revision: Revision, createdAt: Timestamp)? {
        let rows = try connection.query(
            "SELECT revision, created_at FROM \(name) WHERE id = :id \(dialect.forUpdate)",
            ["id": .text(id)]
        )
        guard let row = rows.first else { return nil }
        return (Revision(try row.text("revision")), try row.moment("created_at"))
    }

    private func check(_ precondition: WritePrecondition, present: Revision?) throws(StoreError) {
        let holds =
            switch precondition {
            case .ifAbsent: present == nil
            case .ifPresent: present != nil
            case .ifRevision(let revisions): present.map(revisions.contains) ?? false
            case .unconditional: true
            }
        guard holds else { throw .preconditionFailed(current: present) }
    }

    private static func row(_ row: SQLRow) throws(SQLError) -> Row {
        Row(
            id: try row.text("id"),
            document: try row.text("document"),
            revision: Revision(try row.text("revision")),
            createdAt: try row.moment("created_at"),
            updatedAt: try row.moment("updated_at")
        )
    }
}
