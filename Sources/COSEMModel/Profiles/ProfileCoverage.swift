// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Which intervals of an asked range were received.
///
/// A profile with a fixed period should have one row at each multiple of the period; of one day, at each local midnight.
/// When rows of longer periods are due, the period alone does not tell, and so these are not watched here. The range is half-open: a row at its end belongs to the next range.
public struct ProfileCoverage: Sendable {
    /// A stretch without rows, half-open, in seconds since 1970-01-01T00:00:00Z.
    public struct Gap: Hashable, Sendable {
        /// The first missing instant.
        public let from: Int64
        /// The first instant after it that is not missing, or the end of the range.
        public let to: Int64
        /// How many rows are missing.
        public let missing: Int

        /// Makes a gap.
        public init(from: Int64, to: Int64, missing: Int) {
            self.from = from
            self.to = to
            self.missing = missing
        }
    }

    /// More instants than this are not watched.
    public static let maximumSlots = 4_000_000

    private let slots: Slots
    private var isFilled: [Bool]
    private let to: Int64

    /// Where rows are expected.
    private enum Slots {
        /// At multiples of a period.
        case regular(first: Int64, period: Int64)
        /// At given instants, in order.
        case listed([Int64])

        func instant(_ index: Int) -> Int64 {
            switch self {
            case .regular(let first, let period): first + Int64(index) * period
            case .listed(let instants): instants[index]
            }
        }
    }

    /// Makes the coverage of a range that nothing has been received of.
    /// - Parameters:
    ///   - from: The start of the range, included.
    ///   - to: The end of the range, excluded.
    ///   - period: Seconds between two rows.
    ///   - zone: The meter's zone, which says where its days begin.
    /// - Returns: nil if rows come without a fixed period or with one of more than a day, or the range is empty or too long.
    public init?(from: Int64, to: Int64, period: UInt32, zone: any TimeZoneRules) {
        let day: Int64 = 86_400
        let step = Int64(period)
        let bound: Int64 = 1 << 48
        guard (1...day).contains(step), from < to, from > -bound, to < bound,
            (to - from) / step < Int64(Self.maximumSlots)
        else {
            return nil
        }
        if step == day {
            var instants: [Int64] = []
            let firstLocal = from + Int64(zone.offsetSeconds(atUTC: from))
            var local = (firstLocal - day).roundedUp(to: step)
            while true {
                let instant = zone.utcSeconds(ofLocal: local)
                if instant >= to { break }
                if instant >= from { instants.append(instant) }
                local += step
            }
            slots = .listed(instants)
            isFilled = Array(repeating: false, count: instants.count)
        } else {
            // Periods of an hour or less divide every zone's offset in use.
            let offset = step > 3600 ? Int64(zone.offsetSeconds(atUTC: from)) : 0
            let first = (from + offset).roundedUp(to: step) - offset
            slots = .regular(first: first, period: step)
            isFilled = Array(repeating: false, count: first < to ? Int((to - first + step - 1) / step) : 0)
        }
        self.to = to
    }

    /// How many rows the range should have.
    public var expected: Int { isFilled.count }

    /// For how many of them at least one row came.
    public var received: Int { isFilled.count { $0 } }

    /// Notes a row; one that is late within its period counts for it, one outside of the range does not count.
    public mutating func note(_ utcSeconds: Int64) {
        guard !isFilled.isEmpty, utcSeconds < to else { return }
        switch slots {
        case .regular(let first, let period):
            guard utcSeconds >= first else { return }
            isFilled[Int((utcSeconds - first) / period)] = true
        case .listed(let instants):
            var low = 0
            var high = instants.count
            while low < high {
                let middle = (low + high) / 2
                if instants[middle] <= utcSeconds { low = middle + 1 } else { high = middle }
            }
            if low > 0 { isFilled[low - 1] = true }
        }
    }

    /// Notes every row that has an instant.
    public mutating func note(_ rows: ProfileRows) {
        for time in rows.times {
            if let instant = time?.utcSeconds { note(instant) }
        }
    }

    /// The stretches without rows, oldest first.
    public var gaps: [Gap] {
        var gaps: [Gap] = []
        var index = 0
        while index < isFilled.count {
            guard !isFilled[index] else {
                index += 1
                continue
            }
            let start = index
            while index < isFilled.count, !isFilled[index] { index += 1 }
            let end = index < isFilled.count ? slots.instant(index) : to
            gaps.append(Gap(from: slots.instant(start), to: end, missing: index - start))
        }
        return gaps
    }
}
