// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing

@Suite struct IdentifierTests {
    @Test(arguments: ["M1", "a", "LGZ-1030_7.x~2", String(repeating: "9", count: 64), "..."])
    func takesWhatNeedsNoEscape(text: String) {
        #expect(MeterID(text)?.text == text)
    }

    @Test(arguments: ["", ".", "..", "a b", "a/b", "ž", "a%20", String(repeating: "9", count: 65), "a\n"])
    func refusesAnythingElse(text: String) {
        #expect(MeterID(text) == nil)
    }

    @Test func revisionsDiffer() {
        #expect(Revision.next() != Revision.next())
    }
}
