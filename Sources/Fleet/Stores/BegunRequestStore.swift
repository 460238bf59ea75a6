// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// A request that has an idempotency key, and how far it came.
public struct BegunRequest: Hashable, Sendable {
    /// How far a request came.
    public enum Outcome: Hashable, Sendable {
        /// It made a job, which tells all else.
        case job
        /// It was begun then; of what came of it nothing is kept.
        case underWay(since: Timestamp)
        /// It was answered so.
        case answered([UInt8])
        /// It may have been carried out, and nobody knows.
        case unknown
    }

    /// Tells its body from others.
    public let bodyDigest: String
    /// How far it came.
    public let outcome: Outcome

    /// Makes a record.
    public init(bodyDigest: String, outcome: Outcome) {
        self.bodyDigest = bodyDigest
        self.outcome = outcome
    }
}

/// Keeps which requests were begun and what came of them, so that none is carried out twice; what it returns from a write
/// is durable.
///
/// A key belongs to one request, whether that makes a job or is carried out at once: who claims it first has it.
public protocol BegunRequestStore: Sendable {
    /// Begins a request, unless one with its key was begun or made a job before and is remembered still.
    ///
    /// - Parameter expiresAt: until when it is remembered.
    /// - Returns: the one that was there before; nil when this one begins.
    func beginRequest(
        _ key: String,
        bodyDigest: String,
        expiresAt: Timestamp
    ) async throws(StoreError) -> BegunRequest?

    /// Keeps what came of a request that was begun.
    ///
    /// - Parameter answer: what it was answered; nil when it may have been carried out and nobody knows.
    func settleRequest(_ key: String, answer: [UInt8]?) async throws(StoreError)

    /// Forgets a request that certainly did nothing; it may begin again.
    func forgetRequest(_ key: String) async throws(StoreError)
}
