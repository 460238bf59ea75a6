// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What one side has for finding the key of a general-ciphering APDU it received.
public struct ContentKeyRing: Hashable, Sendable {
    /// The security suite.
    public let suite: SecuritySuite
    private let unicast: MessageProtection?
    private let broadcast: MessageProtection?
    private let authenticationKey: Secret?
    private let masterKey: Secret?
    private let agreementKey: EllipticCurvePrivateKey?
    private let originatorAgreementKey: EllipticCurvePublicKey?
    private let originatorSigningKey: EllipticCurvePublicKey?
    private let arc: KeyDerivation.AlgorithmArc

    /// Takes keys; those that are nil make the messages that name them fail.
    ///
    /// - Parameters:
    ///   - suite: the security suite.
    ///   - unicastKey: the global unicast key.
    ///   - broadcastKey: the global broadcast key.
    ///   - authenticationKey: as in ``MessageProtection``.
    ///   - masterKey: the key encryption key of wrapped keys.
    ///   - agreementKey: this side's static key of key agreement, for both schemes.
    ///   - originatorAgreementKey: the originator's static public key of key agreement, for C(0e,2s).
    ///   - originatorSigningKey: the originator's public key of signatures, for C(1e,1s).
    ///   - arc: how the algorithm of agreed keys is named.
    /// - Throws: ``ProtectionError/keyLength(expected:given:)``.
    public init(
        suite: SecuritySuite,
        unicastKey: Secret? = nil,
        broadcastKey: Secret? = nil,
        authenticationKey: Secret?,
        masterKey: Secret? = nil,
        agreementKey: EllipticCurvePrivateKey? = nil,
        originatorAgreementKey: EllipticCurvePublicKey? = nil,
        originatorSigningKey: EllipticCurvePublicKey? = nil,
        arc: KeyDerivation.AlgorithmArc = .standard
    ) throws(ProtectionError) {
        var global: [MessageProtection?] = []
        for key in [unicastKey, broadcastKey] {
            guard let key else {
                global.append(nil)
                continue
            }
            global.append(
                try MessageProtection(suite: suite, encryptionKey: key, authenticationKey: authenticationKey)
            )
        }
        self.suite = suite
        unicast = global[0]
        broadcast = global[1]
        self.authenticationKey = authenticationKey
        self.masterKey = masterKey
        self.agreementKey = agreementKey
        self.originatorAgreementKey = originatorAgreementKey
        self.originatorSigningKey = originatorSigningKey
        self.arc = arc
    }

    /// Finds, unwraps or derives the key of an APDU.
    ///
    /// The answer may be kept for other messages with equal information, unless the scheme is C(0e,2s), whose key
    /// depends on the transaction.
    /// - Parameters:
    ///   - information: what the APDU says; nil means the global unicast key.
    ///   - header: the header of the APDU.
    /// - Throws: ``ProtectionError/keyNotAvailable``, ``ProtectionError/keyUnwrapFailed``,
    ///   ``ProtectionError/invalidKeyInformation``, ``ProtectionError/invalidPublicKey``,
    ///   ``ProtectionError/signatureMismatch``, ``ProtectionError/keyLength(expected:given:)``,
    ///   ``ProtectionError/systemTitleLength(_:)``.
    public func contentKey(
        for information: KeyInformation?,
        header: GeneralProtectionHeader
    ) throws(ProtectionError) -> ContentKey {
        switch information {
        case nil, .identified(TransferredKey.globalUnicast.rawValue):
            return .identified(try present(unicast))
        case .identified(TransferredKey.globalBroadcast.rawValue):
            return .identified(try present(broadcast), isBroadcast: true)
        case .wrapped(0, let wrapped):
            return ContentKey(
                information: .wrapped(wrappingKeyID: 0, keyCipheredData: wrapped),
                protection: try MessageProtection(
                    suite: suite,
                    encryptionKey: KeyWrap.unwrap(wrapped, with: try present(masterKey)),
                    authenticationKey: authenticationKey
                )
            )
        case .agreed(ContentKey.onePass, let data):
            return ContentKey(
                information: .agreed(parameters: ContentKey.onePass, keyCipheredData: data),
                protection: try ContentKey.agreed(
                    try present(agreementKey),
                    try ephemeralKey(in: data),
                    partyU: try ContentKey.checked(header.originatorSystemTitle),
                    partyV: try ContentKey.checked(header.recipientSystemTitle),
                    authenticationKey,
                    arc
                )
            )
        case .agreed(ContentKey.staticKeys, let data):
            guard data.isEmpty else { throw .invalidKeyInformation }
            return try ContentKey.agreedStatic(
                own: try present(agreementKey),
                peer: try present(originatorAgreementKey),
                header: header,
                authenticationKey: authenticationKey,
                arc: arc
            )
        case .identified, .wrapped, .agreed:
            throw .invalidKeyInformation
        }
    }

    /// The ephemeral key of the originator, whose signature is checked.
    private func ephemeralKey(in data: [UInt8]) throws(ProtectionError) -> EllipticCurvePublicKey {
        let signingKey = try present(originatorSigningKey)
        guard let curve = suite.curve else { throw .suiteWithoutPublicKeys }
        let length = 2 * curve.coordinateLength
        guard data.count == length + 2 * signingKey.curve.coordinateLength else { throw .invalidKeyInformation }
        let point = Array(data.prefix(length))
        let signature = Array(data.dropFirst(length))
        do {
            try signingKey.verify(signature, of: point)
        } catch {
            // Observed: Gurux.DLMS.Net signs the parameters octet along with the point.
            try signingKey.verify(signature, of: ContentKey.onePass + point)
        }
        return try EllipticCurvePublicKey(octets: point)
    }

    private func present<Key>(_ key: Key?) throws(ProtectionError) -> Key {
        guard let key else { throw .keyNotAvailable }
        return key
    }
}
