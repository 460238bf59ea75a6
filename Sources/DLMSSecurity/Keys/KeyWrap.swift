// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// Wraps keys with a key encryption key, the master key (RFC 3394 with its default initial value).
public enum KeyWrap {
    private static let blockLength = 8

    /// Wraps a key.
    ///
    /// - Parameters:
    ///   - key: 16 or 32 octets.
    ///   - wrappingKey: the key encryption key of 16 or 32 octets.
    /// - Returns: 8 octets more than the key has.
    /// - Throws: ``ProtectionError/keyLength(expected:given:)``, ``ProtectionError/cryptographyUnavailable``.
    public static func wrap(_ key: Secret, with wrappingKey: Secret) throws(ProtectionError) -> [UInt8] {
        guard key.count >= 16, key.count.isMultiple(of: blockLength) else {
            throw .keyLength(expected: 16, given: key.count)
        }
        let wrapped = try transform(key.exposedOctets, with: wrappingKey, wraps: true)
        guard let wrapped, wrapped.count == key.count + blockLength else { throw .cryptographyUnavailable }
        return wrapped
    }

    /// Opens a wrapped key.
    ///
    /// - Parameters:
    ///   - wrapped: 24 or 40 octets.
    ///   - wrappingKey: the key encryption key of 16 or 32 octets.
    /// - Throws: ``ProtectionError/keyUnwrapFailed`` for another key or altered octets,
    ///   ``ProtectionError/keyLength(expected:given:)`` for a wrapping key of another length.
    public static func unwrap(_ wrapped: [UInt8], with wrappingKey: Secret) throws(ProtectionError) -> Secret {
        guard wrapped.count >= 24, wrapped.count <= 264, wrapped.count.isMultiple(of: blockLength) else {
            throw .keyUnwrapFailed
        }
        let key = try transform(wrapped, with: wrappingKey, wraps: false)
        guard let key, key.count == wrapped.count - blockLength else { throw .keyUnwrapFailed }
        return Secret(key)
    }

    private static func transform(
        _ input: [UInt8],
        with wrappingKey: Secret,
        wraps: Bool
    ) throws(ProtectionError) -> [UInt8]? {
        let cipher: OpaquePointer?
        switch wrappingKey.count {
        case 16: cipher = EVP_aes_128_wrap()
        case 32: cipher = EVP_aes_256_wrap()
        default: throw .keyLength(expected: 16, given: wrappingKey.count)
        }
        guard let context = EVP_CIPHER_CTX_new() else { throw .cryptographyUnavailable }
        defer { EVP_CIPHER_CTX_free(context) }
        // OpenSSL before 3.0 needs to be told that wrapping is meant; later versions take the flag as well.
        EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
        var output = [UInt8](repeating: 0, count: input.count + 2 * blockLength)
        var length: Int32 = 0
        let isDone = wrappingKey.withExposedOctets { key in
            EVP_CipherInit_ex(context, cipher, nil, key.octets, nil, wraps ? 1 : 0) == 1
                && EVP_CipherUpdate(context, &output, &length, input, Int32(clamping: input.count)) == 1
        }
        return isDone ? Array(output.prefix(Int(length))) : nil
    }
}
