// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Synchronization
public import Timekeeping

/// One who follows the events as they are told, without missing one that the journal still has.
///
/// Whoever is slow has no queue of his own: he reads on in the journal, and is told when it went on without him.
public final class EventFollowing: Sendable {
    /// What comes next.
    public enum Step: Sendable {
        /// Events in the order of telling.
        case events([ToldEvent])
        /// Events behind `after` and up to `upTo` are not in the journal any more.
        case gap(after: EventID, upTo: EventID)
    }

    private struct Place {
        /// The number of the next entry; nil if those behind the position are gone.
        var number: Int?
        /// What was handed out last.
        var handed: EventID
        /// What was handed out before it, and so is known to have been taken.
        var taken: EventID
    }

    /// How many events are handed out at once.
    private static let most = 256

    private let feed: EventFeed
    private let signals: AsyncStream<Void>
    private let place: Mutex<Place>

    init(_ feed: EventFeed, signals: AsyncStream<Void>, number: Int?, position: EventID) {
        self.feed = feed
        self.signals = signals
        place = Mutex(Place(number: number, handed: position, taken: position))
    }

    /// The position up to which everything was taken: that is, was handed out before the last call of ``next()``.
    public var position: EventID { place.withLock { $0.taken } }

    /// What comes next, as soon as there is something; nil when nothing more comes.
    ///
    /// For one caller at a time.
    public func next() async -> Step? {
        place.withLock { $0.taken = $0.handed }
        while true {
            if let step = feed.withJournal({ step(in: $0) }) { return step }
            var isEnded = true
            for await _ in signals {
                isEnded = false
                break
            }
            if isEnded { return nil }
        }
    }

    private func step(in journal: EventJournal) -> Step? {
        place.withLock { place in
            guard let number = place.number, number >= journal.first else {
                let step = Step.gap(after: place.handed, upTo: journal.floor)
                place.number = journal.first
                place.handed = journal.floor
                return step
            }
            let entries = journal.entries(from: number, limit: Self.most)
            guard let last = entries.last else { return nil }
            place.number = number + entries.count
            place.handed = last.position
            return .events(Array(entries))
        }
    }
}
