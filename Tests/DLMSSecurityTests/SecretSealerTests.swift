// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Testing

@Suite struct SecretSealerTests {
    private let place = SealingContext(table: "meters", row: "M-1", column: "/associations/reader")
    private let key = Secret(Array(0..<32))

    @Test func opensWhatItSealed() throws {
        let sealer = try SecretSealer(key: key)
        for secret in [Secret([]), Secret(text: "12345678"), Secret(Array(0...255))] {
            let sealed = try sealer.seal(secret, for: place)
            #expect(sealed.count == secret.count + 37)
            #expect(try sealer.open(sealed, for: place) == secret)
        }
    }

    @Test func sealedFormHidesTheSecretAndDiffersEachTime() throws {
        let sealer = try SecretSealer(key: key)
        let first = try sealer.seal(Secret(text: "MARKED-SECRET"), for: place)
        let second = try sealer.seal(Secret(text: "MARKED-SECRET"), for: place)
        #expect(first != second)
        #expect(!String(decoding: first, as: UTF8.self).contains("MARKED"))
    }

    @Test func refusesAnyOtherPlace() throws {
        let sealer = try SecretSealer(key: key)
        let sealed = try sealer.seal(Secret(text: "12345678"), for: place)
        let others = [
            SealingContext(table: "meters", row: "M-2", column: place.column),
            SealingContext(table: "meters", row: "M-1", column: "/associations/manager"),
            SealingContext(table: "channels", row: "M-1", column: place.column),
            SealingContext(table: "metersM", row: "-1", column: place.column),
        ]
        for other in others {
            #expect(throws: SealingError.altered) { try sealer.open(sealed, for: other) }
        }
    }

    @Test func noticesEveryChangedOctet() throws {
        let sealer = try SecretSealer(key: key)
        let sealed = try sealer.seal(Secret(text: "12345678"), for: place)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 0x01
            #expect(throws: SealingError.self) { try sealer.open(changed, for: place) }
        }
        for length in sealed.indices {
            #expect(throws: SealingError.self) { try sealer.open(Array(sealed[..<length]), for: place) }
        }
    }

    @Test func namesBothKeysWhenTheKeyIsAnother() throws {
        let sealer = try SecretSealer(key: key)
        let other = try SecretSealer(key: Secret(Array(1...32)))
        let sealed = try sealer.seal(Secret(text: "12345678"), for: place)
        let expected = SealingError.unknownKey(sealedWith: sealer.keyID, atHand: [other.keyID])
        #expect(throws: expected) { try other.open(sealed, for: place) }
        #expect(expected.description.contains(sealer.keyID))
    }

    @Test func opensWithARetiredKey() throws {
        let old = try SecretSealer(key: key)
        let new = try SecretSealer(key: Secret(Array(1...32)), retired: [key])
        let sealed = try old.seal(Secret(text: "12345678"), for: place)
        #expect(try new.open(sealed, for: place) == Secret(text: "12345678"))
        #expect(new.keyID != old.keyID)
    }

    @Test func refusesAKeyOfAnotherLength() {
        #expect(throws: SealingError.wrongKeyLength(16)) { try SecretSealer(key: Secret(Array(0..<16))) }
    }

    @Test func randomOctetsAreAsManyAsAskedAndDiffer() throws {
        #expect(try RandomOctets.draw(0).isEmpty)
        let first = try RandomOctets.draw(32)
        #expect(first.count == 32)
        #expect(try RandomOctets.draw(32) != first)
    }
}
