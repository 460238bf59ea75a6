// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity

/// One's own private key with the public key of the other side, ready for use.
struct KeyPair: Hashable, Sendable {
    let own: EllipticCurvePrivateKey
    let peer: EllipticCurvePublicKey

    /// - Throws: `ProtectionError` for a suite without curve, and for keys that are not on it.
    init(_ settings: SecuritySettings.KeyPairSettings, _ suite: SecuritySuite) throws(ProtectionError) {
        guard let curve = suite.curve else { throw .suiteWithoutPublicKeys }
        own = try EllipticCurvePrivateKey(curve: curve, secret: settings.privateKey)
        peer = try EllipticCurvePublicKey(octets: settings.peerPublicKey)
        guard peer.curve == curve else { throw .invalidPublicKey }
    }
}
