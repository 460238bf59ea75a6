// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// Derivation of a symmetric key from a shared secret: the concatenation function of NIST SP 800-56A in one pass.
///
/// The key is the head of `Hash(00000001, Z, AlgorithmID, PartyUInfo, PartyVInfo)`, with the hash of the suite.
public enum KeyDerivation {
    /// How the algorithm of the derived key is named; sources disagree.
    public enum AlgorithmArc: UInt8, CaseIterable, Hashable, Sendable {
        /// `60 85 74 05 08 03 nn`, which reproduces the keys of the standard's examples.
        case standard = 5
        /// `60 85 74 06 08 03 nn`, as printed in some texts and used by some meters.
        case printed = 6
    }

    /// What the derived key is for.
    public enum Purpose: UInt8, Hashable, Sendable {
        /// Protection of messages.
        case messages = 0
        /// Wrapping of other keys.
        case keyWrap = 2
    }

    /// The object identifier of the algorithm that a key is derived for, 7 octets.
    public static func algorithmID(
        _ curve: EllipticCurve,
        purpose: Purpose = .messages,
        arc: AlgorithmArc = .standard
    ) -> [UInt8] {
        [0x60, 0x85, 0x74, arc.rawValue, 8, 3, purpose.rawValue + (curve == .p256 ? 0 : 1)]
    }

    /// Derives the key.
    ///
    /// - Parameters:
    ///   - sharedSecret: Z, the x-coordinate of the shared point, 32 or 48 octets.
    ///   - curve: the curve, which names hash and key length: 16 octets on P-256, 32 on P-384.
    ///   - algorithmID: what the key is for.
    ///   - partyU: who begins, such as the client in key agreement and the originator of a message.
    ///   - partyV: the other side.
    /// - Throws: ``ProtectionError/cryptographyUnavailable``.
    public static func derive(
        _ sharedSecret: Secret,
        curve: EllipticCurve,
        algorithmID: [UInt8],
        partyU: [UInt8],
        partyV: [UInt8]
    ) throws(ProtectionError) -> Secret {
        let input = [0, 0, 0, 1] + sharedSecret.exposedOctets + algorithmID + partyU + partyV
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        guard EVP_Digest(input, input.count, &digest, nil, curve.digest, nil) == 1 else {
            throw .cryptographyUnavailable
        }
        return Secret(Array(digest.prefix(curve.suite.keyLength)))
    }
}
