// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import Synchronization

/// The invocation counters of a meter: the last one of every client, and the meter's own.
///
/// They belong to keys and outlive associations; a simulated meter keeps one of these for each set of keys, and asks it
/// for the value of its invocation counter object.
public final class ServerInvocationCounters: Sendable {
    /// The global keys, each of which has counters of its own.
    public enum Key: String, Hashable, Sendable, CaseIterable {
        /// The global unicast encryption key.
        case unicast
        /// The global broadcast encryption key.
        case broadcast
    }

    private struct Client: Hashable {
        var systemTitle: [UInt8]
        var key: Key
    }

    private struct State {
        var lastOfClient: [Client: UInt32] = [:]
        var own: UInt64 = 0
        var refused = 0
        var sharedProofs = 0
    }

    private let state = Mutex(State())

    /// Makes counters of fresh keys: any counter of a client is accepted, one's own begin with 1.
    public init() {}

    /// The last counter accepted from a client; nil when it never sent any.
    public func last(of systemTitle: [UInt8], key: Key = .unicast) -> UInt32? {
        state.withLock { $0.lastOfClient[Client(systemTitle: systemTitle, key: key)] }
    }

    /// The highest counter accepted from any client with the unicast key, 0 = none.
    public var highest: UInt32 {
        state.withLock { $0.lastOfClient.filter { $0.key.key == .unicast }.values.max() ?? 0 }
    }

    /// The counter the server used last, 0 = none.
    public var own: UInt32 { state.withLock { UInt32(clamping: $0.own) } }

    /// How many messages were refused because of their counter.
    public var refusals: Int { state.withLock { $0.refused } }

    /// How many proofs of GMAC had the counter of the message that carried them; accepted, because some clients do so.
    public var sharedProofs: Int { state.withLock { $0.sharedProofs } }

    func noteSharedProof() {
        state.withLock { $0.sharedProofs += 1 }
    }

    /// Demands that the next counter of a client is above this one.
    public func set(last counter: UInt32, of systemTitle: [UInt8], key: Key = .unicast) {
        state.withLock { $0.lastOfClient[Client(systemTitle: systemTitle, key: key)] = counter }
    }

    /// Begins anew, as after a change of key.
    public func reset() {
        state.withLock { $0 = State() }
    }

    /// Accepts a counter that is above the last one of the client; returns false for any other.
    public func accept(_ counter: UInt32, of systemTitle: [UInt8], key: Key = .unicast) -> Bool {
        state.withLock {
            let client = Client(systemTitle: systemTitle, key: key)
            if let last = $0.lastOfClient[client], counter <= last {
                $0.refused += 1
                return false
            }
            $0.lastOfClient[client] = counter
            return true
        }
    }

    /// Takes the next counter of the server; nil when all are used up.
    public func next() -> UInt32? {
        state.withLock {
            guard $0.own < UInt64(UInt32.max) - 1 else { return nil }
            $0.own += 1
            return UInt32($0.own)
        }
    }
}

extension ServerInvocationCounters: Hashable {
    /// Whether both are the same object.
    public static func == (left: ServerInvocationCounters, right: ServerInvocationCounters) -> Bool {
        left === right
    }

    /// Feeds the identity to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
