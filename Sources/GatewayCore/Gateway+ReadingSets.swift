// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText

/// Sets of readings.
extension Gateway {
    /// A page of sets.
    public func readingSetPage(after cursor: String?, limit: Int) async throws(GatewayError) -> Page<ReadingSetRecord> {
        try await translating(await store.readingSets(after: cursor, limit: limit))
    }

    /// The set with this id.
    public func readingSet(_ id: String) async throws(GatewayError) -> ReadingSetRecord {
        guard let key = ReadingSetID(id) else { throw .notFound(what: "reading set \(id)") }
        if let found = try await translating(await store.readingSet(key)) { return found }
        throw .notFound(what: "reading set \(id)")
    }

    /// Makes or replaces a set.
    public func putReadingSet(
        _ id: ReadingSetID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<ReadingSetRecord> {
        let configuration = try parsed(ReadingSetConfiguration(document))
        _ = try parsed(configuration.order())
        return try await translating(await store.putReadingSet(id, configuration, when: precondition))
    }

    /// Removes a set that no schedule names.
    public func deleteReadingSet(_ id: String, when precondition: WritePrecondition) async throws(GatewayError) {
        let found = try await readingSet(id)
        _ = try await translating(await store.deleteReadingSet(found.id, when: precondition), removing: "reading set")
    }

    /// The order that reads a set.
    public func order(of id: ReadingSetID) async throws(GatewayError) -> JobOrder {
        let record = try await readingSet(id.text)
        return try parsed(record.configuration.order())
    }
}
