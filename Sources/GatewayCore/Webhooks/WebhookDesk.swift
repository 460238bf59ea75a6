// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
public import Logging
import Synchronization
import Timekeeping

/// Tells webhooks of events: makes a delivery of each event that one wants, and sees to it that it arrives.
///
/// Both are in the store, so that nothing is lost when the gateway ends. Of several gateways one makes deliveries, of which
/// the store keeps one for each event, and each takes deliveries, which the others then leave alone for a while.
public final class WebhookDesk: Sendable {
    /// So many events are looked at in one piece.
    private static let eventsInPiece = 500
    /// Events are looked at again for so long, because one with an earlier identifier may have been kept later.
    private static let overlap = Duration.seconds(30)
    /// How long one that delivers is left alone.
    private static let lease = Duration.seconds(120)
    /// Tries at once in this gateway, and of one webhook.
    private static let mostAtOnce = 16
    private static let mostOfOne = 4
    /// How often the store is asked for what is due, and how often at most while events come.
    private static let period = Duration.seconds(2)
    private static let pause = Duration.milliseconds(200)
    private static let removedAtOnce = 5000
    private static let share = 0
    private static let sweepPeriod = Duration.seconds(3600)

    /// What was seen of the events that are looked at again.
    private struct Look {
        /// When all of the overlap was looked at last.
        var wasWholeAt: Timestamp?
        var seen: Set<EventID> = []
    }

    private let gateway: Gateway
    private let retention: Duration
    private let logger: Logger
    private let identifiers = TimeOrderedIDGenerator<WebhookDelivery>()
    private let underWay = Mutex<[WebhookID: Int]>([:])
    private let looks = Mutex<[WebhookID: Look]>([:])
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Makes a desk.
    ///
    /// - Parameter retention: how long deliveries are kept that came to an end.
    public init(gateway: Gateway, retention: Duration = .seconds(7 * 86_400), logger: Logger) {
        self.gateway = gateway
        self.retention = retention
        self.logger = logger
    }

    /// Tells webhooks until the task is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in self.gateway.events.listen(wantsReadings: false) { self.wake.yield() }
            }
            group.addTask {
                while !Task.isCancelled {
                    self.wake.yield()
                    try? await self.gateway.clock.sleep(until: self.gateway.clock.now() + Self.period)
                }
                self.wake.finish()
            }
            group.addTask { await self.sweep() }
            for await _ in wakes {
                guard !Task.isCancelled else { break }
                await gather()
                for delivery in await claim() {
                    group.addTask {
                        await self.attempt(delivery)
                        // There may be more than was taken at once.
                        self.wake.yield()
                    }
                }
                try? await gateway.clock.sleep(until: gateway.clock.now() + Self.pause)
            }
        }
    }

    /// Makes deliveries of what has happened since it was done last.
    public func gather() async {
        // One of several gateways does it: the one that has this share of the lines.
        let isOurs = gateway.cluster.map { $0.shares.holds(Self.share) } ?? true
        do throws(StoreError) {
            var cursor: String?
            var wantsReadings = false
            var present: Set<WebhookID> = []
            repeat {
                let page = try await gateway.store.webhooks(after: cursor, limit: 100)
                for webhook in page.items where webhook.configuration.isEnabled {
                    present.insert(webhook.id)
                    if webhook.configuration.wants(.readingStored) { wantsReadings = true }
                    if isOurs { try await gather(webhook) }
                }
                cursor = page.next
            } while cursor != nil
            looks.withLock { looks in looks = looks.filter { present.contains($0.key) } }
            gateway.events.keepReadings(wantsReadings)
        } catch {
            logger.error("cannot make deliveries to webhooks", metadata: ["error": "\(error)"])
        }
    }

    /// Tries everything that is due, and returns when that is done.
    public func deliverDue() async {
        await withDiscardingTaskGroup { group in
            for delivery in await claim() { group.addTask { await self.attempt(delivery) } }
        }
    }

    private func gather(_ webhook: WebhookRecord) async throws(StoreError) {
        guard let mark = try await gateway.store.webhookMark(webhook.id) else { return }
        let now = gateway.clock.now()
        var look = looks.withLock { $0[webhook.id] } ?? Look()
        // Most looks go on where the last one ended; what was kept late is found a little later.
        let isWhole = look.wasWholeAt.map { $0 + Self.period <= now } ?? true
        let start = max(mark.timestamp - Self.overlap, webhook.createdAt)
        var query = EventQuery(start: isWhole ? .since(start) : .after(mark), types: webhook.configuration.types)
        while true {
            let events = try await gateway.store.events(matching: query, limit: Self.eventsInPiece)
            guard let last = events.last else { break }
            let new = events.filter { webhook.configuration.wants($0.type) && !look.seen.contains($0.id) }
            var deliveries: [WebhookDelivery] = []
            for event in new where try await concerns(event, webhook) {
                let now = gateway.clock.now()
                deliveries.append(
                    WebhookDelivery(of: event, to: webhook.id, id: identifiers.next(at: now), now: now)
                )
            }
            if !deliveries.isEmpty || last.id > mark {
                _ = try await gateway.store.addDeliveries(deliveries, of: webhook.id, upTo: last.id)
            }
            look.seen.formUnion(new.map(\.id))
            guard events.count == Self.eventsInPiece else { break }
            query.start = .after(last.id)
        }
        if isWhole {
            look.wasWholeAt = now
            look.seen = look.seen.filter { $0.timestamp >= start }
        }
        looks.withLock { [look] in $0[webhook.id] = look }
    }

    private func concerns(_ event: FleetEvent, _ webhook: WebhookRecord) async throws(StoreError) -> Bool {
        guard let target = webhook.configuration.target else { return true }
        guard let meter = event.meter else { return false }
        switch target {
        case .meters(let meters): return meters.contains(meter)
        case .selector(let selector): return try await hasLabels(meter, selector)
        case .group(let id):
            guard let group = try await gateway.store.meterGroup(id) else { return false }
            if let selector = group.configuration.selector { return try await hasLabels(meter, selector) }
            return try await gateway.store.isListed(meter, in: id)
        }
    }

    private func hasLabels(_ meter: MeterID, _ selector: LabelSelector) async throws(StoreError) -> Bool {
        guard let record = try await gateway.store.meter(meter) else { return false }
        return selector.matches(record.configuration.labels)
    }

    private func claim() async -> [WebhookDelivery] {
        let busy = underWay.withLock { $0 }
        let count = busy.values.reduce(0, +)
        guard gateway.courier != nil, count < Self.mostAtOnce else { return [] }
        do throws(StoreError) {
            let claimed = try await gateway.store.claimDeliveries(
                at: gateway.clock.now(),
                lease: Self.lease,
                underWay: busy,
                mostOfOne: Self.mostOfOne,
                limit: Self.mostAtOnce - count
            )
            underWay.withLock { underWay in
                for delivery in claimed { underWay[delivery.webhook, default: 0] += 1 }
            }
            return claimed
        } catch {
            logger.error("cannot look for deliveries to webhooks", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func attempt(_ delivery: WebhookDelivery) async {
        _ = await gateway.attempt(delivery, logger: logger)
        underWay.withLock { underWay in
            let left = underWay[delivery.webhook, default: 1] - 1
            underWay[delivery.webhook] = left > 0 ? left : nil
        }
    }

    private func sweep() async {
        while !Task.isCancelled {
            do throws(StoreError) {
                let end = gateway.clock.now() - retention
                while try await gateway.store.removeDeliveries(
                    before: end,
                    overlap: Self.overlap,
                    limit: Self.removedAtOnce
                ) >= Self.removedAtOnce {}
            } catch {
                logger.error("old deliveries could not be forgotten", metadata: ["error": "\(error)"])
            }
            try? await gateway.clock.sleep(until: gateway.clock.now() + Self.sweepPeriod)
        }
    }
}
