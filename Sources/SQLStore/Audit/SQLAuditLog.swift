// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText

/// Keeps the audit log in a SQL database; needs no key, so that it can be checked by whoever has the database.
public struct SQLAuditLog: AuditLog {
    private static let pageSize: Int64 = 500

    let database: any SQLDatabase

    /// Makes a log over a database whose schema is up to date (see ``Migrator``).
    public init(database: any SQLDatabase) {
        self.database = database
    }

    /// Adds an entry to the end.
    @discardableResult
    public func append(_ entry: AuditEntry) async throws(StoreError) -> AuditRecord {
        let dialect = database.dialect
        do {
            return try await database.write { try Self.append(entry, on: $0, dialect: dialect) }
        } catch {
            throw StoreError(error)
        }
    }

    /// Adds an entry to the end within a transaction that changes what the entry tells of.
    @discardableResult
    static func append(
        _ entry: AuditEntry,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws -> AuditRecord {
        // The lock on the head makes one chain of what several gateways append.
        let record = try AuditRecord(entry, after: head(on: connection, locked: dialect))
        try connection.execute(
            """
            INSERT INTO audit_records (ordinal, content, content_hash, action, meter_id, job_id)
            VALUES (:ordinal, :content, :content_hash, :action, :meter_id, :job_id)
            """,
            [
                "ordinal": .integer(record.ordinal),
                "content": .text(String(decoding: record.content, as: UTF8.self)),
                "content_hash": .text(record.hash), "action": .text(entry.action),
                "meter_id": .text(optional: entry.meter), "job_id": .text(optional: entry.job),
            ]
        )
        try connection.execute(
            "UPDATE audit_head SET last_ordinal = :ordinal, last_hash = :content_hash WHERE id = 1",
            ["ordinal": .integer(record.ordinal), "content_hash": .text(record.hash)]
        )
        return record
    }

    /// Records that match, the newest first.
    public func auditRecords(
        matching query: AuditQuery,
        before ordinal: Int64?,
        limit: Int
    ) async throws(StoreError) -> [AuditRecord] {
        var conditions: [String] = []
        var binds: SQLBinds = ["limit": .integer(Int64(max(limit, 1)))]
        for (column, value) in [("meter_id", query.meter), ("action", query.action), ("job_id", query.job)] {
            guard let value else { continue }
            conditions.append("\(column) = :\(column)")
            binds[column] = .text(value)
        }
        if let ordinal {
            conditions.append("ordinal < :before")
            binds["before"] = .integer(ordinal)
        }
        do {
            return try await database.read { [conditions, binds] connection in
                try connection.query(
                    """
                    SELECT ordinal, content, content_hash FROM audit_records
                    \(ConfigurationTable.whereClause(conditions)) ORDER BY ordinal DESC LIMIT :limit
                    """,
                    binds
                ).map { try Self.record($0) }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// The end of the chain, as it is kept apart from the records.
    public func auditHead() async throws(StoreError) -> AuditHead {
        do {
            return try await database.read { try Self.head(on: $0, locked: nil) }
        } catch {
            throw StoreError(error)
        }
    }

    /// Goes through records up to the present end, and hands each over after it was checked.
    ///
    /// - Parameters:
    ///   - start: the record behind which to begin.
    ///   - limit: how many at most, about; nil = all.
    ///   - expected: a head that was kept elsewhere.
    ///   - visit: takes each sound record.
    public func check(
        after start: AuditHead = .beginning,
        limit: Int64? = nil,
        expecting expected: AuditHead? = nil,
        _ visit: @Sendable (AuditRecord) throws -> Void = { _ in }
    ) async throws -> AuditFinding {
        var chain = AuditChain(after: start, expecting: expected)
        // Both in one look, so that what is appended meanwhile does not matter.
        let (kept, newest) = try await database.read { connection in
            let rows = try connection.query("SELECT max(ordinal) AS newest FROM audit_records", [:])
            return (try Self.head(on: connection, locked: nil), Int64(try rows.first?.optionalInteger("newest") ?? 0))
        }
        guard kept.ordinal >= newest else {
            let reason = "it stands behind the head of the log, which was set back"
            return AuditFinding(head: chain.head, fault: AuditFault(ordinal: kept.ordinal + 1, reason: reason))
        }
        let size = min(Self.pageSize, limit ?? Self.pageSize)
        while true {
            let after = chain.head.ordinal
            let rows = try await database.read { connection in
                try connection.query(
                    """
                    SELECT ordinal, content, content_hash, action, meter_id, job_id FROM audit_records
                    WHERE ordinal > :after AND ordinal <= :newest ORDER BY ordinal LIMIT :limit
                    """,
                    ["after": .integer(after), "newest": .integer(newest), "limit": .integer(size)]
                )
            }
            for row in rows {
                let record = try Self.record(row)
                do throws(AuditFault) {
                    try Self.checkColumns(of: row, record, content: try chain.add(record))
                } catch {
                    return AuditFinding(head: chain.head, fault: error)
                }
                try visit(record)
            }
            guard rows.count == size else { break }
            if let limit, chain.head.ordinal - start.ordinal >= limit {
                return AuditFinding(head: chain.head, fault: nil, isComplete: false)
            }
        }
        do throws(AuditFault) {
            try chain.finish(keptHead: kept)
            return AuditFinding(head: chain.head, fault: nil)
        } catch {
            return AuditFinding(head: chain.head, fault: error)
        }
    }

    /// Checks some records behind one up to which all are sound.
    public func checkAudit(after head: AuditHead, limit: Int64) async throws(StoreError) -> AuditFinding {
        do {
            return try await check(after: head, limit: limit)
        } catch {
            throw StoreError(error)
        }
    }

    private static func checkColumns(
        of row: SQLRow,
        _ record: AuditRecord,
        content: JSONValue
    ) throws(AuditFault) {
        for (column, member) in [("action", "action"), ("meter_id", "meter"), ("job_id", "job")] {
            guard let text = try? row.optionalText(column), text == content[member]?.string else {
                if (try? row.value(column)) == .null, content[member] == .null { continue }
                throw AuditFault(ordinal: record.ordinal, reason: "its \(member) was changed for those who search")
            }
        }
    }

    private static func record(_ row: SQLRow) throws(SQLError) -> AuditRecord {
        AuditRecord(
            ordinal: Int64(try row.integer("ordinal")),
            content: Array(try row.text("content").utf8),
            hash: try row.text("content_hash")
        )
    }

    private static func head(on connection: any SQLConnection, locked dialect: Dialect?) throws -> AuditHead {
        let rows = try connection.query(
            "SELECT last_ordinal, last_hash FROM audit_head WHERE id = 1 \(dialect?.forUpdate ?? "")",
            [:]
        )
        guard let row = rows.first else {
            throw StoreError.damaged(record: "audit_head", reason: "the head of the audit log is missing")
        }
        return AuditHead(ordinal: Int64(try row.integer("last_ordinal")), hash: try row.text("last_hash"))
    }
}

extension SQLFleetStore: AuditLog {
    /// Adds an entry to the end.
    @discardableResult
    public func append(_ entry: AuditEntry) async throws(StoreError) -> AuditRecord {
        try await SQLAuditLog(database: database).append(entry)
    }

    /// Records that match, the newest first.
    public func auditRecords(
        matching query: AuditQuery,
        before ordinal: Int64?,
        limit: Int
    ) async throws(StoreError) -> [AuditRecord] {
        try await SQLAuditLog(database: database).auditRecords(matching: query, before: ordinal, limit: limit)
    }

    /// The end of the chain.
    public func auditHead() async throws(StoreError) -> AuditHead {
        try await SQLAuditLog(database: database).auditHead()
    }

    /// Checks some records behind one up to which all are sound.
    public func checkAudit(after head: AuditHead, limit: Int64) async throws(StoreError) -> AuditFinding {
        try await SQLAuditLog(database: database).checkAudit(after: head, limit: limit)
    }
}
