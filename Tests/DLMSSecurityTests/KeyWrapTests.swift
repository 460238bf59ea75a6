// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@Suite struct KeyWrapTests {
    @Test(arguments: Vector.load("keywrap"))
    func vectorsAreReproducedAndOpened(_ vector: Vector) throws {
        let key = try vector.secret("key")
        let wrappingKey = try vector.secret("kek")
        #expect(try KeyWrap.wrap(key, with: wrappingKey) == vector.octets)
        #expect(try KeyWrap.unwrap(vector.octets, with: wrappingKey) == key)
    }

    /// RFC 3394, 4.6: 256 bits of key data with a 256-bit key.
    @Test func knownAnswerOf256Bits() throws {
        let key = Secret(hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F"))
        let wrappingKey = Secret(Array(0..<32))
        let wrapped = hex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")
        #expect(try KeyWrap.wrap(key, with: wrappingKey) == wrapped)
        #expect(try KeyWrap.unwrap(wrapped, with: wrappingKey) == key)
    }

    @Test func eachAlteredOctetIsRefused() throws {
        let wrappingKey = Secret(Array(0..<16))
        let wrapped = try KeyWrap.wrap(Secret(Array(16..<32)), with: wrappingKey)
        for index in wrapped.indices {
            var altered = wrapped
            altered[index] ^= 1
            #expect(throws: ProtectionError.keyUnwrapFailed) { try KeyWrap.unwrap(altered, with: wrappingKey) }
        }
        #expect(throws: ProtectionError.keyUnwrapFailed) { try KeyWrap.unwrap(wrapped, with: Secret(Array(1..<17))) }
        for length in [0, 8, 16, 23, 25] {
            #expect(throws: ProtectionError.keyUnwrapFailed) {
                try KeyWrap.unwrap([UInt8](repeating: 0, count: length), with: wrappingKey)
            }
        }
        #expect(throws: ProtectionError.keyLength(expected: 16, given: 5)) {
            try KeyWrap.unwrap(wrapped, with: Secret(text: "short"))
        }
    }
}
