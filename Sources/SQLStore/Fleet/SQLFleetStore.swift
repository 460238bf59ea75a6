// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import Fleet
import JSONText
public import Timekeeping

/// Keeps meters, channels and channel groups in a SQL database; secrets are sealed before they leave the process.
public struct SQLFleetStore: Sendable {
    let database: any SQLDatabase
    let sealer: SecretSealer
    let clock: any WallClock
    /// Whether moments that gateways compare are the database's, because each of them has a clock of its own.
    let goesByDatabase: Bool
    let meters: ConfigurationTable
    let channels: ConfigurationTable
    let groups: ConfigurationTable

    /// Makes a store over a database whose schema is up to date (see ``Migrator``).
    ///
    /// - Parameter clock: what all moments are told by; nil = the clock of the machine, and the database's where several
    ///   gateways compare them.
    public init(database: any SQLDatabase, sealer: SecretSealer, clock: (any WallClock)? = nil) {
        self.database = database
        self.sealer = sealer
        self.clock = clock ?? SystemWallClock()
        goesByDatabase = clock == nil
        meters = ConfigurationTable(name: "meters", dialect: database.dialect)
        channels = ConfigurationTable(name: "channels", dialect: database.dialect)
        groups = ConfigurationTable(name: "channel_groups", dialect: database.dialect)
    }

    /// Tells early that the key is not the one of this database; the first key that comes to an empty one is its own.
    ///
    /// Gateways that share a database before it holds any secret are thus kept from sealing with different keys.
    ///
    /// - Throws: ``Fleet/StoreError/sealing(_:)``, ``Fleet/StoreError/unavailable(reason:)``.
    public func checkSealingKey() async throws(StoreError) {
        let rows = try await read { [meters] connection in
            try meters.rows(
                where: ["document LIKE '%\"sealed\"%'"],
                after: nil,
                limit: 1,
                on: connection
            )
        }
        for row in rows { _ = try meterRecord(row) }
        let now = clock.now()
        try await write { [sealer] connection in
            let known = try connection.query("SELECT key_id FROM sealing_keys ORDER BY key_id", [:])
                .map { row throws(SQLError) in try row.text("key_id") }
            if known.contains(sealer.keyID) { return }
            guard known.isEmpty else {
                throw StoreError.sealing(
                    .unknownKey(sealedWith: known.joined(separator: ", "), atHand: [sealer.keyID])
                )
            }
            try connection.execute(
                "INSERT INTO sealing_keys (key_id, first_used_at) VALUES (:key, :now)",
                ["key": .text(sealer.keyID), "now": .moment(now)]
            )
        }
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws(StoreError) -> Result {
        do {
            return try await database.read(body)
        } catch {
            throw StoreError(error)
        }
    }

    func write<Result: Sendable>(
        _ isolation: SQLIsolation = .serial,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws(StoreError) -> Result {
        do {
            return try await database.write(isolation, body)
        } catch {
            throw StoreError(error)
        }
    }

    /// Writes the document of a configuration as one step.
    func put<Configuration>(
        _ configuration: Configuration,
        _ body: @escaping @Sendable (any SQLConnection) throws -> (row: ConfigurationTable.Row, isNew: Bool)
    ) async throws(StoreError) -> WriteResult<ConfigurationRecord<Configuration>> {
        let (row, isNew) = try await write(.serial, body)
        let record = try Self.record(row, configuration)
        return isNew ? .created(record) : .replaced(record)
    }

    /// Cuts a page off rows of which one more than its limit was asked for.
    static func page<Record: Sendable>(
        _ rows: [ConfigurationTable.Row],
        limit: Int,
        _ record: (ConfigurationTable.Row) throws(StoreError) -> Record
    ) throws(StoreError) -> Page<Record> {
        let items = try rows.prefix(limit).map(record)
        return Page(items: items, next: rows.count > limit ? rows[limit - 1].id : nil)
    }

    /// The records of a table in the order of their identifiers, at most `limit` after the cursor.
    func page<Record: Sendable>(
        of table: ConfigurationTable,
        after cursor: String?,
        limit: Int,
        _ record: (ConfigurationTable.Row) throws(StoreError) -> Record
    ) async throws(StoreError) -> Page<Record> {
        try Self.checkCursor(cursor)
        let limit = max(limit, 1)
        let rows = try await read { connection in try table.rows(after: cursor, limit: limit + 1, on: connection) }
        return try Self.page(rows, limit: limit, record)
    }

    /// The record with that identifier in a table; nil when there is none.
    func record<Record: Sendable>(
        _ id: String,
        in table: ConfigurationTable,
        _ record: (ConfigurationTable.Row) throws(StoreError) -> Record
    ) async throws(StoreError) -> Record? {
        guard let row = try await read({ connection in try table.row(id, on: connection) }) else { return nil }
        return try record(row)
    }

    /// A configuration as the document that is stored.
    static func document(_ writeMembers: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writeMembers(&writer)
        writer.endObject()
        return String(decoding: writer.octets, as: UTF8.self)
    }

    /// A cursor is the identifier of the last record of the page before.
    static func checkCursor(_ cursor: String?) throws(StoreError) {
        guard let cursor else { return }
        guard MeterID(cursor) != nil else { throw .badCursor }
    }

    static func parse(_ row: ConfigurationTable.Row) throws(StoreError) -> JSONValue {
        do throws(JSONError) {
            return try JSONReader.parse(Array(row.document.utf8))
        } catch {
            throw .damaged(record: row.id, reason: "\(error)")
        }
    }

    static func record<Configuration>(
        _ row: ConfigurationTable.Row,
        _ configuration: Configuration
    ) throws(StoreError) -> ConfigurationRecord<Configuration> {
        guard let id = Identifier<ConfigurationRecord<Configuration>>(row.id) else {
            throw .damaged(record: row.id, reason: "its identifier is malformed")
        }
        return ConfigurationRecord(
            id: id,
            configuration: configuration,
            revision: row.revision,
            createdAt: row.createdAt,
            updatedAt: row.updatedAt
        )
    }
}

extension StoreError {
    /// Takes an error of the store's own from inside a transaction as it is; everything else is the database's.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        default: self = .unavailable(reason: "\(error)")
        }
    }
}
