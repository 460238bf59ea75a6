// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Keeps events; what it returns from a write is durable.
public protocol EventStore: Sendable {
    /// Keeps events; one whose identifier is kept already changes nothing.
    func appendEvents(_ events: [FleetEvent]) async throws(StoreError)

    /// Events in the order that the query wants.
    ///
    /// - Parameter limit: how many at most, at least 1.
    func events(matching query: EventQuery, limit: Int) async throws(StoreError) -> [FleetEvent]

    /// The kept events with these identifiers, the oldest first; those that are not kept are left out.
    func events(_ ids: [EventID]) async throws(StoreError) -> [FleetEvent]

    /// The identifiers of what gateways over the same database, this one too, keep from now on and have for all; nil = some may have
    /// been missed, as at the beginning.
    func eventNotices() -> AsyncStream<[EventID]?>

    /// Forgets events that are older than a moment, at most so many at once.
    ///
    /// - Parameter type: of this type only; nil forgets all.
    /// - Returns: how many were forgotten.
    func removeEvents(before moment: Timestamp, of type: EventType?, limit: Int) async throws(StoreError) -> Int
}

/// Which events a list shows; conditions left out do not restrict.
public struct EventQuery: Hashable, Sendable {
    /// Where a list begins, and which way it goes.
    public enum Start: Hashable, Sendable {
        /// With the newest event, the newest first.
        case newest
        /// With the newest event older than this one, the newest first.
        case before(EventID)
        /// With the first event that was made at this moment or later, the oldest first.
        case since(Timestamp)
        /// With the event that follows this one, the oldest first.
        case after(EventID)

        /// Whether the oldest event comes first.
        public var isAscending: Bool {
            switch self {
            case .newest, .before: false
            case .since, .after: true
            }
        }
    }

    /// Where the list begins.
    public var start: Start
    /// The meter they happened to.
    public var meter: MeterID?
    /// The types that are wanted; empty wants all.
    public var types: [EventType]

    /// Makes a query, by default for all events.
    public init(start: Start = .newest, meter: MeterID? = nil, types: [EventType] = []) {
        self.start = start
        self.meter = meter
        self.types = types
    }
}
