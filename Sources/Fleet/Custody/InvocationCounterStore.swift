// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Keeps invocation counters; what it returns from a write is durable, a power failure included.
public protocol InvocationCounterStore: Sendable {
    /// Reserves values for the caller alone, from ``InvocationCounterState/next`` on, as one step.
    ///
    /// A counter that was never used begins with 1. What is reserved is never reserved again, used or not.
    /// - Parameters:
    ///   - id: the counter.
    ///   - count: how many, at least 1; fewer come when not so many are left.
    /// - Throws: ``CounterStoreError/exhausted``, ``CounterStoreError/store(_:)``.
    func reserve(_ id: InvocationCounterID, count: UInt64) async throws(CounterStoreError) -> Range<UInt64>

    /// Makes the counter jump over a value that the meter has seen already, and writes the jump down, as one step.
    ///
    /// - Parameters:
    ///   - id: the counter.
    ///   - value: the highest value that must not be used any more.
    ///   - present: the value that the caller would use next, which may lie in what it has reserved; nil takes the store's.
    ///   - reason: why.
    ///   - limits: what must be kept; nil for a person's decision.
    /// - Returns: what was written down; nil when the counter is past the value already, and nothing changes.
    /// - Throws: ``CounterStoreError/beyondLimit(_:)``, ``CounterStoreError/exhausted``, ``CounterStoreError/store(_:)``.
    func raise(
        _ id: InvocationCounterID,
        above value: UInt32,
        from present: UInt64?,
        because reason: CounterRepairReason,
        within limits: CounterRepairLimits?
    ) async throws(CounterStoreError) -> CounterRepair?

    /// How things stand with a counter; nil when it was never used.
    func state(_ id: InvocationCounterID) async throws(CounterStoreError) -> InvocationCounterState?

    /// The last jumps of a counter, the newest first.
    func repairs(_ id: InvocationCounterID, limit: Int) async throws(CounterStoreError) -> [CounterRepair]

    /// The highest counter that a meter has proven to have used; nil when there is none yet.
    func peerCounter(_ id: InvocationCounterID) async throws(CounterStoreError) -> PeerCounter?

    /// Keeps counters that meters have used; a lower one than is kept changes nothing.
    func keepPeerCounters(_ counters: [InvocationCounterID: UInt32]) async throws(CounterStoreError)
}

/// The highest counter that a meter has proven to have used.
public struct PeerCounter: Hashable, Sendable {
    /// The counter.
    public let value: UInt32
    /// When it was kept.
    public let updatedAt: Timestamp

    /// Makes a record.
    public init(value: UInt32, updatedAt: Timestamp) {
        self.value = value
        self.updatedAt = updatedAt
    }
}

/// Why a store of counters did not do what was asked.
public enum CounterStoreError: Error, Hashable, Sendable {
    /// All values of the key are spent; only a new key helps.
    case exhausted
    /// A jump on the meter's word is longer, or comes more often, than allowed.
    case beyondLimit(Limit)
    /// The database failed.
    case store(StoreError)

    /// A limit of ``CounterRepairLimits``.
    public enum Limit: Hashable, Sendable {
        /// The jump is too long; `from` would be next, the meter is at `to`.
        case longestJump(from: UInt64, to: UInt64, allowed: UInt64)
        /// There were that many repairs in the last 24 hours.
        case repairsPerDay(Int)
        /// The jumps of this counter together would be too long; `from` would be next, the meter is at `to`.
        case automaticTotal(from: UInt64, to: UInt64, allowed: UInt64)
    }
}
