// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// The curve of a security suite with public keys, and the hash that goes with it.
public enum EllipticCurve: CaseIterable, Hashable, Sendable {
    /// NIST P-256 with SHA-256, of suite 1.
    case p256
    /// NIST P-384 with SHA-384, of suite 2.
    case p384

    /// The length of a coordinate, a private key, r or s in octets: 32 or 48.
    public var coordinateLength: Int { self == .p256 ? 32 : 48 }

    /// The security suite that uses the curve.
    public var suite: SecuritySuite { self == .p256 ? .suite1 : .suite2 }

    /// The curve of a public key or a signature of this many octets; nil for another length.
    public init?(pointLength: Int) {
        switch pointLength {
        case 64: self = .p256
        case 96: self = .p384
        default: return nil
        }
    }

    var groupName: String { self == .p256 ? "P-256" : "P-384" }
    var groupNumber: Int32 { self == .p256 ? NID_X9_62_prime256v1 : NID_secp384r1 }
    var digest: OpaquePointer? { self == .p256 ? EVP_sha256() : EVP_sha384() }
    var digestLength: Int { coordinateLength }
}
