// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import Fleet
public import Timekeeping

/// The keys that callers come with.
extension Gateway {
    /// Makes a key.
    ///
    /// - Parameters:
    ///   - name: what its owner is called; no other key has or had that name.
    ///   - grant: what it allows.
    ///   - expiresAt: when it ends; nil for never.
    ///   - creator: who makes it.
    /// - Returns: what is kept, and the key itself, which is not kept.
    /// - Throws: ``Fleet/GatewayError/alreadyExists(what:)`` when the name is taken.
    public func makeAPIKey(
        named name: String,
        _ grant: APIKeyGrant,
        expiresAt: Timestamp?,
        by creator: String
    ) async throws(GatewayError) -> (record: APIKeyRecord, text: APIKeyText) {
        let made = try Self.drawAPIKey(named: name, grant, expiresAt: expiresAt, by: creator, now: clock.now())
        guard
            try await translating(await store.insertAPIKey(made.record, onlyFirst: false))
        else { throw .alreadyExists(what: "key \(name)") }
        return made
    }

    /// Makes a key for an administrator when there never was a key; nil when there was.
    public func makeFirstAPIKey() async throws(GatewayError) -> APIKeyText? {
        let made = try Self.drawAPIKey(
            named: "admin",
            APIKeyGrant(roles: ["admin"]),
            expiresAt: nil,
            by: Caller.gateway.name,
            now: clock.now()
        )
        let isFirst = try await translating(await store.insertAPIKey(made.record, onlyFirst: true))
        return isFirst ? made.text : nil
    }

    /// Draws a key and what is to be kept of it.
    public static func drawAPIKey(
        named name: String,
        _ grant: APIKeyGrant,
        expiresAt: Timestamp?,
        by creator: String,
        now: Timestamp
    ) throws(GatewayError) -> (record: APIKeyRecord, text: APIKeyText) {
        guard let text = try? APIKeyText.drawn(), let digest = try? text.digest() else {
            throw .internal(reason: "no key can be drawn")
        }
        let record = APIKeyRecord(
            id: text.id,
            name: name,
            digest: Hexadecimal.text(of: digest),
            grant: grant,
            createdAt: now,
            createdBy: creator,
            expiresAt: expiresAt
        )
        return (record, text)
    }

    /// The key with this identifier; nil when there is none.
    public func apiKey(_ id: String) async throws(GatewayError) -> APIKeyRecord? {
        try await translating(await store.apiKey(id))
    }

    /// A page of keys, revoked ones included.
    public func apiKeyPage(after cursor: String?, limit: Int) async throws(GatewayError) -> Page<APIKeyRecord> {
        try await translating(await store.apiKeys(after: cursor, limit: limit))
    }

    /// Whether one of two principals made the other: the key itself, or the key that made it, and so on.
    func isOfOneHand(_ one: String, _ other: String) async throws(GatewayError) -> Bool {
        if try await makers(of: one).contains(other) { return true }
        return try await makers(of: other).contains(one)
    }

    /// Who made a key, who made that one's, and so on; nobody for a principal that comes without a key.
    private func makers(of principal: String) async throws(GatewayError) -> Set<String> {
        var makers: Set<String> = []
        var next = principal
        while let name = APIKeyRecord.name(ofPrincipal: next),
            let maker = try await translating(await store.apiKey(named: name))?.createdBy,
            makers.insert(maker).inserted
        {
            next = maker
        }
        return makers
    }

    /// Ends a key.
    ///
    /// - Throws: ``Fleet/GatewayError/notFound(what:)``.
    public func revokeAPIKey(_ id: String) async throws(GatewayError) -> APIKeyRecord {
        let now = clock.now()
        let record = try await translating(await store.revokeAPIKey(id, at: now))
        guard let record else { throw .notFound(what: "key '\(id)'") }
        return record
    }

    /// Notes that a key was used.
    public func noteAPIKeyUse(_ id: String) async throws(GatewayError) {
        let now = clock.now()
        try await translating(await store.noteAPIKeyUse(id, at: now))
    }
}
