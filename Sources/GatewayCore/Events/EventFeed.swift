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
        /// Those of them that want to know of stored readings.
        var afterReadings: Set<Int> = []
        /// Whether readings that were stored are kept as events, because a webhook wants them.
        var keepsReadings = false
    }

    /// How many events wait for one who listens; the oldest are dropped, and he has to ask the store.
    private static let mostWaiting = 1000
    /// Stored readings are so many that they are not kept as events for longer; deliveries of them are.
    private static let readingRetention = Duration.seconds(86_400)
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
        drafts.map(event)
    }

    /// Names one event that happened now, without keeping it.
    func event(of draft: Draft) -> FleetEvent {
        let now = clock.now()
        return FleetEvent(
            id: identifiers.next(at: now),
            at: now,
            type: draft.type,
            meter: draft.meter,
            data: draft.data
        )
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

    /// Whether stored readings are to be kept as events.
    func keepReadings(_ areWanted: Bool) {
        listeners.withLock { $0.keepsReadings = areWanted }
    }

    /// Whether anybody wants to know of stored readings.
    var isAnybodyAfterReadings: Bool {
        listeners.withLock { $0.keepsReadings || !$0.afterReadings.isEmpty }
    }

    /// Tells of stored readings, and keeps that if a webhook wants it.
    func publishReadings(_ drafts: [Draft]) async throws(StoreError) {
        let events = events(of: drafts)
        if listeners.withLock({ $0.keepsReadings }) { try await store.appendEvents(events) }
        tell(events)
    }

    /// Events from now on, until who listens stops.
    ///
    /// - Parameter wantsReadings: whether stored readings are wanted, which are many.
    public func listen(wantsReadings: Bool = true) -> AsyncStream<FleetEvent> {
        let (stream, sink) = AsyncStream<FleetEvent>.makeStream(bufferingPolicy: .bufferingNewest(Self.mostWaiting))
        let number = listeners.withLock { listeners in
            listeners.next += 1
            listeners.sinks[listeners.next] = sink
            if wantsReadings { listeners.afterReadings.insert(listeners.next) }
            return listeners.next
        }
        sink.onTermination = { [weak self] _ in
            self?.listeners.withLock { listeners in
                listeners.sinks[number] = nil
                listeners.afterReadings.remove(number)
            }
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
        let now = clock.now()
        return try await forget(before: now - retention, of: nil)
            + forget(before: now - min(retention, Self.readingRetention), of: .readingStored)
    }

    private func forget(before end: Timestamp, of type: EventType?) async throws(StoreError) -> Int {
        var forgotten = 0
        while true {
            let removed = try await store.removeEvents(before: end, of: type, limit: Self.removedAtOnce)
            forgotten += removed
            guard removed == Self.removedAtOnce else { return forgotten }
        }
    }
}
