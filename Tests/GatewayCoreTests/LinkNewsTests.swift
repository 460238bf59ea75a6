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
        let news = news()
        let (first, second) = (try #require(first), try #require(second))
        news.answered(first, share: 0)
        news.refused(second, share: 1)
        #expect(news.counts(held: nil) == [.online: 1, .failing: 1])
        #expect(news.counts(held: [true, false]) == [.online: 1])
        #expect(news.meters(.unknown, among: [first, second], held: [true, false]) == [second])
        #expect(news.reachability(of: first, held: [false, false]) == .unknown)
        #expect(news.reachability(of: second, held: [false, true]) == .failing)
        news.forget(first, isRemoved: false)
        #expect(news.reachability(of: first, held: nil) == .unknown)
    }

    private func news() -> LinkNews {
        let clock = SystemWallClock()
        return LinkNews(feed: EventFeed(store: NoEvents(), clock: clock), clock: clock)
    }

    private func fail(_ news: LinkNews, _ meter: MeterID, share: Int, isPresent: Bool = true) {
        let error = GatewayError.meterUnknown(text: meter.text)
        news.failed(meter, share: share, because: error, pausedUntil: nil, while: isPresent)
    }

    @Test("What is found after a meter was forgotten is not noted")
    func late() throws {
        let (news, meter) = (news(), try #require(first))
        news.answered(meter, share: 0, while: false)
        news.refused(meter, share: 0, while: false)
        fail(news, meter, share: 0, isPresent: false)
        #expect(news.counts(held: nil).isEmpty)
    }

    @Test("A meter takes nothing over from a removed one of its name, but is told to be back when it was only changed")
    func absence() throws {
        let (news, meter) = (news(), try #require(first))
        fail(news, meter, share: 0)
        #expect(news.reachability(of: meter, held: nil) == .offline)
        news.forget(meter, isRemoved: false)
        #expect(news.isAbsent(meter) && news.counts(held: nil).isEmpty)
        news.forget(meter, isRemoved: true)
        #expect(!news.isAbsent(meter))
        fail(news, meter, share: 0)
        news.forgetAll()
        #expect(news.isAbsent(meter) && news.counts(held: nil).isEmpty)
    }

    @Test("What was found on lines that were given up does not come back with them, the rest stays")
    func givenUp() throws {
        let news = news()
        let (first, second) = (try #require(first), try #require(second))
        fail(news, first, share: 0)
        news.answered(second, share: 1)
        news.forgetAll(shares: [0])
        #expect(news.counts(held: [true, true]) == [.online: 1])
        #expect(!news.isAbsent(first))
        #expect(news.reachability(of: second, held: nil) == .online)
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
