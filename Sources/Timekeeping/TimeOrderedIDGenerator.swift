// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// Makes identifiers that grow strictly within the process, also when the clock stands still or is set back.
public final class TimeOrderedIDGenerator<Subject>: Sendable {
    /// Milliseconds and counter of the last identifier, as one number that only grows.
    private let last = Atomic<UInt64>(0)
    /// The random part of every identifier; nil = each has one of its own.
    private let mark: UInt64?

    /// Makes a generator.
    ///
    /// - Parameter marks: whether its identifiers share their random part, so that ``made(_:)`` knows them.
    public init(marks: Bool = false) {
        mark = marks ? .random(in: 0...UInt64.max) : nil
    }

    /// Whether an identifier was made here; always false without marks.
    public func made(_ id: TimeOrderedID<Subject>) -> Bool {
        mark.map { id.hasRandomPart($0) } ?? false
    }

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
                    random: mark ?? .random(in: 0...UInt64.max)
                )
            }
            previous = original
        }
    }
}
