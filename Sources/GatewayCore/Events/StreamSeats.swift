// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// How many callers may follow event streams at once.
public final class StreamSeats: Sendable {
    /// A place taken; free again when it is let go of.
    public final class Seat: Sendable {
        private let seats: StreamSeats

        fileprivate init(_ seats: StreamSeats) {
            self.seats = seats
        }

        deinit {
            _ = seats.taken.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    /// How many there are.
    public let count: Int
    private let taken = Atomic<Int>(0)

    /// Makes so many places.
    public init(_ count: Int) {
        self.count = count
    }

    /// How many are taken.
    public var takenCount: Int { taken.load(ordering: .relaxed) }

    /// Takes a place; nil when all are taken.
    public func take() -> Seat? {
        let now = taken.wrappingAdd(1, ordering: .relaxed).newValue
        // The seat gives back what was taken, also when it is one too many.
        let seat = Seat(self)
        return now <= count ? seat : nil
    }
}
