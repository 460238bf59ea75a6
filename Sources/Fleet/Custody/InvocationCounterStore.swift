// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// Keeps invocation counters; what it returns from a write is durable, a power failure included.
public protocol InvocationCounterStore: Sendable {
    /// The system title that all gateways over this store have where none is configured.
    ///
    /// Counters begin again with another store, and so must the title, or a nonce would be used twice.
    /// - Parameter drawn: becomes the title when there is none yet.
    func clientSystemTitle(orKeep drawn: SystemTitle) async throws(CounterStoreError) -> SystemTitle

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

    /// The highest counter that a meter has proven to have used with a key; nil when there is none yet.
    ///
    /// A meter that was replaced, and so has another system title, is told apart by ``PeerCounter/id``: what it used last
    /// is what was kept last.
    func peerCounter(of meter: MeterID, key: KeyFingerprint) async throws(CounterStoreError) -> PeerCounter?

    /// Keeps counters that meters have used; a lower one than is kept changes nothing.
    func keepPeerCounters(_ counters: [PeerCounter]) async throws(CounterStoreError)
}

/// The highest counter that a meter has proven to have used.
public struct PeerCounter: Hashable, Sendable {
    /// The meter.
    public let meter: MeterID
    /// The key, and the meter's system title.
    public let id: InvocationCounterID
    /// The counter.
    public let value: UInt32

    /// Makes a record.
    public init(meter: MeterID, id: InvocationCounterID, value: UInt32) {
        self.meter = meter
        self.id = id
        self.value = value
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
