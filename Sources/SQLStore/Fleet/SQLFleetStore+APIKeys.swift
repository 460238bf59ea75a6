// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText
public import Timekeeping

extension SQLFleetStore: APIKeyStore {
    private static let keyColumns =
        "id, name, digest, document, created_at, created_by, expires_at, revoked_at, last_used_at"

    /// Keeps a new key.
    public func insertAPIKey(_ record: APIKeyRecord, onlyFirst: Bool) async throws(StoreError) -> Bool {
        var writer = JSONWriter()
        writer.beginObject()
        record.grant.writeMembers(into: &writer)
        writer.endObject()
        let document = String(decoding: writer.octets, as: UTF8.self)
        return try await write { connection in
            if onlyFirst {
                let any = try connection.query("SELECT id FROM api_keys LIMIT 1", [:])
                guard any.isEmpty else { return false }
            }
            return try connection.execute(
                """
                INSERT INTO api_keys (id, name, digest, document, created_at, created_by, expires_at)
                VALUES (:id, :name, :digest, :document, :created_at, :created_by, :expires_at)
                ON CONFLICT DO NOTHING
                """,
                [
                    "id": .text(record.id), "name": .text(record.name), "digest": .text(record.digest),
                    "document": .text(document), "created_at": .moment(record.createdAt),
                    "created_by": .text(record.createdBy),
                    "expires_at": .moment(optional: record.expiresAt),
                ]
            ) > 0
        }
    }

    /// The key with this identifier.
    public func apiKey(_ id: String) async throws(StoreError) -> APIKeyRecord? {
        try await read { connection in try Self.apiKey(id, on: connection) }
    }

    /// The key with this name.
    public func apiKey(named name: String) async throws(StoreError) -> APIKeyRecord? {
        try await read { connection in
            try connection.query("SELECT \(Self.keyColumns) FROM api_keys WHERE name = :name", ["name": .text(name)])
                .first.map(Self.apiKey)
        }
    }

    /// Keys in the order of their identifiers.
    public func apiKeys(after cursor: String?, limit: Int) async throws(StoreError) -> Page<APIKeyRecord> {
        let limit = max(limit, 1)
        let records = try await read { connection in
            try connection.query(
                "SELECT \(Self.keyColumns) FROM api_keys WHERE id > :cursor ORDER BY id LIMIT :limit",
                ["cursor": .text(cursor ?? ""), "limit": .integer(Int64(limit + 1))]
            ).map(Self.apiKey)
        }
        let items = Array(records.prefix(limit))
        return Page(items: items, next: records.count > limit ? items.last?.id : nil)
    }

    /// Ends a key.
    public func revokeAPIKey(_ id: String, at moment: Timestamp) async throws(StoreError) -> APIKeyRecord? {
        try await write { connection in
            try connection.execute(
                "UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL",
                ["id": .text(id), "now": .moment(moment)]
            )
            return try Self.apiKey(id, on: connection)
        }
    }

    /// Notes that a key was used.
    public func noteAPIKeyUse(_ id: String, at moment: Timestamp) async throws(StoreError) {
        _ = try await write { connection in
            try connection.execute(
                "UPDATE api_keys SET last_used_at = :now WHERE id = :id",
                ["id": .text(id), "now": .moment(moment)]
            )
        }
    }

    private static func apiKey(_ id: String, on connection: any SQLConnection) throws -> APIKeyRecord? {
        try connection.query("SELECT \(keyColumns) FROM api_keys WHERE id = :id", ["id": .text(id)]).first.map(apiKey)
    }

    private static func apiKey(_ row: SQLRow) throws -> APIKeyRecord {
        let id = try row.text("id")
        let grant: APIKeyGrant
        do {
            var members = try JSONMembers(JSONReader.parse(Array(row.text("document").utf8)))
            grant = try APIKeyGrant(&members)
        } catch {
            // What cannot be read must not become a key without its bounds.
            throw StoreError.damaged(record: id, reason: "what the key allows does not read back")
        }
        return APIKeyRecord(
            id: id,
            name: try row.text("name"),
            digest: try row.text("digest"),
            grant: grant,
            createdAt: try row.moment("created_at"),
            createdBy: try row.text("created_by"),
            expiresAt: try row.optionalMoment("expires_at"),
            revokedAt: try row.optionalMoment("revoked_at"),
            lastUsedAt: try row.optionalMoment("last_used_at")
        )
    }
}
