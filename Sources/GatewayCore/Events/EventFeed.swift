// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText
public import Logging
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

    private struct State {
        var journal: EventJournal
        /// Numbers listeners and followers.
        var lastNumber = 0
        var sinks: [Int: AsyncStream<FleetEvent>.Continuation] = [:]
        var followers: [Int: AsyncStream<Void>.Continuation] = [:]
        /// Announced and not told yet.
        var waiting: [FleetEvent] = []
        var isWriting = false
        var isEnding = false
        /// Those of the listeners that want to know of stored readings.
        var afterReadings: Set<Int> = []
        /// Whether readings that were stored are kept as events, because a webhook wants them.
        var keepsReadings = false
        /// Whether anybody ever followed: he may come back and must miss nothing.
        var wasFollowed = false
    }

    /// How many events wait for one who listens; the oldest are dropped, and he has to ask the store.
    private static let mostWaiting = 1000
    /// With more events waiting for the store than this, those that would not be kept are dropped, and with four times as
    /// many all that come.
    private static let mostAnnounced = 50_000
    /// How long a store is left alone that did not take events.
    private static let pause = Duration.seconds(1)
    /// An event that is kept later than this gets a new name: who reads on from a name passes over earlier ones.
    private static let longestDelay = Duration.seconds(10)
    /// Stored readings are so many that they are not kept as events for longer; deliveries of them are.
    private static let readingRetention = Duration.seconds(86_400)
    /// Who comes with a position of another gateway, or of a list, gets what was told since so long before it.
    public static let stepBack = Duration.seconds(10)
    /// How many events are forgotten in one transaction.
    private static let removedAtOnce = 5000

    private let store: any EventStore
    private let clock: any WallClock
    private let identifiers = TimeOrderedIDGenerator<FleetEvent>(marks: true)
    private let logger: Logger
    private let state: Mutex<State>

    /// Makes a feed over a store.
    ///
    /// - Parameters:
    ///   - store: keeps the events.
    ///   - clock: tells the time.
    ///   - journal: how many events at least are at hand for who comes back.
    ///   - logger: hears when events could not be kept.
    public init(
        store: any EventStore,
        clock: any WallClock,
        journal: Int = 10_000,
        logger: Logger = Logger(label: "cosem-gateway.events")
    ) {
        self.logger = logger
        self.store = store
        self.clock = clock
        let beginning = identifiers.next(at: clock.now())
        state = Mutex(State(journal: EventJournal(capacity: journal, beginning: beginning)))
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

    /// Tells of events soon, in the order of the calls, those that are to be kept once they are; nobody waits for it.
    ///
    /// While the store does not take them, they are told all the same; they are kept when it is back, those that waited
    /// long under a new name.
    public func announce(_ drafts: [Draft]) {
        guard !drafts.isEmpty else { return }
        let begins = state.withLock { state in
            let isCrowded = state.waiting.count >= Self.mostAnnounced
            guard state.waiting.count < 4 * Self.mostAnnounced else { return false }
            state.waiting += events(of: isCrowded ? drafts.filter(\.type.isKept) : drafts)
            guard !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        // Not bound to the one who announces: what others announce meanwhile is written with it.
        if begins { Task { await self.write() } }
    }

    private func write() async {
        while let batch = nextBatch() {
            if await !keepForSure(batch.filter(\.type.isKept), whenLate: { tell(batch) }) { tell(batch) }
        }
    }

    /// Keeps events, and tries until the store has taken them or the process ends.
    ///
    /// - Parameter whenLate: called once, when the store does not take them at once.
    /// - Returns: whether that was called.
    private func keepForSure(_ events: [FleetEvent], whenLate: () -> Void) async -> Bool {
        var events = events
        var isLate = false
        while !events.isEmpty {
            do throws(StoreError) {
                try await store.appendEvents(events)
                if isLate { logger.notice("events are kept again") }
                return isLate
            } catch {
                if !isLate {
                    isLate = true
                    logger.error(
                        "cannot keep events; trying on",
                        metadata: ["events": "\(events.count)", "error": "\(error)"]
                    )
                    whenLate()
                }
                guard case .unavailable = error, !state.withLock(\.isEnding) else {
                    logger.error("events are lost", metadata: ["events": "\(events.count)", "error": "\(error)"])
                    return isLate
                }
            }
            try? await clock.sleep(until: clock.now() + Self.pause)
            let now = clock.now()
            for index in events.indices where events[index].id.timestamp + Self.longestDelay < now {
                let event = events[index]
                events[index] = FleetEvent(
                    id: identifiers.next(at: now),
                    at: event.at,
                    type: event.type,
                    meter: event.meter,
                    data: event.data
                )
            }
        }
        return isLate
    }

    private func nextBatch() -> [FleetEvent]? {
        let (batch, ended) = state.withLock { state -> ([FleetEvent], [AsyncStream<Void>.Continuation]) in
            let batch = state.waiting
            state.waiting = []
            guard batch.isEmpty else { return (batch, []) }
            state.isWriting = false
            return ([], state.isEnding ? Array(state.followers.values) : [])
        }
        for follower in ended { follower.finish() }
        return batch.isEmpty ? nil : batch
    }

    /// Tells those who listen of events that are kept already.
    public func tell(_ events: [FleetEvent]) {
        state.withLock { state in
            for event in events {
                state.journal.append(event, isOwn: made(event.id)) { identifiers.next(at: clock.now()) }
                for sink in state.sinks.values { sink.yield(event) }
            }
            for follower in state.followers.values { follower.yield() }
        }
    }

    /// Tells those who follow of events that another gateway kept; it tells those who listen, which may be a broker, itself.
    func hear(_ events: [FleetEvent]) {
        guard !events.isEmpty else { return }
        state.withLock { state in
            for event in events {
                state.journal.append(event, isOwn: false) { identifiers.next(at: clock.now()) }
            }
            for follower in state.followers.values { follower.yield() }
        }
    }

    /// Whether an event has its name from this process.
    func made(_ id: EventID) -> Bool { identifiers.made(id) }

    /// Whether stored readings are to be kept as events.
    func keepReadings(_ areWanted: Bool) {
        state.withLock { $0.keepsReadings = areWanted }
    }

    /// Whether anybody wants to know of stored readings.
    var isAnybodyAfterReadings: Bool {
        state.withLock { $0.keepsReadings || $0.wasFollowed || !$0.afterReadings.isEmpty }
    }

    /// Tells of stored readings, and keeps that if a webhook wants it.
    func publishReadings(_ drafts: [Draft]) async throws(StoreError) {
        let events = events(of: drafts)
        if state.withLock({ $0.keepsReadings }) { try await store.appendEvents(events) }
        tell(events)
    }

    /// Events from now on, until who listens stops.
    ///
    /// - Parameter wantsReadings: whether stored readings are wanted, which are many.
    public func listen(wantsReadings: Bool = true) -> AsyncStream<FleetEvent> {
        let (stream, sink) = AsyncStream<FleetEvent>.makeStream(bufferingPolicy: .bufferingNewest(Self.mostWaiting))
        let number = state.withLock { state in
            state.lastNumber += 1
            state.sinks[state.lastNumber] = sink
            if wantsReadings { state.afterReadings.insert(state.lastNumber) }
            return state.lastNumber
        }
        sink.onTermination = { [weak self] _ in
            // Called with the lock of the task that was cancelled; who tells it something has ours and waits for that one.
            Task { self?.forgetListener(number) }
        }
        return stream
    }

    /// Follows the events behind a position, or from now on.
    ///
    /// - Parameter position: what was taken last; of an event of long ago the first step is a gap. Of a position that this process
    ///   did not give, what was told shortly before it comes as well: other processes have another order.
    public func follow(after position: EventID? = nil) -> EventFollowing {
        let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (number, place, known, isEnding) = state.withLock { state in
            state.lastNumber += 1
            state.wasFollowed = true
            let isEnding = state.isEnding && !state.isWriting
            if !isEnding { state.followers[state.lastNumber] = signal }
            var known = position ?? state.journal.last
            if !made(known), known >= state.journal.floor { known = EventID.least(at: known.timestamp - Self.stepBack) }
            return (state.lastNumber, state.journal.number(after: known), known, isEnding)
        }
        signal.onTermination = { [weak self] _ in
            // As above: not under the lock of the cancelled task.
            Task { self?.forgetFollower(number) }
        }
        if isEnding { signal.finish() }
        return EventFollowing(self, signals: signals, number: place, position: known)
    }

    private func forgetListener(_ number: Int) {
        state.withLock { state in
            state.sinks[number] = nil
            state.afterReadings.remove(number)
        }
    }

    private func forgetFollower(_ number: Int) {
        _ = state.withLock { $0.followers.removeValue(forKey: number) }
    }

    /// Ends all following, once everything that was announced is told.
    public func endFollowing() {
        let ended = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            state.isEnding = true
            return state.isWriting ? [] : Array(state.followers.values)
        }
        for follower in ended { follower.finish() }
    }

    /// Looks into the journal.
    func withJournal<Value>(_ look: (EventJournal) -> Value) -> Value {
        state.withLock { look($0.journal) }
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
