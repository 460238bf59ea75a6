// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing
import Timekeeping

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-22T08:15:03.120Z", 1_795_335_303_120_000),
            ("2000-02-29T23:59:59.999999Z", 951_868_799_999_999),
            ("1969-12-31T23:59:59.500Z", -500_000),
            ("1900-03-01T00:00:00Z", -2_203_891_200_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
        ] as [(String, Int64)]
    )
    func readsAndWritesTheSameText(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test func appliesTheOffsetBothWays() throws {
        let moment = try #require(Timestamp(rfc3339: "2026-11-22T08:15:00+01:00"))
        #expect(moment.rfc3339 == "2026-11-22T07:15:00Z")
        #expect(moment.rfc3339(offsetMinutes: 60) == "2026-11-22T08:15:00+01:00")
        #expect(moment.rfc3339(offsetMinutes: -570) == "2026-11-21T21:45:00-09:30")
        #expect(Timestamp(rfc3339: "2026-11-21T21:45:00-09:30") == moment)
    }

    @Test func toleratesWhatTheRFCAllows() {
        let moment = Timestamp(rfc3339: "2026-11-22T07:15:00Z")
        #expect(Timestamp(rfc3339: "2026-11-22t07:15:00z") == moment)
        #expect(Timestamp(rfc3339: "2026-11-22 07:15:00.0000009Z") == moment)
        #expect(Timestamp(rfc3339: "2026-11-22T07:14:60Z") == moment)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T07:15:00", "2026-11-22T07:15Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T00:60:00Z",
        "2026-11-22T00:00:61Z", "2026-11-22T00:00:00.Z", "2026-11-22T00:00:00+0100", "2026-11-22T00:00:00Zz",
        "+026-11-22T00:00:00Z", "1900-02-29T00:00:00Z",
    ])
    func refusesAnythingElse(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func readsDatesOfHTTP() {
        #expect(Timestamp(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT") == Timestamp(rfc3339: "1994-11-06T08:49:37Z"))
        for text in [
            "", "900", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        ] {
            #expect(Timestamp(httpDate: text) == nil, "\(text)")
        }
    }

    @Test func everyDayOfFourCenturiesComesBack() {
        for day in stride(from: Int64(-40_000), to: 120_000, by: 1) {
            let moment = Timestamp(seconds: day * 86_400)
            #expect(Timestamp(rfc3339: moment.rfc3339) == moment)
        }
    }

    @Test func addsAndSubtractsDurations() {
        let moment = Timestamp(seconds: 1000)
        #expect(moment + .milliseconds(1500) == Timestamp(microseconds: 1_001_500_000))
        #expect(moment - .seconds(2000) == Timestamp(seconds: -1000))
        #expect(moment - Timestamp(seconds: 400) == .seconds(600))
        #expect(Timestamp(microseconds: .max) + .seconds(1) == Timestamp(microseconds: .max))
    }
}
