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
            do throws(StoreError) {
                if let ids = notice {
                    memory.hear(try await store.events(ids.filter { !feed.made($0) }), feed)
                } else {
                    try await lookAgain(&memory)
                }
            } catch {
                // The listener is told to look again when the database is back.
                logger.warning("events of other gateways cannot be read", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Looks for what may have been missed.
    private func lookAgain(_ memory: inout Memory) async throws(StoreError) {
        var start = EventQuery.Start.since(max(memory.begun, memory.newest - Self.overlap))
        while true {
            let events = try await store.events(matching: EventQuery(start: start), limit: Self.page)
            memory.hear(events.filter { $0.type.isForAll && !feed.made($0.id) }, feed)
            guard let last = events.last, events.count == Self.page else { return }
            start = .after(last.id)
        }
    }

    /// What was heard of already.
    private struct Memory {
        let begun: Timestamp
        var newest: Timestamp
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
