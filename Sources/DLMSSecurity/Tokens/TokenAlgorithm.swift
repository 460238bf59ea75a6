// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// How a token is signed (RFC 7518 §3.1, RFC 8037 §3.1): by a private key whose public key is known here.
///
/// There is no `none` and no HMAC: who can check an HMAC can make one.
public enum TokenAlgorithm: String, CaseIterable, Hashable, Sendable {
    /// RSA, PKCS #1 v1.5, SHA-256.
    case rs256 = "RS256"
    /// RSA, PKCS #1 v1.5, SHA-384.
    case rs384 = "RS384"
    /// RSA, PKCS #1 v1.5, SHA-512.
    case rs512 = "RS512"
    /// RSA, PSS, SHA-256.
    case ps256 = "PS256"
    /// RSA, PSS, SHA-384.
    case ps384 = "PS384"
    /// RSA, PSS, SHA-512.
    case ps512 = "PS512"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// ECDSA on P-384 with SHA-384.
    case es384 = "ES384"
    /// ECDSA on P-521 with SHA-512.
    case es512 = "ES512"
    /// Ed25519.
    case edDSA = "EdDSA"

    /// The digest; nil where the signature has its own.
    var digest: OpaquePointer? {
        switch self {
        case .rs256, .ps256, .es256: EVP_sha256()
        case .rs384, .ps384, .es384: EVP_sha384()
        case .rs512, .ps512, .es512: EVP_sha512()
        case .edDSA: nil
        }
    }

    var isPSS: Bool { [.ps256, .ps384, .ps512].contains(self) }

    /// The length of a coordinate where r and s stand side by side; nil for other signatures.
    var coordinateLength: Int? {
        switch self {
        case .es256: 32
        case .es384: 48
        case .es512: 66
        default: nil
        }
    }

    /// Whether keys of that kind make such signatures; an elliptic curve goes with one algorithm only.
    func fits(_ kind: TokenKey.Kind) -> Bool {
        switch kind {
        case .rsa: coordinateLength == nil && self != .edDSA
        case .ec(let coordinateLength): self.coordinateLength == coordinateLength
        case .ed25519: self == .edDSA
        }
    }
}
