// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText

/// Sets of readings.
extension Gateway {
    /// A page of sets.
    public func readingSetPage(after cursor: String?, limit: Int) async throws(GatewayError) -> Page<ReadingSetRecord> {
        do throws(StoreError) {
            return try await store.readingSets(after: cursor, limit: limit)
        } catch {
            throw GatewayError(error)
        }
    }

    /// The set with this id.
    public func readingSet(_ id: String) async throws(GatewayError) -> ReadingSetRecord {
        guard let key = ReadingSetID(id) else { throw .notFound(what: "reading set \(id)") }
        do throws(StoreError) {
            if let found = try await store.readingSet(key) { return found }
        } catch {
            throw GatewayError(error)
        }
        throw .notFound(what: "reading set \(id)")
    }

    /// Makes or replaces a set.
    public func putReadingSet(
        _ id: ReadingSetID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<ReadingSetRecord> {
        let configuration: ReadingSetConfiguration
        do throws(JSONMemberError) {
            configuration = try ReadingSetConfiguration(document)
            _ = try configuration.order()
        } catch {
            throw .invalidMember(error)
        }
        do throws(StoreError) {
            return try await store.putReadingSet(id, configuration, when: precondition)
        } catch {
            throw GatewayError(error)
        }
    }

    /// Removes a set that no schedule names.
    public func deleteReadingSet(_ id: String, when precondition: WritePrecondition) async throws(GatewayError) {
        let found = try await readingSet(id)
        do throws(StoreError) {
            _ = try await store.deleteReadingSet(found.id, when: precondition)
        } catch {
            throw GatewayError(error, removing: "reading set")
        }
    }

    /// The order that reads a set.
    public func order(of id: ReadingSetID) async throws(GatewayError) -> JobOrder {
        let record = try await readingSet(id.text)
        do throws(JSONMemberError) {
            return try record.configuration.order()
        } catch {
            throw .invalidMember(error)
        }
    }
}
