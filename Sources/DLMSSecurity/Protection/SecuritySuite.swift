// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The algorithms that protect messages and keys together (Green Book, security suites).
///
/// | suite | cipher | signature | key agreement | hash | key wrap |
/// |---|---|---|---|---|---|
/// | 0 | AES-GCM-128 | - | - | - | AES-128 |
/// | 1 | AES-GCM-128 | ECDSA P-256 | ECDH P-256 | SHA-256 | AES-128 |
/// | 2 | AES-GCM-256 | ECDSA P-384 | ECDH P-384 | SHA-384 | AES-256 |
public enum SecuritySuite: UInt8, CaseIterable, Hashable, Sendable {
    /// Symmetric keys of 128 bits only.
    case suite0 = 0
    /// Symmetric keys of 128 bits and the curve P-256.
    case suite1 = 1
    /// Symmetric keys of 256 bits and the curve P-384.
    case suite2 = 2

    /// The length of every symmetric key in octets: 16 or 32.
    public var keyLength: Int { self == .suite2 ? 32 : 16 }

    /// The length of a tag in octets, the same in all suites.
    public var tagLength: Int { 12 }

    /// How many octets protection adds to an authenticated APDU: security control, invocation counter and tag.
    ///
    /// The tag and the length octets of the ciphered APDU around it come on top.
    public var overhead: Int { 5 + tagLength }

    /// The curve of signatures and key agreement; nil for suite 0, which has neither.
    public var curve: EllipticCurve? {
        switch self {
        case .suite0: nil
        case .suite1: .p256
        case .suite2: .p384
        }
    }

    /// The length of a signature in octets, r and s: 64 or 96; nil for suite 0.
    public var signatureLength: Int? { curve.map { 2 * $0.coordinateLength } }
}

extension SecurityControl {
    /// Makes the octet of a protection.
    ///
    /// - Parameters:
    ///   - suite: the security suite, named in the low bits.
    ///   - isAuthenticated: whether a tag authenticates the APDU.
    ///   - isEncrypted: whether the APDU is encrypted.
    ///   - usesBroadcastKey: whether the key is the global broadcast key.
    public init(suite: SecuritySuite, isAuthenticated: Bool, isEncrypted: Bool, usesBroadcastKey: Bool = false) {
        self.init(
            rawValue: suite.rawValue | (isAuthenticated ? 0x10 : 0) | (isEncrypted ? 0x20 : 0)
                | (usesBroadcastKey ? 0x40 : 0)
        )
    }
}
