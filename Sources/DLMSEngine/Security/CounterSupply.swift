// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Invocation counters that were reserved for this association and not used yet.
struct CounterSupply: Hashable, Sendable {
    /// The most counters asked for at a time.
    private static let longestReservation = 1024
    /// With fewer counters left than this, more are asked for ahead of need.
    private static let low = 8

    private var ranges: [Range<UInt64>] = []
    private var isReserving = false
    private var next = 32

    /// How many counters are left.
    var count: Int { ranges.reduce(0) { $0 + $1.count } }

    /// Adds reserved counters.
    mutating func add(_ range: Range<UInt64>) {
        isReserving = false
        if !range.isEmpty { ranges.append(range) }
    }

    /// No counters were reserved.
    mutating func refused() {
        isReserving = false
    }

    /// How many to ask for when at least so many are needed; nil while a reservation is on its way.
    mutating func reserve(_ minimum: Int) -> Int? {
        guard !isReserving else { return nil }
        isReserving = true
        return minimum
    }

    /// How many to ask for ahead of need, more each time; nil when there are enough.
    mutating func refill() -> Int? {
        guard count < Self.low, !isReserving else { return nil }
        isReserving = true
        defer { next = min(2 * next, Self.longestReservation) }
        return next
    }

    /// Takes the next counter; nil when all of them are used up for ever.
    ///
    /// FFFFFFFF is never used: it tells that the key is exhausted.
    mutating func take() -> UInt32? {
        guard let first = ranges.first?.first else { return nil }
        guard let counter = UInt32(exactly: first), counter < UInt32.max else { return nil }
        ranges[0] = ranges[0].dropFirst()
        if ranges[0].isEmpty { ranges.removeFirst() }
        return counter
    }
}
