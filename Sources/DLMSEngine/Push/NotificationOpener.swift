// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// Takes the protection off messages that a meter sends outside of an association, and puts it on answers to them.
///
/// Whether a counter is new is not its business.
public struct NotificationOpener: Sendable {
    private var context: SecurityContext

    /// Takes the keys that gateway and meter share.
    ///
    /// - Throws: `ProtectionError` for keys that do not fit the suite.
    public init(_ settings: SecuritySettings) throws(ProtectionError) {
        context = try SecurityContext(SecurityMaterial(settings), peerTitle: settings.serverSystemTitle ?? [])
    }

    /// Takes the protection off an APDU; one without any stays as it is.
    ///
    /// - Throws: `ProtectionError`, whatever it is: the message proves nothing then.
    public mutating func open(_ apdu: [UInt8]) throws(ProtectionError) -> OpenedNotification {
        OpenedNotification(try context.open(apdu))
    }

    /// Protects an answer as the message was protected that it answers.
    ///
    /// - Parameters:
    ///   - apdu: the answer.
    ///   - message: what is answered.
    ///   - counter: one's own invocation counter, never used before with the key.
    /// - Throws: `ProtectionError`.
    public mutating func protect(
        _ apdu: [UInt8],
        answering message: OpenedNotification,
        counter: UInt32
    ) throws(ProtectionError) -> [UInt8] {
        guard message.protection != .none else { return apdu }
        if context.peerTitle.isEmpty { context.peerTitle = message.systemTitle }
        return try context.protect(
            apdu,
            SecurityContext.Order(
                applied: message.protection,
                // Who signed only has no form; the general one of the global key serves.
                form: message.form ?? .generalKey(.global),
                usesBroadcastKey: message.counter?.key == .broadcast,
                counter: counter,
                transactionID: message.transactionID
            )
        )
    }

    /// Whether an APDU carries any protection.
    public static func isProtected(_ apdu: [UInt8]) -> Bool { apdu.first.map(SecurityContext.isProtected) ?? false }

    /// The system title that a protected APDU names in clear; nil when it names none.
    public static func systemTitle(of apdu: [UInt8]) -> [UInt8]? { ProtectedTitle.title(of: apdu) }
}

/// A message of a meter with its protection taken off.
public struct OpenedNotification: Hashable, Sendable {
    /// Whose invocation counters a message counts with.
    public enum CounterKey: String, Hashable, Sendable {
        /// The global unicast key.
        case unicast
        /// The global broadcast key.
        case broadcast
        /// The key of an association.
        case dedicated
        /// A key that came with the message or was agreed for it.
        case content
    }

    /// An invocation counter and what it counts.
    public struct Counter: Hashable, Sendable {
        /// The key.
        public let key: CounterKey
        /// The counter.
        public let value: UInt32
    }

    /// The plain APDU.
    public let apdu: [UInt8]
    /// What protected it.
    public let protection: AppliedProtection
    /// The invocation counter and what it counts; nil for a message that was signed at the most.
    public let counter: Counter?
    /// The system title of the sender; empty when nobody told it.
    public let systemTitle: [UInt8]
    let form: ProtectionForm?
    let transactionID: [UInt8]

    init(_ message: OpenedMessage) {
        apdu = message.apdu
        protection = message.applied
        systemTitle = message.systemTitle
        form = message.form
        transactionID = message.transactionID
        counter = message.counter.map { counter in
            let key: CounterKey =
                switch counter.key {
                case .unicast: .unicast
                case .broadcast: .broadcast
                case .dedicated: .dedicated
                case .content: .content
                }
            return Counter(key: key, value: counter.value)
        }
    }
}
