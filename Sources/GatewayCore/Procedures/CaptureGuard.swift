// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// Keeps corrections of a clock from jumping over, or back over, the moments at which the meter captures rows.
///
/// A clock that is set over such a moment leaves a row out, or has it twice.
struct CaptureGuard: Hashable {
    /// A moment of capture that a correction would pass.
    struct Crossing: Hashable {
        /// Seconds between captures.
        let period: Int64
        /// From when on the correction passes none, by true time; nil when it does whenever it is made.
        let freeAt: Timestamp?
    }

    /// The capture periods of the meter's profiles, in seconds.
    let periods: [Int64]

    /// What is assumed of a meter none of whose profiles was ever read.
    private static let usualPeriod: Int64 = 900

    /// A guard over some periods.
    init(periods: some Sequence<UInt32>) {
        let known = Set(periods.lazy.filter { $0 > 0 }.map { Int64($0) })
        self.periods = known.isEmpty ? [Self.usualPeriod] : known.sorted()
    }

    /// Looks whether a correction passes a moment of capture; nil when it does not.
    ///
    /// - Parameters:
    ///   - now: true time.
    ///   - offset: how far the meter is ahead.
    ///   - margin: how long the correction takes at the most.
    ///   - zone: seconds that the meter's local time is ahead of UTC; periods begin at local midnight.
    func crossing(now: Timestamp, offset: Duration, margin: Duration, zone: Int64) -> Crossing? {
        let meter = now + offset
        let low = min(now, meter).microseconds + zone * 1_000_000
        let length = offset.magnitude + margin
        let high = low + Int64(length / .microseconds(1))
        guard let first = passed(low, high) else { return nil }
        var wait: Int64 = 0
        // Waiting for one period may lead to the end of another.
        for _ in 0..<16 {
            guard let (period, moment) = passed(low + wait, high + wait) else {
                return Crossing(period: first.period, freeAt: now + .microseconds(wait))
            }
            guard high - low < period * 1_000_000 else { return Crossing(period: period, freeAt: nil) }
            wait = moment - low
        }
        return Crossing(period: first.period, freeAt: nil)
    }

    private func passed(_ low: Int64, _ high: Int64) -> (period: Int64, moment: Int64)? {
        for period in periods {
            let length = period * 1_000_000
            let moment = ((low >= 0 ? low : low - length + 1) / length + 1) * length
            if moment <= high { return (period, moment) }
        }
        return nil
    }
}
