// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import DLMSSecurity
public import JSONText

/// Which keys of a meter's security setup are to be replaced; the new ones are kept elsewhere, never in the order.
public struct KeyChangeOrder: Hashable, Sendable {
    /// How the new keys get to the meter (Blue Book, class 64).
    public enum Method: String, CaseIterable, Hashable, Sendable {
        /// They are sent, wrapped with the master key (method 2).
        case transfer
        /// Both sides make them together, from ephemeral keys that are signed (method 3 of version 1).
        case agreement
    }

    /// The keys, each once.
    public var keys: [TransferredKey]
    /// How the new keys get to the meter.
    public var method = Method.transfer
    /// The association in which keys are agreed on; nil takes that of the keys.
    public var through: String?
    /// Whether keys may be agreed on although a lost answer would leave the meter with keys that nobody knows.
    public var acceptsLoss = false
    /// The association whose security block has the keys, and in which they are sent; nil takes the manager's.
    public var association: String?
    /// The security setup object; nil takes the only one, or the first.
    public var securitySetup: OBISCode?
    /// Whether the new keys were kept when the order was made; otherwise they are made when it is carried out.
    public var hasKeptKeys = false

    /// Makes an order.
    ///
    /// Whether a meter has taken a broadcast or master key shows in no association, so a new unicast key goes with them.
    public init(keys: Set<TransferredKey>, association: String? = nil, securitySetup: OBISCode? = nil) {
        let isVisible = keys.contains(.globalUnicast) || keys.contains(.authentication)
        self.keys = (isVisible ? keys : keys.union([.globalUnicast])).sorted { $0.rawValue < $1.rawValue }
        self.association = association
        self.securitySetup = securitySetup
    }
}

/// Which password or secret of an association is to be replaced; the new one is kept elsewhere, never in the order.
public struct SecretChangeOrder: Hashable, Sendable {
    /// The association that the secret belongs to.
    public var association: String
    /// The association in which the new secret is sent; nil takes the same.
    public var through: String?
    /// The association object at the meter; nil takes that of the association in which it is sent.
    public var object: OBISCode?

    /// Makes an order.
    public init(association: String, through: String? = nil, object: OBISCode? = nil) {
        self.association = association
        self.through = through
        self.object = object
    }
}

/// What came of replacing secrets.
public struct SecretChangeOutcome: Hashable, Sendable {
    /// Which secrets the meter has.
    public enum State: String, Hashable, Sendable {
        /// The new ones, which are in the meter's configuration now.
        case adopted
        /// The old ones; the new ones are forgotten.
        case kept
        /// No change was under way.
        case none
    }

    /// Which secrets the meter has.
    public let state: State
    /// The places of the changed secrets in the meter's configuration.
    public let places: [JSONPointer]
}

extension TransferredKey {
    /// The word for it in the API.
    public var word: String {
        switch self {
        case .globalUnicast: "globalUnicast"
        case .globalBroadcast: "globalBroadcast"
        case .authentication: "authentication"
        case .master: "master"
        }
    }

    /// The member of a security block that holds it.
    var member: String {
        switch self {
        case .globalUnicast: "blockCipherKey"
        case .globalBroadcast: "broadcastKey"
        case .authentication: "authenticationKey"
        case .master: "masterKey"
        }
    }
}
