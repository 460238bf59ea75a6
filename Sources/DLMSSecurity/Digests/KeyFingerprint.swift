// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL
import DLMSCodec

/// Names a key without telling anything of it: 16 octets of a SHA-256 over a label and the key.
///
/// Equal keys have equal fingerprints, whichever meter, association or suite they are configured for, so that what must
/// not be used twice with one key can be counted per key.
public struct KeyFingerprint: Hashable, Sendable, CustomStringConvertible {
    private static let label: [UInt8] = Array("cosem-gateway key fingerprint".utf8)

    /// The 16 octets.
    public let octets: [UInt8]

    /// Takes 16 octets, as a store kept them; nil for any other number.
    public init?(_ octets: [UInt8]) {
        guard octets.count == 16 else { return nil }
        self.octets = octets
    }

    /// Computes the fingerprint of a key.
    ///
    /// - Throws: ``SealingError/cipherUnavailable`` when OpenSSL refuses SHA-256.
    public init(of key: Secret) throws(SealingError) {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        let input = Self.label + key.exposedOctets
        guard EVP_Digest(input, input.count, &digest, nil, EVP_sha256(), nil) == 1 else { throw .cipherUnavailable }
        octets = Array(digest[..<16])
    }

    /// The octets as 32 hexadecimal digits.
    public var description: String { Hexadecimal.text(of: octets) }
}
