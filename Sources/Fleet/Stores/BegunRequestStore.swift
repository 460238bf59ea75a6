// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// A request that was begun, and how far it came.
public struct BegunRequest: Hashable, Sendable {
    /// How far a request came.
    public enum Outcome: Hashable, Sendable {
        /// It was begun; of what came of it nothing is kept.
        case underWay
        /// It was answered so.
        case answered([UInt8])
        /// It may have been carried out, and nobody knows.
        case unknown
    }

    /// Tells its body from others.
    public let bodyDigest: String
    /// When it was begun.
    public let begunAt: Timestamp
    /// How far it came.
    public let outcome: Outcome

    /// Makes a record.
    public init(bodyDigest: String, begunAt: Timestamp, outcome: Outcome) {
        self.bodyDigest = bodyDigest
        self.begunAt = begunAt
        self.outcome = outcome
    }
}

/// Keeps which requests were begun and what came of them, so that none is carried out twice; what it returns from a write
/// is durable.
public protocol BegunRequestStore: Sendable {
    /// Begins a request, unless one with its key was begun before and is remembered still.
    ///
    /// - Parameter expiresAt: until when it is remembered.
    /// - Returns: the one that was begun before; nil when this one begins.
    func beginRequest(
        _ key: String,
        bodyDigest: String,
        expiresAt: Timestamp
    ) async throws(StoreError) -> BegunRequest?

    /// Whether a request with this key was begun and is remembered still.
    func hasBegunRequest(_ key: String) async throws(StoreError) -> Bool

    /// Keeps what came of a request that was begun.
    func settleRequest(_ key: String, _ outcome: BegunRequest.Outcome) async throws(StoreError)

    /// Forgets a request that certainly did nothing; it may begin again.
    func forgetRequest(_ key: String) async throws(StoreError)
}
