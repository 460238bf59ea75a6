// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// Makes identifiers that grow strictly within the process, also when the clock stands still or is set back.
public final class TimeOrderedIDGenerator<Subject>: Sendable {
    /// Milliseconds and counter of the last identifier, as one number that only grows.
    private let last = Atomic<UInt64>(0)

    /// Makes a generator.
    public init() {}

    /// Makes the next identifier at the present moment.
    public func next(at now: Timestamp) -> TimeOrderedID<Subject> {
        let present = TimeOrderedID<Subject>.milliseconds(now) << 12
        var previous = last.load(ordering: .relaxed)
        while true {
            // After 4096 identifiers in a millisecond the counter carries into the time, which RFC 9562 §6.2 allows.
            let wanted = max(present, previous + 1)
            let (exchanged, original) = last.compareExchange(
                expected: previous,
                desired: wanted,
                ordering: .relaxed
            )
            if exchanged {
                return TimeOrderedID(
                    milliseconds: wanted >> 12,
                    counter: wanted & 0x0FFF,
                    random: .random(in: 0...UInt64.max)
                )
            }
            previous = original
        }
    }
}
