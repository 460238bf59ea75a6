// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// How many callers may follow streams at once, and how many of them one caller.
public final class StreamSeats: Sendable {
    /// A place taken; free again when it is let go of.
    public final class Seat: Sendable {
        private let seats: StreamSeats
        private let holder: String?

        fileprivate init(_ seats: StreamSeats, _ holder: String?) {
            self.seats = seats
            self.holder = holder
        }

        deinit {
            seats.giveBack(holder)
        }
    }

    /// Why there is no place.
    public enum Refusal: Error, Hashable, Sendable {
        /// All are taken.
        case full
        /// The caller has as many as one may have.
        case fullForCaller
    }

    private struct State {
        var taken = 0
        var byHolder: [String: Int] = [:]
    }

    /// How many there are.
    public let count: Int
    private let state = Mutex(State())

    /// Makes so many places.
    public init(_ count: Int) {
        self.count = count
    }

    /// How many one caller may have: a quarter, so that one who takes more does not shut everybody else out.
    public var countForCaller: Int { max(1, count / 4) }

    /// How many are taken.
    public var takenCount: Int { state.withLock { $0.taken } }

    /// Takes a place.
    ///
    /// - Parameter holder: who takes it; nil where nobody is asked who it is, and then nobody's are counted.
    /// - Throws: ``Refusal``.
    public func take(for holder: String?) throws(Refusal) -> Seat {
        try state.withLock { state throws(Refusal) in
            guard state.taken < count else { throw .full }
            if let holder {
                guard state.byHolder[holder, default: 0] < countForCaller else { throw .fullForCaller }
                state.byHolder[holder, default: 0] += 1
            }
            state.taken += 1
        }
        return Seat(self, holder)
    }

    private func giveBack(_ holder: String?) {
        state.withLock { state in
            state.taken -= 1
            guard let holder, let count = state.byHolder[holder] else { return }
            state.byHolder[holder] = count > 1 ? count - 1 : nil
        }
    }
}
