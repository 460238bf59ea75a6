// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import DLMSSecurity

/// How the messages of an association are protected.
public struct SecurityConfiguration: Hashable, Sendable {
    /// The security suite, which fixes algorithms and key lengths.
    public var suite: Suite
    /// What is done to each message; empty leaves messages in clear.
    public var protection: Protection
    /// Which key and which APDU carry the protection.
    public var ciphering: Ciphering
    /// The key whose messages are protected with: the unicast key, or the broadcast key.
    public var keySet = KeySet.unicast
    /// Where the key of general-ciphering comes from.
    public var contentKey = ContentKey.identified
    /// The client's system title; nil takes the gateway's own.
    public var clientSystemTitle: SystemTitle?
    /// The global unicast encryption key: 16 octets in suites 0 and 1, 32 in suite 2.
    public var blockCipherKey: Secret
    /// The authentication key, of the same length; nil only where nothing is authenticated.
    public var authenticationKey: Secret?
    /// The global broadcast encryption key, of the same length.
    public var broadcastKey: Secret?
    /// The master key, which wraps other keys, of the same length.
    public var masterKey: Secret?
    /// The private key that signs: 32 octets in suite 1, 48 in suite 2.
    public var signingKey: Secret?
    /// What verifies the meter's signatures.
    public var serverSigningKey: PublicKeyConfiguration?
    /// The private key of key agreement, of the same length as ``signingKey``.
    public var agreementKey: Secret?
    /// The meter's public key of key agreement.
    public var serverAgreementKey: PublicKeyConfiguration?
    /// The client's certificate, sent when the association is opened; nil sends none.
    public var clientCertificate: [UInt8]?
    /// The object whose value is the meter's present invocation counter, to read before associating; nil trusts our own.
    public var invocationCounterObject: OBISCode?

    /// Makes a security block; by default suite 0, authenticated and encrypted with the global key.
    public init(
        suite: Suite = .suite0,
        protection: Protection = [.authenticated, .encrypted],
        ciphering: Ciphering = .global,
        clientSystemTitle: SystemTitle? = nil,
        blockCipherKey: Secret,
        authenticationKey: Secret? = nil,
        invocationCounterObject: OBISCode? = nil
    ) {
        self.suite = suite
        self.protection = protection
        self.ciphering = ciphering
        self.clientSystemTitle = clientSystemTitle
        self.blockCipherKey = blockCipherKey
        self.authenticationKey = authenticationKey
        self.invocationCounterObject = invocationCounterObject
    }

    /// The secrets with the names of their members.
    public var secrets: [String: Secret] {
        [
            "blockCipherKey": blockCipherKey, "authenticationKey": authenticationKey, "broadcastKey": broadcastKey,
            "masterKey": masterKey, "signingKey": signingKey, "agreementKey": agreementKey,
        ].compactMapValues { $0 }
    }
}

extension SecurityConfiguration {
    /// A security suite (Green Book, DLMS/COSEM security suites).
    public enum Suite: UInt8, CaseIterable, Hashable, Sendable {
        /// AES-GCM-128.
        case suite0 = 0
        /// AES-GCM-128 with ECDSA and ECDH on P-256 and SHA-256.
        case suite1 = 1
        /// AES-GCM-256 with ECDSA and ECDH on P-384 and SHA-384.
        case suite2 = 2

        /// The length of a symmetric key in octets.
        public var keyLengthInOctets: Int {
            switch self {
            case .suite0, .suite1: 16
            case .suite2: 32
            }
        }

        /// The curve of the suite's signatures and key agreements; nil in a suite without.
        public var curve: EllipticCurve? {
            switch self {
            case .suite0: nil
            case .suite1: .p256
            case .suite2: .p384
            }
        }
    }

    /// What is done to each message.
    public struct Protection: OptionSet, Hashable, Sendable {
        /// The bits of the set.
        public let rawValue: UInt8

        /// Makes a set of its bits.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// A tag proves origin and integrity.
        public static let authenticated = Protection(rawValue: 1)
        /// The content is hidden.
        public static let encrypted = Protection(rawValue: 2)
        /// A digital signature proves origin and integrity (general-signing).
        public static let signed = Protection(rawValue: 4)
    }

    /// Which key and which APDU carry the protection.
    public enum Ciphering: String, CaseIterable, Hashable, Sendable {
        /// Service-specific APDUs with the global key.
        case global
        /// Service-specific APDUs with a key made for the association.
        case dedicated
        /// The general-glo-ciphering APDU.
        case generalGlobal = "general-global"
        /// The general-ded-ciphering APDU.
        case generalDedicated = "general-dedicated"
        /// The general-ciphering APDU, which names its key.
        case general
    }

    /// The global key that protects requests.
    public enum KeySet: String, CaseIterable, Hashable, Sendable {
        /// The key of this one meter.
        case unicast
        /// The key of many meters.
        case broadcast
    }

    /// Where the key of a general-ciphering APDU comes from.
    public enum ContentKey: String, CaseIterable, Hashable, Sendable {
        /// It is the global key.
        case identified
        /// It is made for the association and sent wrapped with the master key.
        case wrapped
        /// It is agreed from an ephemeral key of the client and the static one of the meter: C(1e, 1s).
        case agreedOnePass = "agreed-one-pass"
        /// It is agreed from the static keys of both sides: C(0e, 2s).
        case agreedStatic = "agreed-static"
    }
}

/// The 8 octets that name a client or meter in the security context; the first three are the manufacturer's letters.
public struct SystemTitle: Hashable, Sendable, CustomStringConvertible {
    /// The 8 octets.
    public let octets: [UInt8]

    /// Takes exactly 8 octets; nil for any other number.
    public init?(_ octets: [UInt8]) {
        guard octets.count == 8 else { return nil }
        self.octets = octets
    }

    /// Draws a title for a gateway: the letters CGW and five octets at random.
    ///
    /// - Throws: ``DLMSSecurity/SealingError/randomnessUnavailable``.
    public static func drawn() throws(SealingError) -> SystemTitle {
        let letters: [UInt8] = [0x43, 0x47, 0x57]
        return SystemTitle(exactly: letters + (try RandomOctets.draw(8 - letters.count)))
    }

    private init(exactly octets: [UInt8]) {
        self.octets = octets
    }

    /// The octets as 16 hexadecimal digits in capitals.
    public var description: String { Hexadecimal.text(of: octets) }
}
