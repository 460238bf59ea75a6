// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// How the messages of an association are protected, from the client's point of view.
///
/// With neither authentication nor encryption messages go in clear; keys and titles then serve the high level
/// authentication only.
public struct SecuritySettings: Hashable, Sendable {
    /// The security suite, which fixes algorithms and key lengths.
    public var suite: SecuritySuite
    /// Whether every message carries a tag that proves its origin.
    public var isAuthenticated: Bool
    /// Whether every message is encrypted.
    public var isEncrypted: Bool
    /// Which APDU carries the protection, and with which key.
    public var ciphering: Ciphering
    /// The client's own system title, 8 octets.
    public var clientSystemTitle: [UInt8]
    /// The server's system title, 8 octets; needed only when its AARE has none.
    public var serverSystemTitle: [UInt8]?
    /// The global unicast encryption key: 16 octets in suites 0 and 1, 32 in suite 2.
    public var blockCipherKey: Secret
    /// The authentication key, of the same length; nil where none is in use.
    public var authenticationKey: Secret?
    /// The global broadcast encryption key; when given, requests are protected with it instead of the unicast key.
    public var broadcastKey: Secret?
    /// The master key (KEK), which wraps content keys of general ciphering.
    public var masterKey: Secret?
    /// The keys of key agreement, for content keys of general ciphering that are agreed.
    public var agreement: KeyPairSettings?
    /// The keys of signatures: of general signing, and of ephemeral keys in key agreement; nil = there are none.
    public var signing: KeyPairSettings?
    /// Whether every request is signed (general signing), and every answer has to be.
    public var signsRequests: Bool
    /// Whether the header of general ciphering is part of what its tag authenticates; sources disagree.
    public var generalHeaderIsAuthenticated: Bool
    /// Whether the length of the content is part of what general signing signs; sources disagree.
    ///
    /// Signatures of the server are accepted either way.
    public var signsContentLength: Bool
    /// How the algorithm is named when a key is derived; sources disagree.
    public var agreedKeyAlgorithm: AgreedKeyAlgorithm
    /// Whether an answer is deciphered even though its tag does not fit; it is then marked as not verified.
    public var allowsUnverified: Bool
    /// The last invocation counter that the server is known to have used with the global key; nil = any is accepted.
    public var lastServerCounter: UInt32?
    /// The system title of the server that used ``lastServerCounter``, which another server need not be above; nil = this
    /// one.
    public var lastServerCounterTitle: [UInt8]?

    /// Settings with usual choices for everything but titles and keys.
    public init(
        suite: SecuritySuite = .suite0,
        isAuthenticated: Bool = true,
        isEncrypted: Bool = true,
        ciphering: Ciphering = .global,
        clientSystemTitle: [UInt8],
        serverSystemTitle: [UInt8]? = nil,
        blockCipherKey: Secret,
        authenticationKey: Secret? = nil,
        broadcastKey: Secret? = nil,
        masterKey: Secret? = nil,
        agreement: KeyPairSettings? = nil,
        signing: KeyPairSettings? = nil,
        signsRequests: Bool = false,
        generalHeaderIsAuthenticated: Bool = true,
        signsContentLength: Bool = false,
        agreedKeyAlgorithm: AgreedKeyAlgorithm = .standard,
        allowsUnverified: Bool = false,
        lastServerCounter: UInt32? = nil
    ) {
        self.suite = suite
        self.isAuthenticated = isAuthenticated
        self.isEncrypted = isEncrypted
        self.ciphering = ciphering
        self.clientSystemTitle = clientSystemTitle
        self.serverSystemTitle = serverSystemTitle
        self.blockCipherKey = blockCipherKey
        self.authenticationKey = authenticationKey
        self.broadcastKey = broadcastKey
        self.masterKey = masterKey
        self.agreement = agreement
        self.signing = signing
        self.signsRequests = signsRequests
        self.generalHeaderIsAuthenticated = generalHeaderIsAuthenticated
        self.signsContentLength = signsContentLength
        self.agreedKeyAlgorithm = agreedKeyAlgorithm
        self.allowsUnverified = allowsUnverified
        self.lastServerCounter = lastServerCounter
    }

    /// Whether messages are protected at all, which the application context tells the server.
    public var isCiphering: Bool { isAuthenticated || isEncrypted || signsRequests }

    /// Whether messages go in APDUs of general protection, which is a service to be agreed on.
    var usesGeneralProtection: Bool { signsRequests || isCiphering && ciphering.isGeneral }
}

extension SecuritySettings {
    /// Which APDU carries the protection, and with which key.
    public enum Ciphering: Hashable, Sendable {
        /// Service-specific APDUs with the global key.
        case global
        /// Service-specific APDUs with a key made for the association.
        case dedicated
        /// The general-glo-ciphering APDU.
        case generalGlobal
        /// The general-ded-ciphering APDU.
        case generalDedicated
        /// The general-ciphering APDU, which tells where its key comes from.
        case general(ContentKeySource)

        /// Whether the association has a key of its own.
        public var isDedicated: Bool {
            switch self {
            case .dedicated, .generalDedicated: true
            case .global, .generalGlobal, .general: false
            }
        }

        /// Whether an APDU of its own carries the protection.
        var isGeneral: Bool {
            switch self {
            case .generalGlobal, .generalDedicated, .general: true
            case .global, .dedicated: false
            }
        }
    }

    /// Where the key of a general-ciphering APDU comes from.
    public enum ContentKeySource: String, Hashable, Sendable, CaseIterable {
        /// It is the global key.
        case identified
        /// It is made for the association and sent wrapped with the master key.
        case wrapped
        /// It is agreed by the one-pass scheme: an ephemeral key of the client, a static one of the server.
        case agreedOnePass
        /// It is agreed by the static scheme: static keys of both sides, and the transaction.
        case agreedStatic
    }

    /// How the algorithm is named when a key is derived.
    public typealias AgreedKeyAlgorithm = KeyDerivation.AlgorithmArc
    /// One's own private key with the public key of the other side, both on the curve of the suite.
    public struct KeyPairSettings: Hashable, Sendable {
        /// One's own private key: 32 octets in suite 1, 48 in suite 2.
        public var privateKey: Secret
        /// The public key of the other side, X and Y: 64 or 96 octets.
        public var peerPublicKey: [UInt8]

        /// Pairs the keys.
        public init(privateKey: Secret, peerPublicKey: [UInt8]) {
            self.privateKey = privateKey
            self.peerPublicKey = peerPublicKey
        }
    }
}
