// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing

@Suite struct LabelSelectorTests {
    private let labels = ["region": "north", "model": "E650", "empty": ""]

    @Test(arguments: [
        ("region=north", true), ("region==north", true), ("region=south", false), ("region!=south", true),
        ("region!=north", false), ("absent!=x", true), ("absent=x", false), ("region", true), ("absent", false),
        ("!absent", true), ("!region", false), ("region=north,model!=test", true), ("region=north,model=test", false),
        (" region = north , model ", true), ("empty=", true), ("region=", false),
    ])
    func picksByLabels(text: String, isMatch: Bool) throws {
        let selector = try #require(LabelSelector(text))
        #expect(selector.matches(labels) == isMatch)
        #expect(LabelSelector(selector.description) == selector)
    }

    @Test(arguments: ["", ",", "a,", "=b", "!=b", "a!b", "a=b=c", "a=b!c", "a b=c", "!", "a!", "-a=b"])
    func refusesMalformedText(text: String) {
        #expect(LabelSelector(text) == nil)
    }

    @Test func withoutRequirementsPicksAll() {
        #expect(LabelSelector().matches([:]))
    }
}
