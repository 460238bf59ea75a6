// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// A public key of a meter, a client or a certification authority: a point of a curve.
public struct EllipticCurvePublicKey: Sendable {
    /// The curve.
    public let curve: EllipticCurve
    /// The coordinates X and Y, 64 or 96 octets, as they stand in messages.
    public let octets: [UInt8]
    let handle: PublicKeyHandle

    /// Takes the coordinates X and Y; their length names the curve.
    ///
    /// A leading 04 of the uncompressed form is taken off, as some tools write it.
    /// - Throws: ``ProtectionError/invalidPublicKey`` for another length or when it is not a point of the curve.
    public init(octets: [UInt8]) throws(ProtectionError) {
        let point = octets.count % 32 == 1 && octets[0] == 4 ? Array(octets.dropFirst()) : octets
        guard
            let curve = EllipticCurve(pointLength: point.count),
            let handle = PublicKeyHandle(curve: curve, point: [4] + point, privateNumber: nil),
            Self.isOnCurve(handle)
        else { throw .invalidPublicKey }
        self.curve = curve
        self.octets = point
        self.handle = handle
    }

    /// Takes a key of OpenSSL that somebody else owns too; nil when it is on no curve of a security suite.
    init?(sharing pointer: OpaquePointer?) {
        guard let pointer, EVP_PKEY_get_base_id(pointer) == EVP_PKEY_EC, EVP_PKEY_up_ref(pointer) == 1 else {
            return nil
        }
        let handle = PublicKeyHandle(owning: pointer)
        guard let curve = handle.curve, Self.isOnCurve(handle) else { return nil }
        self.init(handle: handle, curve: curve)
    }

    init?(handle: PublicKeyHandle, curve: EllipticCurve) {
        guard let octets = handle.coordinates(on: curve) else { return nil }
        self.curve = curve
        self.octets = octets
        self.handle = handle
    }

    /// Checks a signature over a message, which is hashed with the hash of the curve.
    ///
    /// - Parameter signature: r and s, each as long as a coordinate.
    /// - Throws: ``ProtectionError/signatureMismatch``, ``ProtectionError/cryptographyUnavailable``.
    public func verify(_ signature: [UInt8], of message: [UInt8]) throws(ProtectionError) {
        guard signature.count == 2 * curve.coordinateLength, let encoded = ECDSASignature.encoded(signature) else {
            throw .signatureMismatch
        }
        guard let context = EVP_MD_CTX_new() else { throw .cryptographyUnavailable }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, curve.digest, nil, handle.pointer) == 1 else {
            throw .cryptographyUnavailable
        }
        guard EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1 else {
            throw .signatureMismatch
        }
    }

    private static func isOnCurve(_ handle: PublicKeyHandle) -> Bool {
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, handle.pointer, nil) else { return false }
        defer { EVP_PKEY_CTX_free(context) }
        // The quick check leaves out the order of the point, which on these curves follows from being on the curve.
        return EVP_PKEY_public_check_quick(context) == 1
    }
}

extension EllipticCurvePublicKey: Hashable {
    /// Whether it is the same point.
    public static func == (left: EllipticCurvePublicKey, right: EllipticCurvePublicKey) -> Bool {
        left.octets == right.octets
    }

    /// Feeds the coordinates to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(octets)
    }
}
