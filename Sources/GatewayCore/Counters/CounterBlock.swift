// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What one process holds of one counter: values that the store has reserved for it and that it has not handed out.
struct CounterBlock {
    /// How many values are reserved at once while nobody else reserves any.
    static let usualSize: UInt64 = 1024
    /// How many when another process uses the counter, too, and blocks are given up half used.
    static let smallestSize: UInt64 = 64

    /// What is left to hand out.
    private(set) var available: Range<UInt64> = 0..<0
    /// How many values to reserve next time.
    private(set) var size = CounterBlock.usualSize
    /// Nothing below this may be handed out.
    private var floor: UInt64 = 0

    /// The value that would be handed out next; nil when it has to be reserved first.
    var next: UInt64? { available.isEmpty ? nil : available.lowerBound }

    /// Takes values off the block, at least so many; nil when it has not so many left.
    mutating func take(_ count: UInt64) -> Range<UInt64>? {
        guard UInt64(available.count) >= count else { return nil }
        let taken = available.lowerBound..<available.lowerBound + count
        available = taken.upperBound..<available.upperBound
        return taken
    }

    /// The store has reserved more.
    mutating func reserved(_ range: Range<UInt64>) {
        let isContinuation = !available.isEmpty && available.upperBound == range.lowerBound
        let start = isContinuation ? available.lowerBound : range.lowerBound
        available = max(start, min(floor, range.upperBound))..<range.upperBound
        size = min(size * 2, Self.usualSize)
    }

    /// The store was found to have promised everything below `next`.
    ///
    /// What was promised above this block went to somebody else. A meter may have seen it from him, and would refuse
    /// what is left here, which is given up.
    mutating func stored(next: UInt64) {
        guard !available.isEmpty, available.upperBound < next else { return }
        available = next..<next
        size = Self.smallestSize
    }

    /// Nothing below `value` may be handed out any more.
    mutating func raise(to value: UInt64) {
        floor = max(floor, value)
        available = max(available.lowerBound, min(value, available.upperBound))..<available.upperBound
    }
}
