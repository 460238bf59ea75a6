// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import Logging
import Synchronization
import Testing
import Timekeeping

@Suite("The feed of events", .timeLimit(.minutes(5)))
struct EventFeedTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `Events that the store does not take for a while are told at once and kept when it is back`()
        async throws
    {
        let store = MoodyEventStore()
        let clock = JumpingClock(at: Timestamp(seconds: 1_800_000_000))
        let feed = EventFeed(store: store, clock: clock, logger: logger)
        store.isAway.withLock { $0 = true }
        var told = feed.listen().makeAsyncIterator()
        feed.announce([.init(.meterAlarm, meter: MeterID("M1"))])
        let first = try #require(await told.next())
        while store.refused.load(ordering: .relaxed) < 3 { await Task.yield() }
        // What comes meanwhile waits behind it.
        feed.announce([.init(.meterAlarm, meter: MeterID("M2"))])
        clock.advance(by: .seconds(60))
        store.isAway.withLock { $0 = false }
        #expect(await told.next()?.meter == MeterID("M2"))
        let kept = store.kept.withLock { $0 }
        #expect(kept.map { $0.meter } == [MeterID("M1"), MeterID("M2")])
        #expect(kept[0].at == first.at)
        #expect(kept[0].id.timestamp > first.id.timestamp, "who read on meanwhile would pass over the first name")
    }

    @Test func `What a store will never take is not tried for ever`() async throws {
        let store = MoodyEventStore()
        let clock = JumpingClock(at: Timestamp(seconds: 1_800_000_000))
        let feed = EventFeed(store: store, clock: clock, logger: logger)
        store.isBroken.withLock { $0 = true }
        var told = feed.listen().makeAsyncIterator()
        feed.announce([.init(.meterAlarm, meter: MeterID("M1"))])
        #expect(await told.next() != nil)
        store.isBroken.withLock { $0 = false }
        feed.announce([.init(.meterAlarm, meter: MeterID("M2"))])
        #expect(await told.next() != nil)
        #expect(store.kept.withLock { $0.map { $0.meter } } == [MeterID("M2")])
    }
}

/// Keeps events when it likes to.
private final class MoodyEventStore: EventStore {
    let isAway = Mutex(false)
    let isBroken = Mutex(false)
    let kept = Mutex<[FleetEvent]>([])
    let refused = Atomic<Int>(0)

    func appendEvents(_ events: [FleetEvent]) async throws(StoreError) {
        if isBroken.withLock({ $0 }) { throw .damaged(record: "x", reason: "test") }
        guard !isAway.withLock({ $0 }) else {
            refused.add(1, ordering: .relaxed)
            throw .unavailable(reason: "test")
        }
        kept.withLock { $0 += events }
    }

    func events(matching query: EventQuery, limit: Int) async throws(StoreError) -> [FleetEvent] { [] }

    func events(_ ids: [EventID]) async throws(StoreError) -> [FleetEvent] { [] }

    func eventNotices() -> AsyncStream<[EventID]?> { AsyncStream { $0.finish() } }

    func removeEvents(before moment: Timestamp, of type: EventType?, limit: Int) async throws(StoreError) -> Int { 0 }
}

/// A clock on which waiting takes no time.
private final class JumpingClock: WallClock {
    private let time: Mutex<Timestamp>

    init(at start: Timestamp) { time = Mutex(start) }

    func now() -> Timestamp { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }

    func sleep(until deadline: Timestamp) async throws {
        time.withLock { $0 = max($0, deadline) }
        await Task.yield()
    }
}
