// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine

/// What is believed of what meters push.
public struct PushPolicy: Hashable, Sendable {
    /// Whose messages are taken although they prove nothing, unless the configuration of the meter says otherwise.
    ///
    /// A meter with keys has to protect what it pushes in any case.
    public enum Unprotected: String, CaseIterable, Hashable, Sendable {
        /// Nobody's.
        case never
        /// Those that come from the address that the meter is configured with.
        case knownAddress = "known-address"
        /// Also those that name the meter in their content, wherever they come from.
        case any
    }

    /// Whose messages are taken although they prove nothing.
    public var unprotected: Unprotected
    /// How many messages are kept in one transaction at most.
    public var mostAtOnce = 500
    /// Whether meters are asked for their push object lists and scalers when these are needed.
    public var learns = true

    /// Makes a policy.
    public init(unprotected: Unprotected = .knownAddress) {
        self.unprotected = unprotected
    }
}

/// What proves that a message is of the meter that it is taken for.
enum PushTrust: String, Hashable, Sendable {
    /// Its tag, made with the meter's own key, or its signature beside a counter.
    case proven
    /// It came in an association with the meter.
    case association
    /// It was enciphered with the meter's key, or its tag was not checked because that is allowed, or it was signed only.
    case unverified
    /// It came from the meter's address.
    case address
    /// It names the meter.
    case content

    /// What the protection of a message proves.
    ///
    /// Who has the broadcast key is one of many. A signature alone has no counter, so that a message that somebody recorded
    /// and sends again cannot be told from a new one.
    /// - Parameter counts: the key whose counter the message has; nil for none.
    init(_ protection: AppliedProtection, counts key: OpenedNotification.CounterKey?) {
        let isOwn = protection.isSigned || (protection.isAuthenticated && key != .broadcast)
        self = protection.isVerified && key != nil && isOwn ? .proven : .unverified
    }

    /// What is told of readings that nothing proves; nil for those of which it is proven whose they are.
    var reason: String? {
        switch self {
        case .proven, .association: nil
        case .unverified: "unverified"
        case .address, .content: "unprotected"
        }
    }
}

/// Why a message was refused.
enum PushRefusal: String, CaseIterable, Hashable, Sendable, Error {
    /// No meter is known by what the sender told.
    case unknownSender = "unknown-sender"
    /// Several meters are.
    case ambiguousSender = "ambiguous-sender"
    /// It came from the address of one meter and names another.
    case contradiction
    /// No key of the meter opens it.
    case notDeciphered = "not-deciphered"
    /// Its invocation counter is not above the last one.
    case replayed
    /// It proves nothing, and such messages are not taken of this meter.
    case unprotected
    /// It is no notification, or one that cannot be read.
    case undecodable
    /// It could not be kept.
    case notStored = "not-stored"
}
