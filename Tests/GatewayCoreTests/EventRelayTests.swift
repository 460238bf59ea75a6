// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Logging
import Synchronization
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Events of other gateways", .timeLimit(.minutes(5)))
struct EventRelayTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let clock = FixedClock()
    private let shared = SharedEvents()

    private func feed() -> EventFeed { EventFeed(store: shared, clock: clock, logger: logger) }

    /// Runs the relay of a gateway while something is tried.
    private func relaying(_ feed: EventFeed, _ body: () async throws -> Void) async rethrows {
        let relay = EventRelay(feed: feed, store: shared, clock: clock, logger: logger)
        let running = Task { await relay.run() }
        await shared.awaitListener()
        defer { running.cancel() }
        try await body()
    }

    /// The next events that somebody gets who follows.
    private func next(_ following: EventFollowing) async throws -> [ToldEvent] {
        guard case .events(let told) = try #require(await following.next()) else { throw Unexpected() }
        return told
    }

    @Test func `What one gateway keeps is followed at another one, once and in one order`() async throws {
        let (here, there) = (feed(), feed())
        try await relaying(here) {
            let following = here.follow()
            try await there.publish([.init(.meterAlarm, meter: MeterID("M1"))])
            let first = try await next(following)
            #expect(first.map(\.event.meter) == [MeterID("M1")])
            #expect(first.map(\.event) == shared.kept)
            try await here.publish([.init(.meterAlarm, meter: MeterID("M2"))])
            let second = try await next(following)
            #expect(second.map(\.event.meter) == [MeterID("M2")])
            #expect(first[0].position < second[0].position)
            // Nothing is told again when a notice may have been missed.
            shared.post(nil)
            try await there.publish([.init(.meterAlarm, meter: MeterID("M3"))])
            #expect(try await next(following).map(\.event.meter) == [MeterID("M3")])
        }
    }

    @Test func `What was kept while nothing was heard is found`() async throws {
        let (here, there) = (feed(), feed())
        try await relaying(here) {
            let following = here.follow()
            shared.isDeaf.withLock { $0 = true }
            try await there.publish([.init(.meterAlarm, meter: MeterID("M1"))])
            shared.isDeaf.withLock { $0 = false }
            shared.post(nil)
            #expect(try await next(following).map(\.event.meter) == [MeterID("M1")])
        }
    }

    @Test func `What could not be read when it was told of is found with the next notice`() async throws {
        let (here, there) = (feed(), feed())
        try await relaying(here) {
            let following = here.follow()
            shared.isAway.withLock { $0 = true }
            try await there.publish([.init(.meterAlarm, meter: MeterID("M1"))])
            while shared.refused.load(ordering: .relaxed) == 0 {
                try Task.checkCancellation()
                await Task.yield()
            }
            shared.isAway.withLock { $0 = false }
            try await there.publish([.init(.meterAlarm, meter: MeterID("M2"))])
            var meters: [MeterID?] = []
            while meters.count < 2 { meters += try await next(following).map(\.event.meter) }
            #expect(meters == [MeterID("M1"), MeterID("M2")])
        }
    }

    @Test func `Who listens, such as a broker, is told by the gateway that kept it only`() async throws {
        let (here, there) = (feed(), feed())
        try await relaying(here) {
            let following = here.follow()
            var listener = here.listen().makeAsyncIterator()
            try await there.publish([.init(.meterAlarm, meter: MeterID("M1"))])
            _ = try await next(following)
            try await here.publish([.init(.meterAlarm, meter: MeterID("M2"))])
            #expect(await listener.next()?.meter == MeterID("M2"))
        }
    }

    @Test func `Who comes with the place of another gateway misses nothing that this one told shortly before`()
        async throws
    {
        let (here, there) = (feed(), feed())
        try await relaying(here) {
            let following = here.follow()
            clock.advance(by: .seconds(60))
            try await there.publish([.init(.meterAlarm, meter: MeterID("M1"))])
            _ = try await next(following)
            clock.advance(by: .milliseconds(1))
            try await there.publish([.init(.meterAlarm, meter: MeterID("M2"))])
            _ = try await next(following)
            let comer = here.follow(after: try #require(shared.kept.last).id)
            #expect(try await next(comer).map(\.event.meter) == [MeterID("M1"), MeterID("M2")])
            // A place that was given here is exact.
            let again = here.follow(after: following.position)
            #expect(try await next(again).map(\.event.meter) == [MeterID("M2")])
        }
    }

    private struct Unexpected: Error {}
}

/// The events of gateways over one database, and its notices.
private final class SharedEvents: EventStore {
    let isDeaf = Mutex(false)
    let isAway = Mutex(false)
    let refused = Atomic<Int>(0)
    private let events = Mutex<[FleetEvent]>([])
    private let listeners = Mutex<[AsyncStream<[EventID]?>.Continuation]>([])

    var kept: [FleetEvent] { events.withLock { $0 } }

    func appendEvents(_ events: [FleetEvent]) async throws(StoreError) {
        self.events.withLock { $0 += events }
        if !isDeaf.withLock({ $0 }) { post(events.map(\.id)) }
    }

    func post(_ notice: [EventID]?) {
        for listener in listeners.withLock({ $0 }) { listener.yield(notice) }
    }

    func awaitListener() async {
        while listeners.withLock({ $0.isEmpty }), !Task.isCancelled { await Task.yield() }
    }

    func events(matching query: EventQuery, limit: Int) async throws(StoreError) -> [FleetEvent] {
        guard case .since(let moment) = query.start else { return [] }
        return kept.filter { $0.id >= EventID.least(at: moment) }
    }

    func events(_ ids: [EventID]) async throws(StoreError) -> [FleetEvent] {
        guard !isAway.withLock({ $0 }) else {
            refused.add(1, ordering: .relaxed)
            throw .unavailable(reason: "test")
        }
        return kept.filter { ids.contains($0.id) }
    }

    func eventNotices() -> AsyncStream<[EventID]?> {
        let (stream, continuation) = AsyncStream.makeStream(of: [EventID]?.self)
        continuation.yield(nil)
        listeners.withLock { $0.append(continuation) }
        return stream
    }

    func removeEvents(before moment: Timestamp, of type: EventType?, limit: Int) async throws(StoreError) -> Int { 0 }
}

private final class FixedClock: WallClock {
    private let time = Mutex(Timestamp(seconds: 1_800_000_000))

    func now() -> Timestamp { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }

    func sleep(until deadline: Timestamp) async throws { await Task.yield() }
}
