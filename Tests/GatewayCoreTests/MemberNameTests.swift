// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import GatewayCore

@Suite("Names of attributes and methods")
struct MemberNameTests {
    @Test(
        "Numbers and names of the class model are read, anything else is not",
        arguments: [
            ("2", MemberName.index(2)), ("127", .index(127)), ("-1", .index(-1)), ("scaler_unit", .name("scaler_unit")),
            ("0", .index(0)), ("00", nil), ("128", nil), ("+2", nil), ("", nil), ("Value", nil), ("a b", nil),
            ("2a", nil),
        ]
    )
    func parse(text: String, name: MemberName?) {
        #expect(MemberName(text) == name)
    }
}
