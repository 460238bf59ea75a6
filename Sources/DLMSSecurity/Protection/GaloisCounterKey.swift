// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL
import Synchronization

/// AES-GCM with one key, whose key schedule is computed once for each direction and then kept.
///
/// A new OpenSSL context costs several times as much as ciphering one small APDU; here a call only sets the nonce.
/// The contexts are used under a lock that nobody holds longer than one call.
final class GaloisCounterKey: Sendable {
    static let nonceLength = 12

    private let key: Secret
    private let contexts = Mutex(Contexts())

    /// Takes a key of 16 or 32 octets; nil for another length.
    init?(_ key: Secret) {
        guard key.count == 16 || key.count == 32 else { return nil }
        self.key = key
    }

    /// Encrypts and authenticates; false when OpenSSL refuses.
    ///
    /// - Parameters:
    ///   - nonce: 12 octets.
    ///   - associated: what is authenticated only.
    ///   - clear: what is encrypted.
    ///   - text: room for as many octets as `clear` has.
    ///   - tag: room for the leftmost octets of the tag, or none.
    func encrypt(
        nonce: UnsafeRawBufferPointer,
        associated: AssociatedData,
        clear: UnsafeRawBufferPointer,
        text: UnsafeMutableRawPointer,
        tag: UnsafeMutableRawBufferPointer
    ) -> Bool {
        contexts.withLock { contexts in
            guard let context = contexts.encrypting(key) else { return false }
            var length: Int32 = 0
            guard
                EVP_EncryptInit_ex(context, nil, nil, nil, nonce.octets) == 1,
                associated.areTaken(by: {
                    EVP_EncryptUpdate(context, nil, &length, $0.octets, Int32(clamping: $0.count)) == 1
                }),
                clear.isEmpty
                    || EVP_EncryptUpdate(
                        context,
                        text.assumingMemoryBound(to: UInt8.self),
                        &length,
                        clear.octets,
                        Int32(clamping: clear.count)
                    ) == 1
            else { return false }
            guard let tagStart = tag.baseAddress, !tag.isEmpty else { return true }
            return EVP_EncryptFinal_ex(context, tagStart.assumingMemoryBound(to: UInt8.self), &length) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(clamping: tag.count), tagStart) == 1
        }
    }

    /// What became of deciphering.
    enum Opening {
        case opened
        case tagMismatch
        case refused
    }

    /// Decrypts and checks the tag, which is not checked when it is nil.
    ///
    /// - Parameters:
    ///   - nonce: 12 octets.
    ///   - associated: what is authenticated only.
    ///   - text: what is decrypted.
    ///   - clear: room for as many octets as `text` has; not to be used unless `opened`.
    ///   - tag: the leftmost octets of the tag, 4 to 16.
    func decrypt(
        nonce: UnsafeRawBufferPointer,
        associated: AssociatedData,
        text: UnsafeRawBufferPointer,
        clear: UnsafeMutableRawPointer,
        tag: UnsafeRawBufferPointer?
    ) -> Opening {
        contexts.withLock { contexts in
            guard let context = contexts.decrypting(key) else { return .refused }
            var length: Int32 = 0
            guard
                EVP_DecryptInit_ex(context, nil, nil, nil, nonce.octets) == 1,
                associated.areTaken(by: {
                    EVP_DecryptUpdate(context, nil, &length, $0.octets, Int32(clamping: $0.count)) == 1
                }),
                text.isEmpty
                    || EVP_DecryptUpdate(
                        context,
                        clear.assumingMemoryBound(to: UInt8.self),
                        &length,
                        text.octets,
                        Int32(clamping: text.count)
                    ) == 1
            else { return .refused }
            guard let tag else { return .opened }
            // OpenSSL compares as many octets of the tag as are given to it; it only reads them.
            guard
                EVP_CIPHER_CTX_ctrl(
                    context,
                    EVP_CTRL_AEAD_SET_TAG,
                    Int32(clamping: tag.count),
                    UnsafeMutableRawPointer(mutating: tag.baseAddress)
                ) == 1
            else { return .refused }
            var rest: (UInt64, UInt64) = (0, 0)
            let isGenuine = withUnsafeMutableBytes(of: &rest) { rest in
                EVP_DecryptFinal_ex(context, rest.bindMemory(to: UInt8.self).baseAddress, &length) == 1
            }
            return isGenuine ? .opened : .tagMismatch
        }
    }
}

/// What a tag covers besides what is encrypted, in the order of the members; each may be empty.
struct AssociatedData {
    var control = UnsafeRawBufferPointer(start: nil, count: 0)
    var authenticationKey = UnsafeRawBufferPointer(start: nil, count: 0)
    var header = UnsafeRawBufferPointer(start: nil, count: 0)
    var apdu = UnsafeRawBufferPointer(start: nil, count: 0)

    /// Hands over the parts that are not empty; false as soon as one is refused.
    @inline(__always)
    func areTaken(by take: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        (control.isEmpty || take(control)) && (authenticationKey.isEmpty || take(authenticationKey))
            && (header.isEmpty || take(header)) && (apdu.isEmpty || take(apdu))
    }
}

/// The two contexts of a key, made when first needed and freed with it.
///
/// Sendable: the value is the only owner of its contexts, cannot be copied, and OpenSSL binds a context to no thread.
/// Whoever asks for a context holds the value exclusively, here by the lock of ``GaloisCounterKey``.
private struct Contexts: ~Copyable, @unchecked Sendable {
    private var forEncryption: OpaquePointer?
    private var forDecryption: OpaquePointer?

    init() {}

    mutating func encrypting(_ key: Secret) -> OpaquePointer? {
        if forEncryption == nil { forEncryption = Self.make(key, encrypts: true) }
        return forEncryption
    }

    mutating func decrypting(_ key: Secret) -> OpaquePointer? {
        if forDecryption == nil { forDecryption = Self.make(key, encrypts: false) }
        return forDecryption
    }

    private static func make(_ key: Secret, encrypts: Bool) -> OpaquePointer? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        let cipher = key.count == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm()
        let isSet = key.withExposedOctets { key in
            EVP_CipherInit_ex(context, cipher, nil, key.octets, nil, encrypts ? 1 : 0) == 1
        }
        guard isSet else {
            EVP_CIPHER_CTX_free(context)
            return nil
        }
        return context
    }

    deinit {
        EVP_CIPHER_CTX_free(forEncryption)
        EVP_CIPHER_CTX_free(forDecryption)
    }
}

extension UnsafeRawBufferPointer {
    /// The start, as OpenSSL takes it.
    var octets: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
