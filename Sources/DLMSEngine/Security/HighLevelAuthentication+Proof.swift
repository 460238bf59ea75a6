// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

extension HighLevelAuthentication {
    /// What makes and checks the proofs of this mechanism.
    ///
    /// - Parameter unicast: the global unicast key with the authentication key, for GMAC.
    func proof(unicast: MessageProtection?) throws(ProtectionError) -> HighLevelProof {
        switch self {
        case .aes(let secret): return .aes(secret)
        case .md5(let secret): return .md5(secret)
        case .sha1(let secret): return .sha1(secret)
        case .sha256(let secret): return .sha256(secret)
        case .gmac:
            guard let unicast else { throw .keyNotAvailable }
            return .gmac(unicast)
        case .ecdsa(let signingKey, let peerPublicKey):
            let peer = try EllipticCurvePublicKey(octets: peerPublicKey)
            return .ecdsa(own: try EllipticCurvePrivateKey(curve: peer.curve, secret: signingKey), peer: peer)
        }
    }

    /// The octets that a challenge may have.
    var challengeLengths: ClosedRange<Int> {
        switch self {
        case .aes, .md5, .sha1, .gmac, .sha256: 8...64
        case .ecdsa: 32...64
        }
    }

    /// Whether the proof contains both system titles.
    var needsSystemTitles: Bool {
        switch self {
        case .aes, .md5, .sha1: false
        case .gmac, .sha256, .ecdsa: true
        }
    }
}
