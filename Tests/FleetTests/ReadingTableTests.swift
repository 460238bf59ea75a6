// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@testable import Fleet

@Suite("Tables of readings")
struct ReadingTableTests {
    @Test("Every line of the tables is well-formed")
    func tables() {
        #expect(ReadingAliases.standard.unreadable == [])
        #expect(MeterEventCodes.standard.unreadable == [])
        #expect(MeterEventCodes.standard.name(of: 1) == "power-down")
        #expect(MeterEventCodes.standard.name(of: 9999) == nil)
    }

    @Test("A name is an alias, a code, or one with an attribute")
    func names() throws {
        let energy = OBISCode(1, 0, 1, 8, 0, 255)
        let value = ReadingSeries(source: .register, object: energy, classID: 3, attribute: 2)
        for text in ["energy-import", "1.0.1.8.0.255", "1-0:1.8.0", "energy-import/2"] {
            #expect(try #require(ReadingName(text)).matches(value))
        }
        #expect(try #require(ReadingName("energy-import/5")).matches(value) == false)
        #expect(ReadingName("enrgy-import") == nil)
        #expect(ReadingName("energy-import/x") == nil)
        #expect(ReadingName.usual(value) == "energy-import")
        let captured = ReadingSeries(source: .register, object: energy, classID: 4, attribute: 5)
        #expect(ReadingName.usual(captured) == "energy-import/5")
    }
}
