// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// A public key that checks the signatures of tokens.
public struct TokenKey: Sendable {
    enum Kind: Hashable, Sendable {
        case rsa
        case ec(coordinateLength: Int)
        case ed25519
    }

    /// The shortest RSA modulus that is taken, in octets (RFC 7518 §3.3).
    public static let shortestModulus = 256

    private let handle: PublicKeyHandle
    private let kind: Kind

    /// An RSA key of its modulus and exponent, big-endian; nil for what is none or too short.
    public init?(rsaModulus modulus: [UInt8], exponent: [UInt8]) {
        let modulus = Array(modulus.drop { $0 == 0 })
        guard (Self.shortestModulus...2048).contains(modulus.count), (1...8).contains(exponent.count) else {
            return nil
        }
        let numbers = Self.element(0x30, Self.integer(modulus) + Self.integer(exponent))
        self.init(.rsa, algorithm: [0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 0x05, 0], key: numbers)
    }

    /// A key on a curve of NIST of the coordinates of its point; nil for what is none.
    ///
    /// - Parameter curve: `P-256`, `P-384` or `P-521`.
    public init?(curve: String, x: [UInt8], y: [UInt8]) {
        let (length, name): (Int, [UInt8])
        switch curve {
        case "P-256": (length, name) = (32, [0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7])
        case "P-384": (length, name) = (48, [0x06, 5, 0x2B, 0x81, 0x04, 0, 0x22])
        case "P-521": (length, name) = (66, [0x06, 5, 0x2B, 0x81, 0x04, 0, 0x23])
        default: return nil
        }
        guard x.count == length, y.count == length else { return nil }
        self.init(
            .ec(coordinateLength: length),
            algorithm: [0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1] + name,
            key: [0x04] + x + y
        )
    }

    /// A key of Ed25519 of its 32 octets; nil for what is none.
    public init?(ed25519 octets: [UInt8]) {
        guard octets.count == 32 else { return nil }
        self.init(.ed25519, algorithm: [0x06, 3, 0x2B, 0x65, 0x70], key: octets)
    }

    /// Reads the key as OpenSSL reads keys: as SubjectPublicKeyInfo (RFC 5280 §4.1), which also checks that a point is on
    /// its curve.
    private init?(_ kind: Kind, algorithm: [UInt8], key: [UInt8]) {
        let octets = Self.element(0x30, Self.element(0x30, algorithm) + Self.element(0x03, [0] + key))
        let pointer = DEREncoding.value(of: octets, { d2i_PUBKEY(nil, $0, $1) }, free: { EVP_PKEY_free($0) })
        guard let pointer else {
            ERR_clear_error()
            return nil
        }
        handle = PublicKeyHandle(owning: pointer)
        self.kind = kind
    }

    /// Whether a signature of that algorithm fits a message; false too where the key is of another kind.
    public func isRight(_ signature: [UInt8], of message: [UInt8], by algorithm: TokenAlgorithm) -> Bool {
        guard algorithm.fits(kind), !signature.isEmpty, let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var encoded = signature
        if let length = algorithm.coordinateLength {
            guard signature.count == 2 * length, let form = ECDSASignature.encoded(signature) else { return false }
            encoded = form
        }
        var keyContext: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &keyContext, algorithm.digest, nil, handle.pointer) == 1 else {
            return false
        }
        if algorithm.isPSS {
            guard EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        }
        return EVP_DigestVerify(context, encoded, encoded.count, message, message.count) == 1
    }

    /// One element of DER.
    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        if content.count < 128 {
            length = [UInt8(content.count)]
        } else {
            var rest = content.count
            while rest > 0 {
                length.insert(UInt8(rest & 0xFF), at: 0)
                rest >>= 8
            }
            length.insert(0x80 | UInt8(length.count), at: 0)
        }
        return [tag] + length + content
    }

    private static func integer(_ octets: [UInt8]) -> [UInt8] {
        element(0x02, (octets.first ?? 0x80) >= 0x80 ? [0] + octets : octets)
    }
}
