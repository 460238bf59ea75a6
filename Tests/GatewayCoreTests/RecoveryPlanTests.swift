// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Which stretches of a profile are asked for again")
struct RecoveryPlanTests {
    private static let period: Int64 = 900

    private func gap(_ first: Int64, _ count: Int64, _ kind: ProfileGap.Kind = .missing) -> ProfileGap {
        ProfileGap(from: first * Self.period, to: (first + count) * Self.period, count: Int(count), kind: kind)
    }

    /// Begin and end of the stretches, in rows.
    private func windows(_ gaps: [ProfileGap]) -> [Range<Int64>] {
        RecoveryPlan(gaps, period: Self.period).windows.map {
            $0.lowerBound.seconds / Self.period..<$0.upperBound.seconds / Self.period
        }
    }

    @Test("Gaps that are near to each other are asked for together, and what will never come is not")
    func near() {
        #expect(windows([gap(0, 4), gap(12, 2), gap(23, 1)]) == [0..<14, 23..<24])
        #expect(windows([gap(0, 4), gap(5, 2, .neverRecorded), gap(100, 2, .overwritten)]) == [0..<4])
        #expect(windows([]).isEmpty)
    }

    @Test("One attempt asks for the oldest 2,000 rows, in 16 requests at the most")
    func bounds() {
        #expect(windows([gap(0, 1500), gap(2000, 1500), gap(5000, 1)]) == [0..<1500, 2000..<2500])
        let many = (0..<40).map { gap($0 * 100, 1) }
        #expect(windows(many) == (0..<16).map { $0 * 100..<$0 * 100 + 1 })
    }
}
