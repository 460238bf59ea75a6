// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing
import Timekeeping

@Suite struct DurationTests {
    @Test(
        arguments: [
            ("PT15M", 900_000), ("PT10S", 10_000), ("P1D", 86_400_000), ("P31D", 2_678_400_000), ("PT1H30M", 5_400_000),
            ("PT36H", 129_600_000), ("PT0.25S", 250), ("PT1M0.5S", 60_500), ("PT0S", 0),
        ] as [(String, Int64)]
    )
    func readsAndWritesTheSameText(text: String, milliseconds: Int64) {
        #expect(Duration(iso8601: text) == .milliseconds(milliseconds))
        #expect(Duration.milliseconds(milliseconds).iso8601 == text)
    }

    @Test(
        arguments: [
            ("15m", 900_000), ("90s", 90_000), ("2h", 7_200_000), ("1d", 86_400_000), ("250ms", 250), ("PT60S", 60_000),
            ("P1W", 604_800_000), ("P1DT12H", 129_600_000), ("PT1,5S", 1500),
        ] as [(String, Int64)]
    )
    func readsOtherSpellings(text: String, milliseconds: Int64) {
        #expect(Duration(iso8601: text) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "P", "PT", "P1", "PT1", "15", "15x", "P1M", "P1Y", "PT1S1M", "PT1M1M", "P1DT", "P1H", "PT1.5M", "-PT1S",
        "PT-1S", "PT1S ", "PT9999999999999999S", "P999999999999999D", "m", "1 m",
    ])
    func refusesAnythingElse(text: String) {
        #expect(Duration(iso8601: text) == nil)
    }
}
