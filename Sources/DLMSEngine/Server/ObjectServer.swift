// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The objects of a meter, as a ``ServerMachine`` needs them: every call is answered at once.
///
/// A server may be asked from several connections at the same time.
public protocol ObjectServer: Sendable {
    /// Whether a client may open an association, and on what terms; nil = the client is not known.
    func association(for client: ClientAddress) -> AssociationTerms?

    /// Reads an attribute. The octets of a value have to be one complete Data.
    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult

    /// Writes an attribute.
    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult

    /// Invokes a method.
    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome

    /// Hands out what is to be sent to a client without having been asked; called after each of its requests.
    ///
    /// What was handed out is not handed out again.
    func takeNotifications(for client: ServedClient) -> [UnsolicitedMessage]

    /// The same meter's data in the text protocol of IEC 62056-21; nil when it does not speak it.
    var texts: (any TextObjectServer)? { get }
}

extension ObjectServer {
    /// Nothing is sent without having been asked.
    public func takeNotifications(for client: ServedClient) -> [UnsolicitedMessage] { [] }

    /// The text protocol is not spoken.
    public var texts: (any TextObjectServer)? { nil }
}

/// Who asks whom: the service access points of both sides.
public struct ClientAddress: Hashable, Sendable {
    /// The client's service access point, such as 16 for the public client.
    public var clientSAP: UInt16
    /// The logical device, such as 1 for the management logical device.
    public var serverSAP: UInt16

    /// Pairs the addresses.
    public init(clientSAP: UInt16, serverSAP: UInt16) {
        self.clientSAP = clientSAP
        self.serverSAP = serverSAP
    }
}

/// On what terms a server accepts an association.
public struct AssociationTerms: Hashable, Sendable {
    /// What the client has to prove.
    public var authentication: AssociationAuthentication
    /// What it may prove instead; ``ServedClient/isAuthenticated`` tells the object server which it was.
    public var alternatives: [AssociationAuthentication]
    /// The services the server has; the association gets those that the client proposes, too.
    public var conformance: Conformance
    /// The longest APDU the server accepts, in octets, 0 = no limit; answers obey the client's size.
    public var maxReceivePDUSize: UInt16
    /// The longest APDU the server sends whatever the client accepts, in octets, 0 = no limit.
    public var maxSendPDUSize: UInt16
    /// How the client may use short names; nil = not at all.
    public var shortNames: ShortNameTerms?
    /// Whether the client may use logical names.
    public var acceptsLogicalNames = true
    /// How messages are protected; nil = only in clear.
    public var security: ServerSecurity?
    /// The server's system title for authentication without ``security``; nil = none is sent.
    public var systemTitle: [UInt8]?

    /// Terms with everything the engine can do allowed.
    public init(
        authentication: AssociationAuthentication = .none,
        alternatives: [AssociationAuthentication] = [],
        conformance: Conformance = AssociationSettings.standardConformance,
        maxReceivePDUSize: UInt16 = 1024,
        maxSendPDUSize: UInt16 = 0,
        security: ServerSecurity? = nil,
        systemTitle: [UInt8]? = nil
    ) {
        self.authentication = authentication
        self.alternatives = alternatives
        self.conformance = conformance
        self.maxReceivePDUSize = maxReceivePDUSize
        self.maxSendPDUSize = maxSendPDUSize
        self.security = security
        self.systemTitle = systemTitle
    }
}

/// The client of an open association, for access rights.
public struct ServedClient: Hashable, Sendable {
    /// The addresses.
    public var address: ClientAddress
    /// Whether the client proved who it is, by a password or the answer to a challenge.
    public var isAuthenticated: Bool
    /// The services both sides agreed to.
    public var conformance: Conformance
    /// How the client proved who it is.
    public var mechanism: AuthenticationMechanism
    /// What protected the request that is being served.
    public var protection: AppliedProtection
    /// The client's system title, if it is known.
    public var systemTitle: [UInt8]?

    /// Describes a client.
    public init(
        address: ClientAddress,
        isAuthenticated: Bool,
        conformance: Conformance,
        mechanism: AuthenticationMechanism = .lowest,
        protection: AppliedProtection = .none,
        systemTitle: [UInt8]? = nil
    ) {
        self.address = address
        self.isAuthenticated = isAuthenticated
        self.conformance = conformance
        self.mechanism = mechanism
        self.protection = protection
        self.systemTitle = systemTitle
    }
}
