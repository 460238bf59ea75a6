// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Keeps API keys; what it returns from a write is durable.
public protocol APIKeyStore: Sendable {
    /// Keeps a new key.
    ///
    /// - Parameter onlyFirst: whether nothing is done when there is any key, revoked ones included.
    /// - Returns: false when its name or identifier is taken, or it is not the first, and nothing was done.
    func insertAPIKey(_ record: APIKeyRecord, onlyFirst: Bool) async throws(StoreError) -> Bool

    /// The key with this identifier; nil when there is none.
    func apiKey(_ id: String) async throws(StoreError) -> APIKeyRecord?

    /// The key with this name; nil when there is none.
    func apiKey(named name: String) async throws(StoreError) -> APIKeyRecord?

    /// Keys in the order of their identifiers, revoked ones included, at most `limit` after the cursor.
    func apiKeys(after cursor: String?, limit: Int) async throws(StoreError) -> Page<APIKeyRecord>

    /// Ends a key; one that was revoked before stays as it is.
    ///
    /// - Returns: the key; nil when there is none.
    func revokeAPIKey(_ id: String, at moment: Timestamp) async throws(StoreError) -> APIKeyRecord?

    /// Notes that a key was used.
    func noteAPIKeyUse(_ id: String, at moment: Timestamp) async throws(StoreError)
}
