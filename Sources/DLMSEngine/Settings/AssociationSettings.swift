// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// Everything a client needs to know to open an association and to carry out services in it.
///
/// Each member of ``Values`` is a member of the settings, too. Copies share them until one is changed, so that thousands
/// of open associations take no more memory than a reference each.
@dynamicMemberLookup
public struct AssociationSettings: Hashable, Sendable {
    /// The settings themselves.
    public struct Values: Hashable, Sendable {
        /// Framing and addresses.
        public var link: LinkSettings
        /// Where the meter is behind a gateway that passes APDUs on; nil when the link leads to the meter itself.
        public var gateway: GatewayAddress?
        /// How attributes and methods are named.
        public var referencing = Referencing.logicalName
        /// How short names are used when they are.
        public var shortNames = ShortNameSettings()
        /// How the client proves who it is.
        public var authentication: AssociationAuthentication
        /// The services offered to the server in the AARQ; the server answers with a subset.
        public var proposedConformance: Conformance
        /// The longest APDU the client accepts, in octets, 0 = no limit; told to the server in the AARQ.
        public var maxReceivePDUSize: UInt16
        /// The longest APDU the server is sent, in octets, whatever it announces; nil believes it.
        public var maxSendPDUSize: UInt16?
        /// How long to wait for each single answer.
        public var responseTimeout: Duration
        /// Whether to release the association (RLRQ) before closing.
        public var release: Bool
        /// Whether the release of a ciphered association carries the protected InitiateRequest, as the standard wants.
        public var releaseCarriesInitiate = true
        /// How long to wait for the answer to a release, which many meters never send.
        public var releaseTimeout: Duration
        /// The most attributes asked for in one GET with-list; 1 = never use lists.
        public var maximumListLength: Int
        /// When writes and invocations of methods go in lists.
        public var writeLists = WriteListUse.whereReadListsWork
        /// Whether a list of writes or methods may be longer than the server's PDU size, and go in blocks.
        ///
        /// Else more and shorter lists are sent, so that less is unsure when one of them is not answered.
        public var sendsListsInBlocks = false
        /// Whether several attributes are read by ACCESS where that was agreed to and lists cannot be used.
        public var readsByAccess = true
        /// How general block transfer is used where that was agreed to.
        public var blockTransfer = GeneralBlockTransferSettings()
        /// What was learned about the server in associations before.
        public var learned = LearnedBehaviour()
        /// The most octets one response may have after reassembly.
        public var maximumResponseLength: Int
        /// How messages are protected; nil = in clear, and without keys.
        public var security: SecuritySettings?
        /// The client's system title, for authentication without ``security``, 8 octets; nil = none is sent.
        public var clientSystemTitle: [UInt8]?
        /// The server's system title, for authentication without ``security``; nil = it has to be in the AARE.
        public var serverSystemTitle: [UInt8]?
        /// The number of the user, sent as calling AE invocation id; nil = none.
        public var callingUserID: UInt8?
        /// The calling AE qualifier, such as the client's certificate; nil = none.
        public var callingAEQualifier: [UInt8]?
        /// Whether the association exists without being opened: nothing is sent before the first request.
        public var isPreEstablished: Bool
        /// The longest APDU that the server of a pre-established association accepts, in octets, 0 = no limit.
        ///
        /// All of ``proposedConformance`` counts as agreed in such an association.
        public var presumedServerPDUSize: UInt16 = 0
    }

    /// When writes and invocations of methods go in lists (SET and ACTION with-list) where that was agreed to.
    ///
    /// When a list is not answered, the outcome of all its items is unknown, and none of them may be repeated.
    public enum WriteListUse: String, Hashable, Sendable, CaseIterable {
        /// Never: each goes in a request of its own.
        case never
        /// Where the server has answered a list well before, of whatever service.
        case whereReadListsWork
        /// Wherever lists were agreed to and none was refused.
        case whereAgreed
    }

    private var values: Boxed<Values>

    /// Each setting.
    public subscript<Value>(dynamicMember setting: WritableKeyPath<Values, Value>) -> Value {
        @inline(__always) _read { yield values.value[keyPath: setting] }
        @inline(__always) _modify { yield &values.value[keyPath: setting] }
    }

    /// What a client proposes unless told otherwise: LN services with lists, selective access and block transfer.
    public static let standardConformance: Conformance = [
        .blockTransferWithGetOrRead, .blockTransferWithSetOrWrite, .blockTransferWithAction, .multipleReferences,
        .get, .set, .selectiveAccess, .action,
    ]

    /// All that a client can make use of: ``standardConformance``, general block transfer, ACCESS, all attributes at once,
    /// and notifications.
    public static let fullConformance: Conformance = standardConformance.union([
        .generalBlockTransfer, .access, .attribute0WithGet, .attribute0WithSet, .eventNotification, .dataNotification,
    ])

    /// Settings with usual values for everything but framing and authentication.
    public init(
        link: LinkSettings,
        authentication: AssociationAuthentication = .none,
        proposedConformance: Conformance = AssociationSettings.standardConformance,
        maxReceivePDUSize: UInt16 = 0xFFFF,
        responseTimeout: Duration = .seconds(10),
        release: Bool = true,
        releaseTimeout: Duration = .seconds(2),
        maximumListLength: Int = 16,
        maximumResponseLength: Int = 16 << 20,
        security: SecuritySettings? = nil,
        clientSystemTitle: [UInt8]? = nil,
        serverSystemTitle: [UInt8]? = nil,
        callingUserID: UInt8? = nil,
        callingAEQualifier: [UInt8]? = nil,
        isPreEstablished: Bool = false
    ) {
        values = Boxed(
            Values(
                link: link,
                authentication: authentication,
                proposedConformance: proposedConformance,
                maxReceivePDUSize: maxReceivePDUSize,
                responseTimeout: responseTimeout,
                release: release,
                releaseTimeout: releaseTimeout,
                maximumListLength: maximumListLength,
                maximumResponseLength: maximumResponseLength,
                security: security,
                clientSystemTitle: clientSystemTitle,
                serverSystemTitle: serverSystemTitle,
                callingUserID: callingUserID,
                callingAEQualifier: callingAEQualifier,
                isPreEstablished: isPreEstablished
            )
        )
    }
}
