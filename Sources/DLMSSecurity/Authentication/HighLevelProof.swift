// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// The processing f() of a challenge in high-level authentication, one case for each mechanism.
///
/// | mechanism | f(challenge) |
/// |---|---|
/// | 2 | AES-128-ECB(secret, challenge), both padded with zeros; what manufacturers agreed on, not the standard |
/// | 3 | MD5(challenge, secret) |
/// | 4 | SHA-1(challenge, secret) |
/// | 5 | security control, invocation counter, GMAC(security control, authentication key, challenge) |
/// | 6 | SHA-256(secret, title of prover, title of verifier, challenge to prover, challenge to verifier) |
/// | 7 | ECDSA(title of prover, title of verifier, challenge to prover, challenge to verifier) |
///
/// Green Book, HLS authentication mechanisms. Client and server use the same function with the roles swapped.
public enum HighLevelProof: Hashable, Sendable {
    /// Mechanism 2 in the form that Indian and other meters share; of a longer secret the first 16 octets count.
    case aes(Secret)
    /// Mechanism 3.
    case md5(Secret)
    /// Mechanism 4.
    case sha1(Secret)
    /// Mechanism 5, with the global unicast key and the authentication key.
    case gmac(MessageProtection)
    /// Mechanism 6.
    case sha256(Secret)
    /// Mechanism 7, with our private signing key and the public one of the peer; each may lack where the other is used.
    case ecdsa(own: EllipticCurvePrivateKey?, peer: EllipticCurvePublicKey?)

    /// The number of the mechanism, 2 to 7.
    public var mechanism: UInt8 {
        switch self {
        case .aes: 2
        case .md5: 3
        case .sha1: 4
        case .gmac: 5
        case .sha256: 6
        case .ecdsa: 7
        }
    }

    /// Makes the proof that answers a challenge.
    ///
    /// - Parameters:
    ///   - exchange: titles and challenges, with our side as the prover.
    ///   - invocationCounter: for mechanism 5 our next counter, which is used up; ignored otherwise.
    /// - Throws: ``ProtectionError/systemTitleLength(_:)``, ``ProtectionError/missingAuthenticationKey``,
    ///   ``ProtectionError/keyNotAvailable`` for mechanism 7 without private key,
    ///   ``ProtectionError/cryptographyUnavailable``.
    public func prove(
        _ exchange: ChallengeExchange,
        invocationCounter: UInt32 = 0
    ) throws(ProtectionError) -> [UInt8] {
        switch self {
        case .aes(let secret):
            return try Self.encryptBlocks(exchange.challengeToProver, with: secret)
        case .md5(let secret):
            return try Self.digest(EVP_md5(), exchange.challengeToProver, secret)
        case .sha1(let secret):
            return try Self.digest(EVP_sha1(), exchange.challengeToProver, secret)
        case .gmac(let protection):
            return try protection.authenticate(
                exchange.challengeToProver,
                systemTitle: exchange.proverSystemTitle,
                invocationCounter: invocationCounter
            )
        case .sha256(let secret):
            return try Self.digest(EVP_sha256(), secret.exposedOctets, Secret(exchange.octets))
        case .ecdsa(let own, _):
            guard let own else { throw .keyNotAvailable }
            return try own.sign(exchange.octets)
        }
    }

    /// Checks the proof of the peer in a time that does not depend on where it differs.
    ///
    /// When both challenges are the same no proof convinces: a peer without the secret may have sent ours back, to
    /// answer with the proof that we then make.
    /// - Parameters:
    ///   - proof: what the peer sent.
    ///   - exchange: titles and challenges, with the peer as the prover.
    /// - Returns: for mechanism 5 the invocation counter of the peer, which must be above the last one seen; nil
    ///   otherwise.
    /// - Throws: ``ProtectionError/proofMismatch``, and what ``prove(_:invocationCounter:)`` throws.
    @discardableResult
    public func verify(_ proof: [UInt8], of exchange: ChallengeExchange) throws(ProtectionError) -> UInt32? {
        guard exchange.challengeToProver != exchange.challengeToVerifier else { throw .proofMismatch }
        switch self {
        case .aes, .md5, .sha1, .sha256:
            let expected = try prove(exchange)
            guard ConstantTime.areEqual(proof, expected) else { throw .proofMismatch }
            return nil
        case .gmac(let protection):
            guard proof.count == MessageProtection.headLength + MessageProtection.tagLength else {
                throw .proofMismatch
            }
            let counter = proof[1..<MessageProtection.headLength].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
            // The suite may be left out of the security control, which the tag covers in either form.
            let suite = proof[0] == 0x10 ? .suite0 : protection.suite
            let expected = try protection.authenticate(
                exchange.challengeToProver,
                namedSuite: suite,
                systemTitle: exchange.proverSystemTitle,
                invocationCounter: counter
            )
            guard ConstantTime.areEqual(proof, expected) else { throw .proofMismatch }
            return counter
        case .ecdsa(_, let peer):
            guard let peer else { throw .keyNotAvailable }
            do {
                try peer.verify(proof, of: exchange.octets)
            } catch .signatureMismatch {
                throw .proofMismatch
            }
            return nil
        }
    }

    private static func digest(
        _ algorithm: OpaquePointer?,
        _ head: [UInt8],
        _ tail: Secret
    ) throws(ProtectionError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let input = head + tail.exposedOctets
        guard EVP_Digest(input, input.count, &digest, &length, algorithm, nil) == 1 else {
            throw .cryptographyUnavailable
        }
        return Array(digest.prefix(Int(length)))
    }

    private static func encryptBlocks(_ challenge: [UInt8], with secret: Secret) throws(ProtectionError) -> [UInt8] {
        let blockLength = 16
        let head = secret.exposedOctets.prefix(blockLength)
        let key = head + [UInt8](repeating: 0, count: blockLength - head.count)
        let blocks = max(1, (challenge.count + blockLength - 1) / blockLength)
        let clear = challenge + [UInt8](repeating: 0, count: blocks * blockLength - challenge.count)
        guard let context = EVP_CIPHER_CTX_new() else { throw .cryptographyUnavailable }
        defer { EVP_CIPHER_CTX_free(context) }
        var text = [UInt8](repeating: 0, count: clear.count + blockLength)
        var length: Int32 = 0
        guard
            EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), nil, Array(key), nil) == 1,
            EVP_CIPHER_CTX_set_padding(context, 0) == 1,
            EVP_EncryptUpdate(context, &text, &length, clear, Int32(clamping: clear.count)) == 1,
            Int(length) == clear.count
        else { throw .cryptographyUnavailable }
        return Array(text.prefix(clear.count))
    }
}
