// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity

/// The last invocation counters of the other side in one association, so that nothing old is taken for new.
struct PeerCounters: Hashable, Sendable {
    private var last: [OpenedMessage.CounterKey: UInt32] = [:]
    private var contentKey: MessageProtection?

    /// The last counter with a key.
    subscript(key: OpenedMessage.CounterKey) -> UInt32? {
        get { last[key] }
        set { last[key] = newValue }
    }

    /// Accepts a counter that is above the last one; returns the last one for any other.
    ///
    /// A new content key begins a new count. So that an old key with its old message cannot come again, it has to
    /// answer the exchange in progress.
    ///
    /// - Parameters:
    ///   - counter: the counter with what it counts.
    ///   - answersTransaction: whether the message names the exchange in progress.
    mutating func accept(_ counter: OpenedMessage.Counter, answersTransaction: Bool) -> UInt32? {
        if counter.key == .content, counter.contentKey != contentKey {
            guard answersTransaction else { return last[.content] ?? 0 }
            contentKey = counter.contentKey
            last[.content] = nil
        }
        if let last = last[counter.key], counter.value <= last { return last }
        last[counter.key] = counter.value
        return nil
    }
}
