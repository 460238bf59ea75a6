// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// Names octets by their SHA-256, where that alone says whether two are the same.
public enum SHA256Digest {
    /// The 32 octets of the digest.
    ///
    /// - Throws: ``SealingError/cipherUnavailable`` when OpenSSL refuses SHA-256.
    public static func of(_ octets: [UInt8]) throws(SealingError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        guard EVP_Digest(octets, octets.count, &digest, nil, EVP_sha256(), nil) == 1 else { throw .cipherUnavailable }
        return Array(digest[..<32])
    }
}
