// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Which meters answer")
struct LinkNewsTests {
    private let first = MeterID("M1"), second = MeterID("M2")

    @Test("Of several gateways each knows the meters whose lines it has")
    func shares() throws {
        let clock = SystemWallClock()
        let news = LinkNews(feed: EventFeed(store: NoEvents(), clock: clock), clock: clock)
        let (first, second) = (try #require(first), try #require(second))
        news.answered(first, share: 0)
        news.refused(second, share: 1)
        #expect(news.counts(held: nil) == [.online: 1, .failing: 1])
        #expect(news.counts(held: [true, false]) == [.online: 1])
        #expect(news.meters(.unknown, among: [first, second], held: [true, false]) == [second])
        #expect(news.reachability(of: first, held: [false, false]) == .unknown)
        #expect(news.reachability(of: second, held: [false, true]) == .failing)
        news.forget(first)
        #expect(news.reachability(of: first, held: nil) == .unknown)
    }
}

/// Takes events and forgets them.
private struct NoEvents: EventStore {
    func appendEvents(_ events: [FleetEvent]) async throws(StoreError) {}

    func events(matching query: EventQuery, limit: Int) async throws(StoreError) -> [FleetEvent] { [] }

    func events(_ ids: [EventID]) async throws(StoreError) -> [FleetEvent] { [] }

    func eventNotices() -> AsyncStream<[EventID]?> { AsyncStream { $0.finish() } }

    func removeEvents(before moment: Timestamp, of type: EventType?, limit: Int) async throws(StoreError) -> Int { 0 }
}
