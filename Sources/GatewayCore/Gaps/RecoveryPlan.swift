// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Timekeeping

/// Which stretches of time to ask a meter for, so as to fill the gaps of a profile.
struct RecoveryPlan: Hashable {
    /// The stretches, oldest first: the meter overwrites its oldest rows first.
    let windows: [Range<Timestamp>]

    /// How many rows one attempt asks for at the most, so that recovering never holds a meter's line for long.
    static let mostRows = 2000
    /// How many requests one attempt makes at the most.
    static let mostWindows = 16
    /// Gaps with no more rows between them than this are asked for together: a request costs more than some rows.
    static let rowsWorthReading: Int64 = 8

    /// Plans for the gaps of a profile with a capture period in seconds.
    init(_ gaps: [ProfileGap], period: Int64) {
        var windows: [Range<Timestamp>] = []
        var rows = 0
        for gap in gaps where gap.kind == .missing {
            guard rows < Self.mostRows else { break }
            // The first rows of a gap that is too long for one attempt; the rest comes with the next.
            let most = Int64(Self.mostRows - rows)
            let end = min(gap.to, gap.from + most * period)
            let stretch = Timestamp(seconds: gap.from)..<Timestamp(seconds: end)
            if let last = windows.last, gap.from - last.upperBound.seconds <= Self.rowsWorthReading * period {
                windows[windows.count - 1] = last.lowerBound..<stretch.upperBound
            } else if windows.count < Self.mostWindows {
                windows.append(stretch)
            } else {
                break
            }
            rows += Int((end - gap.from) / max(period, 1))
        }
        self.windows = windows
    }
}
