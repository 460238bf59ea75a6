// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
public import Logging
import Timekeeping

/// Hears of what other gateways over the same database keep as events, so that streams of this one show it.
public struct EventRelay: Sendable {
    /// Events are looked for so long before the newest that was heard of: transactions end in another order than they begin.
    private static let overlap = Duration.seconds(60)
    /// How many events are looked for at once.
    private static let page = 1000

    private let feed: EventFeed
    private let store: any EventStore
    private let clock: any WallClock
    private let logger: Logger

    /// Makes a relay; nothing is heard of before ``run()``.
    public init(gateway: Gateway, logger: Logger) {
        self.init(feed: gateway.events, store: gateway.store, clock: gateway.clock, logger: logger)
    }

    init(feed: EventFeed, store: any EventStore, clock: any WallClock, logger: Logger) {
        self.feed = feed
        self.store = store
        self.clock = clock
        self.logger = logger
    }

    /// Listens until the task is cancelled.
    public func run() async {
        var memory = Memory(begun: clock.now())
        for await notice in store.eventNotices() {
            // What could not be read is looked for with the next notice, however long ago that was.
            if let ids = notice, !memory.owes {
                let others = ids.filter { !feed.made($0) }
                await attempt(&memory) { () async throws(StoreError) in [try await store.events(others)] }
            } else {
                let start = max(memory.begun, min(memory.newest, clock.now()) - Self.overlap)
                await attempt(&memory) { () async throws(StoreError) in try await missed(since: start) }
            }
        }
    }

    private func attempt(
        _ memory: inout Memory,
        _ look: () async throws(StoreError) -> [[FleetEvent]]
    ) async {
        do throws(StoreError) {
            for events in try await look() { memory.hear(events, feed) }
            memory.owes = false
        } catch {
            memory.owes = true
            logger.warning("events of other gateways cannot be read", metadata: ["error": "\(error)"])
        }
    }

    /// What other gateways kept since a moment, page by page.
    private func missed(since start: Timestamp) async throws(StoreError) -> [[FleetEvent]] {
        var pages: [[FleetEvent]] = []
        var start = EventQuery.Start.since(start)
        while true {
            let events = try await store.events(matching: EventQuery(start: start), limit: Self.page)
            pages.append(events.filter { $0.type.isForAll && !feed.made($0.id) })
            guard let last = events.last, events.count == Self.page else { return pages }
            start = .after(last.id)
        }
    }

    /// What was heard of already.
    private struct Memory {
        let begun: Timestamp
        var newest: Timestamp
        /// Whether something was told of that could not be read yet.
        var owes = false
        var heard: Set<EventID> = []

        init(begun: Timestamp) {
            self.begun = begun
            newest = begun
        }

        mutating func hear(_ events: [FleetEvent], _ feed: EventFeed) {
            let new = events.filter { heard.insert($0.id).inserted }
            feed.hear(new)
            newest = new.map(\.id.timestamp).max().map { max($0, newest) } ?? newest
            guard heard.count > 10 * EventRelay.page else { return }
            let end = newest - EventRelay.overlap * 2
            heard = heard.filter { $0.timestamp >= end }
        }
    }
}
