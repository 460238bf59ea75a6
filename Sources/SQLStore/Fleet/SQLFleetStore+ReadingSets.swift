// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText

extension SQLFleetStore {
    private var readingSets: ConfigurationTable {
        ConfigurationTable(name: "reading_sets", dialect: database.dialect)
    }

    /// Writes a set of readings if the precondition holds, as one step.
    public func putReadingSet(
        _ id: ReadingSetID,
        _ configuration: ReadingSetConfiguration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<ReadingSetRecord> {
        let document = Self.document(configuration.writeMembers)
        let now = clock.now()
        return try await put(configuration) { [readingSets] connection in
            try readingSets.put(id.text, document: document, columns: [], when: precondition, now: now, on: connection)
        }
    }

    /// The set of readings; nil when there is none.
    public func readingSet(_ id: ReadingSetID) async throws(StoreError) -> ReadingSetRecord? {
        try await record(id.text, in: readingSets, Self.readingSetRecord)
    }

    /// Sets of readings in the order of their identifiers, at most `limit` after the cursor.
    public func readingSets(after cursor: String?, limit: Int) async throws(StoreError) -> Page<ReadingSetRecord> {
        try await page(of: readingSets, after: cursor, limit: limit, Self.readingSetRecord)
    }

    /// Removes a set of readings if the precondition holds; false when there was none and that was allowed.
    public func deleteReadingSet(
        _ id: ReadingSetID,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> Bool {
        try await write { [readingSets, dialect = database.dialect] connection in
            let schedules = ConfigurationTable(name: "schedules", dialect: dialect)
            let users = try schedules.users(where: "reading_set_id = :id", ["id": .text(id.text)], on: connection)
            guard users.isEmpty else { throw StoreError.inUse(by: users.map { "schedule \($0)" }) }
            return try readingSets.delete(id.text, when: precondition, on: connection)
        }
    }

    private static func readingSetRecord(_ row: ConfigurationTable.Row) throws(StoreError) -> ReadingSetRecord {
        let value = try parse(row)
        let configuration: ReadingSetConfiguration
        do throws(JSONMemberError) {
            configuration = try ReadingSetConfiguration(value)
        } catch {
            throw .damaged(record: row.id, reason: "\(error)")
        }
        return try record(row, configuration)
    }
}
