// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite struct JSONPlaceTests {
    private let text = Array(
        """
        {"name": "\u{00E4}",
         "lines": [
           {"listen": 1}, {"listen": 2, "faults": [7]}
         ]}
        """.utf8
    )

    @Test(arguments: [
        ("", 1, 1), ("/name", 1, 2), ("/lines", 2, 2), ("/lines/1", 3, 19), ("/lines/1/listen", 3, 20),
        ("/lines/1/faults/0", 3, 44),
    ])
    func membersAreFoundAtTheirNameAndItemsAtTheirBeginning(_ pointer: String, _ line: Int, _ column: Int) {
        #expect(JSONReader.place(of: JSONPointer(pointer), in: text) == JSONPlace(line: line, column: column))
    }

    @Test func whatIsNotThereHasNoPlace() {
        #expect(JSONReader.place(of: "/lines/2", in: text) == nil)
        #expect(JSONReader.place(of: "/name", in: Array("{\"name\":".utf8)) == nil)
    }
}
