// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Timekeeping

/// An event as it was told, with its place in the order of telling.
public struct ToldEvent: Sendable {
    /// Grows with every event that is told; the identifier of the event, but for one that was told after a younger one.
    public let position: EventID
    /// The event.
    public let event: FleetEvent
    /// The event as JSON text, written once for all who listen.
    public let document: [UInt8]
}

/// The last events that were told, in the order of telling.
///
/// Holds at most twice its capacity; then the older half is dropped at once.
struct EventJournal: Sendable {
    /// How many events are there at least, once so many were told.
    let capacity: Int
    private var entries: [ToldEvent] = []
    /// The number of the first entry; each entry has the next number.
    private(set) var first = 0
    /// The position of what was dropped last, or before the first event.
    private(set) var floor: EventID
    /// The position of the newest entry.
    private(set) var last: EventID

    /// An empty journal.
    ///
    /// - Parameter beginning: a position before the first event.
    init(capacity: Int, beginning: EventID) {
        self.capacity = max(1, capacity)
        floor = beginning
        last = beginning
    }

    /// The number that the next entry will have.
    var end: Int { first + entries.count }

    /// Appends an event; `fresh` gives a position later than all before.
    ///
    /// - Parameter isOwn: whether its identifier was made by this process; another one's is no position here.
    mutating func append(_ event: FleetEvent, isOwn: Bool, fresh: () -> EventID) {
        let position = isOwn && event.id > last ? event.id : fresh()
        last = position
        entries.append(ToldEvent(position: position, event: event, document: event.document))
        guard entries.count >= 2 * capacity else { return }
        floor = entries[capacity - 1].position
        entries.removeFirst(capacity)
        first += capacity
    }

    /// Entries from a number on, at most so many; the number is not less than ``first``.
    func entries(from number: Int, limit: Int) -> ArraySlice<ToldEvent> {
        entries[min(number - first, entries.count)...].prefix(limit)
    }

    /// The number of the first entry behind a position, nil if some behind it were dropped.
    func number(after position: EventID) -> Int? {
        guard position >= floor else { return nil }
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].position > position { high = middle } else { low = middle + 1 }
        }
        return first + low
    }
}
