// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite struct JSONNumberTests {
    private func number(_ text: String) throws -> JSONNumber {
        try #require(JSONNumber(text: text))
    }

    @Test func givesIntegersOnlyWhenExact() throws {
        #expect(try number("9223372036854775807").exactInt64 == .max)
        #expect(try number("9223372036854775808").exactInt64 == nil)
        #expect(try number("18446744073709551615").exactUInt64 == .max)
        #expect(try number("-1").exactUInt64 == nil)
        #expect(try number("1e3").exactInt64 == 1000)
        #expect(try number("2.0").exactInt64 == 2)
        #expect(try number("-2.50e1").exactInt64 == -25)
        #expect(try number("2.5").exactInt64 == nil)
        #expect(try number("1e-1").exactInt64 == nil)
        #expect(try number("10e-1").exactInt64 == 1)
        #expect(try number("-128").exactInteger(as: Int8.self) == -128)
        #expect(try number("-1.28e2").exactInteger(as: Int8.self) == -128)
        #expect(try number("1.29e2").exactInteger(as: Int8.self) == nil)
        #expect(try number("-0").exactInt64 == 0)
        #expect(try number("0e99999999999999999999").exactInt64 == 0)
        #expect(try number("1e99999999999999999999").exactInt64 == nil)
        #expect(try number("1e9999999").exactInt64 == nil)
    }

    @Test func refusesWhatIsNoNumber() {
        for text in ["", "-", "1.", "01", " 1", "1 ", "+1", "0x10", "1e", "NaN"] {
            #expect(JSONNumber(text: text) == nil)
        }
    }

    @Test func givesTheNearestDouble() throws {
        #expect(try number("230.1").double == 230.1)
        #expect(try number("1e999").double == .infinity)
    }
}
