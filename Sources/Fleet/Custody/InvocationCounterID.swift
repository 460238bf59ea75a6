// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// What an invocation counter belongs to: a key, and the sender that protects messages with it.
///
/// IV and counter make the nonce of AES-GCM (IEC 62056-5-3, security suites), so one value must never be used twice with
/// the same pair, by whichever meter, association or process.
public struct InvocationCounterID: Hashable, Sendable {
    /// Names the key.
    public let key: KeyFingerprint
    /// The system title of the sender: ours for what we send, the meter's for what it sends.
    public let systemTitle: SystemTitle

    /// Pairs a key with a sender.
    public init(key: KeyFingerprint, systemTitle: SystemTitle) {
        self.key = key
        self.systemTitle = systemTitle
    }
}

/// What is known of one of our counters.
public struct InvocationCounterState: Hashable, Sendable {
    /// The value that means that no other is left (Green Book, invocation counter).
    public static let exhausted: UInt64 = 0xFFFF_FFFF

    /// The first value that nobody was promised, from 1; ``exhausted`` when all are spent.
    public let next: UInt64

    /// Makes a state.
    public init(next: UInt64) {
        self.next = next
    }

    /// How many values are left.
    public var remaining: UInt64 { Self.exhausted - min(next, Self.exhausted) }
}
