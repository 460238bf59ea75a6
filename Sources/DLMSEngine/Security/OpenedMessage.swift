// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity

/// A message with its protection taken off.
struct OpenedMessage: Hashable, Sendable {
    /// Whose invocation counters a message counts with.
    enum CounterKey: Hashable, Sendable {
        case unicast
        case broadcast
        case dedicated
        /// A key that came with the message or was agreed for it.
        case content
    }

    /// An invocation counter and what it counts.
    struct Counter: Hashable, Sendable {
        var key: CounterKey
        var value: UInt32
        /// The key that came with the message or was agreed for it.
        var contentKey: MessageProtection?
    }

    /// The plain APDU with its own tag.
    var apdu: [UInt8]
    /// What protected it.
    var applied = AppliedProtection.none
    /// Which APDU carried the protection; nil for a message that was signed at the most.
    var form: ProtectionForm?
    /// The invocation counter; nil for a message that was signed at the most.
    var counter: Counter?
    /// The system title of the sender; empty when nobody told it.
    var systemTitle: [UInt8]
    /// The transaction named by a general header; empty without one.
    var transactionID: [UInt8] = []

    init(apdu: [UInt8], systemTitle: [UInt8]) {
        self.apdu = apdu
        self.systemTitle = systemTitle
    }

    /// Goes on with what was inside a ciphered APDU.
    mutating func opened(
        _ inner: UnprotectedMessage,
        _ form: ProtectionForm,
        _ key: CounterKey,
        contentKey: MessageProtection? = nil
    ) {
        apdu = inner.apdu
        self.form = form
        counter = Counter(key: key, value: inner.invocationCounter, contentKey: contentKey)
        applied.isAuthenticated = applied.isAuthenticated || (inner.control.isAuthenticated && inner.isVerified)
        applied.isEncrypted = applied.isEncrypted || inner.control.isEncrypted
        applied.isVerified = applied.isSigned || inner.isVerified
    }
}
