// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText
import Jobs
import Synchronization
public import Timekeeping

/// Where everything that happens in the fleet is told: kept first, then handed to those in this process who listen.
public final class EventFeed: Sendable {
    /// Something to tell of, before it has a name.
    public struct Draft: Hashable, Sendable {
        /// What happened.
        public var type: EventType
        /// The meter it happened to.
        public var meter: MeterID?
        /// What else is known.
        public var data: JSONObject

        /// Makes a draft.
        public init(_ type: EventType, meter: MeterID? = nil, data: JSONObject = JSONObject()) {
            self.type = type
            self.meter = meter
            self.data = data
        }
    }

    private struct Listeners {
        var next = 0
        var sinks: [Int: AsyncStream<FleetEvent>.Continuation] = [:]
    }

    /// How many events wait for one who listens; the oldest are dropped, and he has to ask the store.
    private static let mostWaiting = 1000
    /// How many events are forgotten in one transaction.
    private static let removedAtOnce = 5000

    private let store: any EventStore
    private let clock: any WallClock
    private let identifiers = JobIDGenerator()
    private let listeners = Mutex(Listeners())

    /// Makes a feed over a store.
    public init(store: any EventStore, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Names events that happened now, without keeping them; for who keeps them in a transaction of its own.
    public func events(of drafts: [Draft]) -> [FleetEvent] {
        let now = clock.now()
        return drafts.map { draft in
            FleetEvent(
                id: identifiers.next(at: now),
                at: now,
                type: draft.type,
                meter: draft.meter,
                data: draft.data
            )
        }
    }

    /// Keeps events and tells of them.
    ///
    /// - Throws: what the store threw; then nobody was told.
    public func publish(_ drafts: [Draft]) async throws(StoreError) {
        guard !drafts.isEmpty else { return }
        try await keep(events(of: drafts))
    }

    /// Keeps events that have their names, and tells of them.
    public func keep(_ events: [FleetEvent]) async throws(StoreError) {
        try await store.appendEvents(events)
        tell(events)
    }

    /// Tells those who listen of events that are kept already.
    public func tell(_ events: [FleetEvent]) {
        let sinks = listeners.withLock { Array($0.sinks.values) }
        for sink in sinks {
            for event in events { sink.yield(event) }
        }
    }

    /// Events from now on, until who listens stops.
    public func listen() -> AsyncStream<FleetEvent> {
        let (stream, sink) = AsyncStream<FleetEvent>.makeStream(bufferingPolicy: .bufferingNewest(Self.mostWaiting))
        let number = listeners.withLock { listeners in
            listeners.next += 1
            listeners.sinks[listeners.next] = sink
            return listeners.next
        }
        sink.onTermination = { [weak self] _ in
            _ = self?.listeners.withLock { $0.sinks.removeValue(forKey: number) }
        }
        return stream
    }

    /// Kept events.
    func events(matching query: EventQuery, limit: Int) async throws(StoreError) -> [FleetEvent] {
        try await store.events(matching: query, limit: limit)
    }

    /// Forgets events that are older than the retention.
    ///
    /// - Returns: how many were forgotten.
    @discardableResult
    public func forget(olderThan retention: Duration) async throws(StoreError) -> Int {
        let end = clock.now() - retention
        var forgotten = 0
        while true {
            let removed = try await store.removeEvents(before: end, limit: Self.removedAtOnce)
            forgotten += removed
            guard removed == Self.removedAtOnce else { return forgotten }
        }
    }
}
