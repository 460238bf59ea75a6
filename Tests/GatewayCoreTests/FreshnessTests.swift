// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import GatewayCore

@Suite("How old a value may be")
struct FreshnessTests {
    @Test(
        "Without words the usual age decides, with words theirs",
        arguments: [
            (Freshness.usual, 59, true), (.usual, 60, false), (.live, 0, false), (.live, 1, false),
            (Freshness(maxAge: .seconds(5)), 4, true), (Freshness(maxAge: .seconds(5)), 5, false),
            (Freshness(onlyIfCached: true), 1_000_000, true),
            (Freshness(maxAge: .seconds(5), onlyIfCached: true), 6, false),
        ]
    )
    func accepts(freshness: Freshness, seconds: Int, isAccepted: Bool) {
        #expect(freshness.accepts(age: .seconds(seconds), usual: .seconds(60)) == isAccepted)
    }
}
