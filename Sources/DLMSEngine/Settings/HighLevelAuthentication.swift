// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import DLMSSecurity

/// How client and server answer each other's challenges (high level security, mechanisms 2 to 7).
public enum HighLevelAuthentication: Hashable, Sendable {
    /// Mechanism 2 as most manufacturers have it: the challenge encrypted by AES-128 in ECB mode with the secret.
    case aes(Secret)
    /// Mechanism 3: MD5 over challenge and secret.
    case md5(Secret)
    /// Mechanism 4: SHA-1 over challenge and secret.
    case sha1(Secret)
    /// Mechanism 5: GMAC over the challenge with the keys of the ``SecuritySettings``.
    case gmac
    /// Mechanism 6: SHA-256 over secret, both system titles and both challenges.
    case sha256(Secret)
    /// Mechanism 7: an ECDSA signature over both system titles and both challenges.
    ///
    /// - Parameters:
    ///   - signingKey: one's own private key, 32 octets on P-256 or 48 on P-384.
    ///   - peerPublicKey: the public key of the other side, X and Y, 64 or 96 octets.
    case ecdsa(signingKey: Secret, peerPublicKey: [UInt8])

    /// The mechanism as named in AARQ and AARE.
    public var mechanism: AuthenticationMechanism {
        switch self {
        case .aes: .highManufacturer
        case .md5: .highMD5
        case .sha1: .highSHA1
        case .gmac: .highGMAC
        case .sha256: .highSHA256
        case .ecdsa: .highECDSA
        }
    }
}
