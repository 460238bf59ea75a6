// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Testing

@Suite struct SecretTests {
    @Test func everyTextualFormIsRedacted() {
        let secret = Secret(text: "12345678")
        var dumped = ""
        dump(secret, to: &dumped)
        var dumpedInside = ""
        dump(["password": secret], to: &dumpedInside)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), dumped, dumpedInside] {
            #expect(!text.contains("12345678"))
            #expect(!text.contains("49"), "the octet of '1' in decimal")
        }
        #expect("\(secret)" == "[secret]")
    }

    @Test func equalityComparesContent() {
        #expect(Secret([1, 2, 3]) == Secret([1, 2, 3]))
        #expect(Secret([1, 2, 3]) != Secret([1, 2, 4]))
        #expect(Secret([1, 2, 3]) != Secret([1, 2]))
        #expect(Secret([]) == Secret([]))
        #expect(Set([Secret([7]), Secret([7])]).count == 1)
    }

    @Test func exposedOctetsAreTheOctetsGiven() {
        let secret = Secret(text: "Až")
        #expect(secret.exposedOctets == [0x41, 0xC5, 0xBE])
        #expect(secret.count == 3)
        #expect(secret.withExposedOctets { Array($0) } == [0x41, 0xC5, 0xBE])
    }
}
