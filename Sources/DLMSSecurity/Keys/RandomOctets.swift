// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// Randomness fit for keys, nonces and challenges.
public enum RandomOctets {
    /// Draws `count` octets from OpenSSL's generator.
    ///
    /// - Throws: ``SealingError/randomnessUnavailable`` when the generator could not be seeded.
    public static func draw(_ count: Int) throws(SealingError) -> [UInt8] {
        guard count > 0, let length = Int32(exactly: count) else { return [] }
        var octets = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&octets, length) == 1 else { throw .randomnessUnavailable }
        return octets
    }
}
