// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Testing
import Timekeeping

@Suite struct ProfileCoverageTests {
    /// Central European time of 2026: summer from 29 March 01:00 UTC to 25 October 01:00 UTC.
    private struct CentralEurope: TimeZoneRules {
        func offsetSeconds(atUTC seconds: Int64) -> Int {
            (1_774_746_000..<1_792_890_000).contains(seconds) ? 7200 : 3600
        }
    }

    private let utc = FixedOffset(minutes: 0)

    @Test func missingRowsAreGaps() throws {
        var coverage = try #require(ProfileCoverage(from: 0, to: 86_400, period: 900, zone: utc))
        for slot in 0..<96 where slot != 12 && slot < 94 { coverage.note(Int64(slot) * 900 + 2) }
        #expect(coverage.expected == 96)
        #expect(coverage.received == 93)
        #expect(
            coverage.gaps == [
                ProfileCoverage.Gap(from: 10_800, to: 11_700, missing: 1),
                ProfileCoverage.Gap(from: 84_600, to: 86_400, missing: 2),
            ]
        )
    }

    @Test func rowsOutsideAndTwiceDoNotCount() throws {
        var coverage = try #require(ProfileCoverage(from: 450, to: 2000, period: 900, zone: utc))
        #expect(coverage.expected == 2)
        for time: Int64 in [0, 449, 900, 900, 2000, 99_999] { coverage.note(time) }
        #expect(coverage.received == 1)
    }

    @Test func daysBeginAtLocalMidnightAlsoWhenTheClockChanges() throws {
        // 24 October to 27 October 2026, local midnights.
        let from: Int64 = 1_792_792_800
        let to: Int64 = from + 73 * 3600
        let quarters = try #require(ProfileCoverage(from: from, to: to, period: 900, zone: CentralEurope()))
        #expect(quarters.expected == 96 + 100 + 96)
        var days = try #require(ProfileCoverage(from: from, to: to, period: 86_400, zone: CentralEurope()))
        #expect(days.expected == 3)
        days.note(from)
        days.note(from + 49 * 3600)
        #expect(days.gaps == [ProfileCoverage.Gap(from: from + 86_400, to: from + 49 * 3600, missing: 1)])
    }

    @Test func eventsHaveNoCoverage() {
        #expect(ProfileCoverage(from: 0, to: 900, period: 0, zone: utc) == nil)
        #expect(ProfileCoverage(from: 900, to: 900, period: 900, zone: utc) == nil)
        #expect(ProfileCoverage(from: 0, to: 1 << 40, period: 1, zone: utc) == nil)
    }

    @Test(arguments: [86_401, 2 * 86_400, 31 * 86_400] as [UInt32])
    func whenRowsOfLongerPeriodsAreDueIsUnknown(period: UInt32) {
        #expect(ProfileCoverage(from: 0, to: 365 * 86_400, period: period, zone: utc) == nil)
        #expect(ProfileCoverage(from: 0, to: 365 * 86_400, period: 86_400, zone: utc)?.expected == 365)
    }

    @Test func localTimesAreFoundAroundTheChange() {
        let zone = CentralEurope()
        // 02:30 local on 25 October comes twice.
        let local: Int64 = 1_792_895_400
        #expect(zone.utcSeconds(ofLocal: local) == local - 7200)
        #expect(zone.utcSeconds(ofLocal: local, isDaylightSaving: false) == local - 3600)
        // 02:30 local on 29 March does not exist.
        let skipped: Int64 = 1_774_751_400
        #expect(zone.utcSeconds(ofLocal: skipped) == skipped - 3600)
        #expect(zone.utcSeconds(ofLocal: 1_780_000_000) == 1_780_000_000 - 7200)
    }
}
