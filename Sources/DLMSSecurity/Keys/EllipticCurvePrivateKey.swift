// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// A private key with its public key: it signs (ECDSA) and agrees on keys (ECDH).
public struct EllipticCurvePrivateKey: Sendable {
    /// The public key that belongs to it.
    public let publicKey: EllipticCurvePublicKey
    /// The private number, 32 or 48 octets, for keeping it.
    public let secret: Secret
    let handle: PublicKeyHandle

    /// The curve.
    public var curve: EllipticCurve { publicKey.curve }

    /// Takes a private number.
    ///
    /// - Throws: ``ProtectionError/invalidPrivateKey`` for another length, zero, or a number above the order of the
    ///   curve.
    public init(curve: EllipticCurve, secret: Secret) throws(ProtectionError) {
        guard
            secret.count == curve.coordinateLength,
            let point = Self.publicPoint(of: secret, on: curve),
            let handle = PublicKeyHandle(curve: curve, point: point, privateNumber: secret),
            let publicKey = EllipticCurvePublicKey(handle: handle, curve: curve)
        else { throw .invalidPrivateKey }
        self.publicKey = publicKey
        self.secret = secret
        self.handle = handle
    }

    /// Draws a new key.
    ///
    /// - Throws: ``ProtectionError/randomnessUnavailable``.
    public static func generate(on curve: EllipticCurve) throws(ProtectionError) -> EllipticCurvePrivateKey {
        // A random number is above the order with a probability below 2^-32 (P-256): a second draw all but never occurs.
        for _ in 0..<64 {
            guard let octets = try? RandomOctets.draw(curve.coordinateLength) else { break }
            if let key = try? EllipticCurvePrivateKey(curve: curve, secret: Secret(octets)) { return key }
        }
        throw .randomnessUnavailable
    }

    /// Signs a message, which is hashed with the hash of the curve.
    ///
    /// - Returns: r and s, each as long as a coordinate; different each time.
    /// - Throws: ``ProtectionError/cryptographyUnavailable``.
    public func sign(_ message: [UInt8]) throws(ProtectionError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw .cryptographyUnavailable }
        defer { EVP_MD_CTX_free(context) }
        var encoded = [UInt8](repeating: 0, count: 160)
        var length = encoded.count
        guard
            EVP_DigestSignInit(context, nil, curve.digest, nil, handle.pointer) == 1,
            EVP_DigestSign(context, &encoded, &length, message, message.count) == 1,
            let signature = ECDSASignature.plain(encoded.prefix(length), coordinateLength: curve.coordinateLength)
        else { throw .cryptographyUnavailable }
        return signature
    }

    /// Agrees on a shared secret with the owner of a public key (ECDH).
    ///
    /// - Returns: the x-coordinate of the shared point, 32 or 48 octets; input of a key derivation, never a key itself.
    /// - Throws: ``ProtectionError/invalidPublicKey`` for a key of another curve.
    public func sharedSecret(with peer: EllipticCurvePublicKey) throws(ProtectionError) -> Secret {
        guard peer.curve == curve else { throw .invalidPublicKey }
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, handle.pointer, nil) else {
            throw .cryptographyUnavailable
        }
        defer { EVP_PKEY_CTX_free(context) }
        var shared = [UInt8](repeating: 0, count: curve.coordinateLength)
        var length = shared.count
        guard EVP_PKEY_derive_init(context) == 1 else { throw .cryptographyUnavailable }
        guard
            EVP_PKEY_derive_set_peer(context, peer.handle.pointer) == 1,
            EVP_PKEY_derive(context, &shared, &length) == 1, length == shared.count
        else { throw .invalidPublicKey }
        return Secret(shared)
    }

    /// The uncompressed point of a private number; nil when the number is zero or not below the order.
    private static func publicPoint(of secret: Secret, on curve: EllipticCurve) -> [UInt8]? {
        guard let group = EC_GROUP_new_by_curve_name(curve.groupNumber) else { return nil }
        defer { EC_GROUP_free(group) }
        let number = secret.withExposedOctets { constantTimeNumber($0) }
        defer { BN_clear_free(number) }
        guard
            let number, let order = EC_GROUP_get0_order(group), BN_is_zero(number) == 0, BN_cmp(number, order) < 0,
            let point = EC_POINT_new(group)
        else { return nil }
        defer { EC_POINT_free(point) }
        var octets = [UInt8](repeating: 0, count: 1 + 2 * curve.coordinateLength)
        guard
            EC_POINT_mul(group, point, number, nil, nil, nil) == 1,
            EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &octets, octets.count, nil) == octets.count
        else { return nil }
        return octets
    }

    /// A number of OpenSSL that is treated in constant time.
    private static func constantTimeNumber(_ octets: UnsafeRawBufferPointer) -> OpaquePointer? {
        guard let number = BN_bin2bn(octets.octets, Int32(clamping: octets.count), nil) else { return nil }
        BN_set_flags(number, BN_FLG_CONSTTIME)
        return number
    }
}

extension EllipticCurvePrivateKey: Hashable {
    /// Whether it is the same key.
    public static func == (left: EllipticCurvePrivateKey, right: EllipticCurvePrivateKey) -> Bool {
        left.publicKey == right.publicKey
    }

    /// Feeds the public key to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(publicKey)
    }
}
