// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL
import DLMSCodec

/// Protects secrets at rest with AES-256-GCM.
///
/// Layout of the sealed form:
///
/// | octets | content |
/// |---|---|
/// | 1 | version, 1 |
/// | 8 | identifier of the key: the head of a SHA-256 over a label and the key |
/// | 12 | nonce, drawn at random for each sealing |
/// | n | ciphertext, as long as the secret |
/// | 16 | tag |
///
/// Version, key identifier and ``SealingContext`` are authenticated. A random nonce of 96 bits is safe for 2^32
/// sealings per key, far more than a gateway stores.
public struct SecretSealer: Sendable {
    private static let version: UInt8 = 1
    private static let keyLength = 32
    private static let keyIDLength = 8
    private static let nonceLength = 12
    private static let tagLength = 16
    private static var headLength: Int { 1 + keyIDLength }
    private static var overhead: Int { headLength + nonceLength + tagLength }

    private let current: SealingKey
    private let keys: [SealingKey]

    /// Makes a sealer from a key of 32 octets and, after a change of key, the earlier ones that still open.
    ///
    /// - Throws: ``SealingError/wrongKeyLength(_:)``, ``SealingError/cipherUnavailable``.
    public init(key: Secret, retired: [Secret] = []) throws(SealingError) {
        current = try SealingKey(key)
        var keys = [current]
        for key in retired {
            keys.append(try SealingKey(key))
        }
        self.keys = keys
    }

    /// Makes a sealer from a key file, which is made first, with a random key, when there is none.
    ///
    /// - Throws: one of the `keyFile` cases of ``SealingError``.
    public init(creatingOrLoadingKeyFile path: String) throws(SealingError) {
        try self.init(key: SealingKeyFile(path: path).loadOrCreate())
    }

    /// The identifier of the key used for sealing, in hexadecimal; it reveals nothing of the key.
    public var keyID: String { Hexadecimal.text(of: current.id) }

    /// Seals a secret for one place.
    ///
    /// - Throws: ``SealingError/randomnessUnavailable``, ``SealingError/cipherUnavailable``.
    public func seal(_ secret: Secret, for context: SealingContext) throws(SealingError) -> [UInt8] {
        let head = [Self.version] + current.id
        let nonce = try RandomOctets.draw(Self.nonceLength)
        let sealed = current.cipher.sealed(
            secret.exposedOctets,
            nonce: nonce,
            authenticating: head + context.octets,
            tagLength: Self.tagLength
        )
        guard let sealed else { throw .cipherUnavailable }
        return head + nonce + sealed
    }

    /// Opens what ``seal(_:for:)`` made for the same place.
    ///
    /// - Throws: ``SealingError/malformed`` for another form, ``SealingError/unknownKey(sealedWith:atHand:)`` when it
    ///   was sealed with another key, ``SealingError/altered`` when octets or place differ.
    public func open(_ sealed: [UInt8], for context: SealingContext) throws(SealingError) -> Secret {
        guard sealed.count >= Self.overhead, sealed[0] == Self.version else { throw .malformed }
        let head = Array(sealed[..<Self.headLength])
        let id = Array(head[1...])
        guard let key = keys.first(where: { $0.id == id }) else {
            throw .unknownKey(sealedWith: Hexadecimal.text(of: id), atHand: keys.map { Hexadecimal.text(of: $0.id) })
        }
        let textStart = Self.headLength + Self.nonceLength
        let (opening, text) = key.cipher.opened(
            Array(sealed[textStart...]),
            nonce: Array(sealed[Self.headLength..<textStart]),
            authenticating: head + context.octets,
            tagLength: Self.tagLength
        )
        switch opening {
        case .opened: return Secret(text)
        case .tagMismatch: throw .altered
        case .refused: throw .cipherUnavailable
        }
    }
}

/// One AES-256 key with its identifier.
private struct SealingKey: Sendable {
    private static let label: [UInt8] = Array("cosem-gateway sealing key id".utf8)

    let id: [UInt8]
    let cipher: GaloisCounterKey

    init(_ key: Secret) throws(SealingError) {
        guard key.count == 32, let cipher = GaloisCounterKey(key) else { throw .wrongKeyLength(key.count) }
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        let input = Self.label + key.exposedOctets
        guard EVP_Digest(input, input.count, &digest, nil, EVP_sha256(), nil) == 1 else { throw .cipherUnavailable }
        id = Array(digest[..<8])
        self.cipher = cipher
    }
}
