// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
public enum KeyedDigest {
    /// The 32 octets by which who has the key knows that a text came from somebody who has it.
    ///
    /// - Throws: ``SealingError/cipherUnavailable`` when OpenSSL refuses.
    public static func of(_ octets: [UInt8], key: Secret) throws(SealingError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let secret = key.exposedOctets
        guard HMAC(EVP_sha256(), secret, Int32(secret.count), octets, octets.count, &digest, &length) != nil,
            length == 32
        else { throw .cipherUnavailable }
        return Array(digest[..<32])
    }

    /// Whether a digest is that of a text, in a time that says nothing about it.
    public static func isRight(_ digest: [UInt8], of octets: [UInt8], key: Secret) -> Bool {
        guard let right = try? of(octets, key: key) else { return false }
        return ConstantTime.areEqual(digest, right)
    }
}
