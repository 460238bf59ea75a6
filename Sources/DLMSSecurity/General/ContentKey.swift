// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The key of a general-ciphering APDU, with the information by which the recipient finds or derives it.
///
/// | key information | where the key comes from |
/// |---|---|
/// | identified | both sides have it |
/// | wrapped | the originator makes it and sends it wrapped with the master key |
/// | agreed, 01 | C(1e,1s): an ephemeral key of the originator, signed, and the static key of the recipient |
/// | agreed, 02 | C(0e,2s): the static keys of both and the transaction |
///
/// Green Book, general-ciphering and key agreement. Keys of the first three may serve many messages.
public struct ContentKey: Hashable, Sendable {
    /// The parameters octet of C(1e,1s).
    static let onePass: [UInt8] = [1]
    /// The parameters octet of C(0e,2s).
    static let staticKeys: [UInt8] = [2]

    /// What stands in the APDU.
    public let information: KeyInformation
    /// The protection with the key.
    public let protection: MessageProtection

    /// Names a global key that both sides have.
    ///
    /// - Parameters:
    ///   - protection: the protection with that key.
    ///   - isBroadcast: whether it is the broadcast key.
    public static func identified(_ protection: MessageProtection, isBroadcast: Bool = false) -> ContentKey {
        ContentKey(
            information: .identified(
                keyID: (isBroadcast ? TransferredKey.globalBroadcast : .globalUnicast).rawValue
            ),
            protection: protection
        )
    }

    /// Sends a key along, wrapped with the master key.
    ///
    /// - Parameters:
    ///   - key: a fresh random key of the length that the suite demands.
    ///   - masterKey: the key encryption key of both sides.
    ///   - suite: the security suite.
    ///   - authenticationKey: as in ``MessageProtection``.
    /// - Throws: ``ProtectionError/keyLength(expected:given:)``.
    public static func wrapped(
        _ key: Secret,
        masterKey: Secret,
        suite: SecuritySuite,
        authenticationKey: Secret?
    ) throws(ProtectionError) -> ContentKey {
        ContentKey(
            information: .wrapped(wrappingKeyID: 0, keyCipheredData: try KeyWrap.wrap(key, with: masterKey)),
            protection: try MessageProtection(
                suite: suite,
                encryptionKey: key,
                authenticationKey: authenticationKey
            )
        )
    }

    /// Agrees on a key by the one-pass scheme C(1e,1s).
    ///
    /// - Parameters:
    ///   - ephemeral: a fresh key of the originator, forgotten afterwards.
    ///   - signingKey: the originator's key of signatures, which vouches for the ephemeral one.
    ///   - recipientKey: the recipient's static public key of key agreement.
    ///   - header: the header of the APDU; its titles are part of the derivation.
    ///   - authenticationKey: as in ``MessageProtection``.
    ///   - arc: how the algorithm is named.
    /// - Throws: ``ProtectionError/invalidPublicKey`` for keys of two curves, ``ProtectionError/systemTitleLength(_:)``,
    ///   ``ProtectionError/keyLength(expected:given:)``.
    public static func agreedOnePass(
        ephemeral: EllipticCurvePrivateKey,
        signingKey: EllipticCurvePrivateKey,
        recipientKey: EllipticCurvePublicKey,
        header: GeneralProtectionHeader,
        authenticationKey: Secret?,
        arc: KeyDerivation.AlgorithmArc = .standard
    ) throws(ProtectionError) -> ContentKey {
        let point = ephemeral.publicKey.octets
        let data = point + (try signingKey.sign(point))
        return ContentKey(
            information: .agreed(parameters: onePass, keyCipheredData: data),
            protection: try agreed(
                ephemeral,
                recipientKey,
                partyU: try checked(header.originatorSystemTitle),
                partyV: try checked(header.recipientSystemTitle),
                authenticationKey,
                arc
            )
        )
    }

    /// Agrees on a key by the static scheme C(0e,2s); the key holds for the transaction of the header only.
    ///
    /// - Parameters:
    ///   - own: the static key of key agreement of this side.
    ///   - peer: the static public key of key agreement of the other side.
    ///   - header: the header of the APDU; its titles and transaction are part of the derivation.
    ///   - authenticationKey: as in ``MessageProtection``.
    ///   - arc: how the algorithm is named.
    /// - Throws: as ``agreedOnePass(ephemeral:signingKey:recipientKey:header:authenticationKey:arc:)``.
    public static func agreedStatic(
        own: EllipticCurvePrivateKey,
        peer: EllipticCurvePublicKey,
        header: GeneralProtectionHeader,
        authenticationKey: Secret?,
        arc: KeyDerivation.AlgorithmArc = .standard
    ) throws(ProtectionError) -> ContentKey {
        var transaction = OctetWriter(reservingCapacity: 16)
        transaction.writeOctetString(header.transactionID)
        return ContentKey(
            information: .agreed(parameters: staticKeys, keyCipheredData: []),
            protection: try agreed(
                own,
                peer,
                partyU: try checked(header.originatorSystemTitle) + transaction.octets,
                partyV: try checked(header.recipientSystemTitle),
                authenticationKey,
                arc
            )
        )
    }

    /// Derives the key that two key pairs share.
    static func agreed(
        _ own: EllipticCurvePrivateKey,
        _ peer: EllipticCurvePublicKey,
        partyU: [UInt8],
        partyV: [UInt8],
        _ authenticationKey: Secret?,
        _ arc: KeyDerivation.AlgorithmArc
    ) throws(ProtectionError) -> MessageProtection {
        try MessageProtection(
            suite: own.curve.suite,
            encryptionKey: KeyDerivation.derive(
                own.sharedSecret(with: peer),
                curve: own.curve,
                algorithmID: KeyDerivation.algorithmID(own.curve, arc: arc),
                partyU: partyU,
                partyV: partyV
            ),
            authenticationKey: authenticationKey
        )
    }

    static func checked(_ systemTitle: [UInt8]) throws(ProtectionError) -> [UInt8] {
        guard systemTitle.count == MessageProtection.systemTitleLength else {
            throw .systemTitleLength(systemTitle.count)
        }
        return systemTitle
    }
}
