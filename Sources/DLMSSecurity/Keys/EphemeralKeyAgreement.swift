// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Agreement on a key with ephemeral keys of both sides: the scheme C(2e,0s) of method key_agreement of class 64.
///
/// Each side sends its ephemeral public key, signed along with the id of the key that is agreed on; both derive the key
/// with the client as party U and the server as party V. The ephemeral private key is used once and then forgotten.
public struct EphemeralKeyAgreement: Hashable, Sendable {
    /// The key that is agreed on.
    public let key: TransferredKey
    private let ephemeral: EllipticCurvePrivateKey

    /// Begins an agreement with a fresh ephemeral key.
    ///
    /// - Throws: ``ProtectionError/randomnessUnavailable``.
    public init(on key: TransferredKey, curve: EllipticCurve) throws(ProtectionError) {
        self.init(on: key, ephemeral: try .generate(on: curve))
    }

    /// Begins an agreement with a given ephemeral key.
    public init(on key: TransferredKey, ephemeral: EllipticCurvePrivateKey) {
        self.key = key
        self.ephemeral = ephemeral
    }

    /// The octet-string of key_data for the other side: X, Y, and a signature over key id, X and Y.
    ///
    /// - Throws: ``ProtectionError/cryptographyUnavailable``.
    public func keyData(signedWith signingKey: EllipticCurvePrivateKey) throws(ProtectionError) -> [UInt8] {
        let point = ephemeral.publicKey.octets
        return point + (try signingKey.sign([key.rawValue] + point))
    }

    /// Checks the key_data of the other side and derives the key.
    ///
    /// - Parameters:
    ///   - keyData: X, Y and signature as received.
    ///   - peerSigningKey: the public signing key of the other side.
    ///   - clientSystemTitle: 8 octets.
    ///   - serverSystemTitle: 8 octets.
    ///   - arc: how the algorithm is named.
    /// - Throws: ``ProtectionError/invalidKeyInformation`` for another length, ``ProtectionError/signatureMismatch``,
    ///   ``ProtectionError/invalidPublicKey``, ``ProtectionError/systemTitleLength(_:)``.
    public func agreedKey(
        keyData: [UInt8],
        peerSigningKey: EllipticCurvePublicKey,
        clientSystemTitle: [UInt8],
        serverSystemTitle: [UInt8],
        arc: KeyDerivation.AlgorithmArc = .standard
    ) throws(ProtectionError) -> Secret {
        let length = 2 * ephemeral.curve.coordinateLength
        guard keyData.count == length + 2 * peerSigningKey.curve.coordinateLength else { throw .invalidKeyInformation }
        for title in [clientSystemTitle, serverSystemTitle] where title.count != MessageProtection.systemTitleLength {
            throw .systemTitleLength(title.count)
        }
        let point = Array(keyData.prefix(length))
        try peerSigningKey.verify(Array(keyData.dropFirst(length)), of: [key.rawValue] + point)
        return try KeyDerivation.derive(
            ephemeral.sharedSecret(with: EllipticCurvePublicKey(octets: point)),
            curve: ephemeral.curve,
            algorithmID: KeyDerivation.algorithmID(ephemeral.curve, purpose: key.purpose, arc: arc),
            partyU: clientSystemTitle,
            partyV: serverSystemTitle
        )
    }
}
