// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Jobs
public import Logging
public import ServiceLifecycle
import Timekeeping

/// Looks for what profiles lack and has it fetched, a bounded number of meters at a time and behind all other work.
///
/// Several gateways on one database share the work: the store hands each profile out once.
public struct RecoveryService: Service {
    /// How eagerly gaps are filled.
    public struct Settings: Hashable, Sendable {
        /// How often it looks.
        public var interval: Duration
        /// How many meters are asked at once at the most, by all jobs of this kind that are open.
        public var mostMeters: Int
        /// How long after the end of a local day what it lacks is asked for; schedules have until then.
        public var dayGrace: Duration
        /// How long after a first attempt the second one comes; doubled for each further one, up to 16 times.
        public var pause: Duration

        /// Makes settings.
        public init(
            interval: Duration = .seconds(60),
            mostMeters: Int = 500,
            dayGrace: Duration = .seconds(3 * 3600),
            pause: Duration = .seconds(3600)
        ) {
            self.interval = interval
            self.mostMeters = mostMeters
            self.dayGrace = dayGrace
            self.pause = pause
        }
    }

    /// Work of this priority yields to everything that somebody asked for or that is due.
    static let priority: UInt8 = 1

    private let gateway: Gateway
    private let settings: Settings
    private let logger: Logger

    /// Makes the service of one gateway.
    public init(gateway: Gateway, settings: Settings = Settings(), logger: Logger) {
        self.gateway = gateway
        self.settings = settings
        self.logger = logger
    }

    /// Looks again and again until graceful shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(GatewayError) {
                    _ = try await look()
                } catch {
                    // The database is away for a moment; the next look finds the same gaps.
                    logger.warning("cannot look for gaps", metadata: ["error": "\(error.detail)"])
                }
                do {
                    try await gateway.clock.sleep(until: gateway.clock.now() + settings.interval)
                } catch {
                    return
                }
            }
        }
    }

    /// Closes days that are over and hands out what is due.
    ///
    /// - Returns: the job that asks the meters; nil when nothing was due.
    @discardableResult
    public func look() async throws(GatewayError) -> JobRecord? {
        do throws(StoreError) {
            do throws(StoreError) {
                try await closeDays()
            } catch {
                // What is known to be missing is asked for all the same.
                logger.warning("cannot close the days that are over", metadata: ["error": "\(error)"])
            }
            let open = try await openMeters()
            guard open < settings.mostMeters else { return nil }
            let due = try await gateway.store.claimRecoveries(
                now: gateway.clock.now(),
                limit: settings.mostMeters - open,
                pause: settings.pause
            )
            let meters = Set(due.map(\.meter)).sorted().map(\.text)
            guard !meters.isEmpty else { return nil }
            return try await submit(meters)
        } catch {
            throw GatewayError(error)
        }
    }

    /// Writes down all local days that are over, zone by zone.
    private func closeDays() async throws(StoreError) {
        let now = gateway.clock.now()
        for found in try await gateway.store.ledgersToClose() {
            var kind = found
            guard let rules = ZoneInfo.named(kind.zone),
                let calendar = CaptureCalendar(
                    period: kind.capturePeriod,
                    billing: kind.billingDay,
                    rules: rules
                )
            else { continue }
            let today = calendar.today(at: now - LedgerBook.grace)
            // After a long time without a gateway, days are closed as far back as anything can be recovered.
            var day = calendar.day(after: max(kind.closedDay, today - Self.mostDays(kind) - 1))
            while day < today {
                let slots = calendar.slots(of: day)
                let due = slots.instants.indices.last.map(slots.due) ?? slots.end
                let missing = try await gateway.store.closeDay(
                    day,
                    of: kind,
                    expected: slots.count,
                    recoverAt: max(now, Timestamp(seconds: due) + settings.dayGrace)
                )
                if missing > 0 {
                    logger.info(
                        "a day is over that profiles have nothing of",
                        metadata: ["profiles": "\(missing)", "zone": "\(kind.zone)", "day": "\(day)"]
                    )
                }
                kind.closedDay = day
                day = calendar.day(after: day)
            }
        }
    }

    /// How many days back a gateway that was away closes.
    private static func mostDays(_ kind: LedgerKind) -> Int {
        Int(Gateway.recoveryTime(kind.billingDay) / .seconds(86_400))
    }

    /// How many meters jobs of this kind are still to ask.
    private func openMeters() async throws(StoreError) -> Int {
        let query = JobQuery(states: [.queued, .running], kind: .gapRecovery)
        do throws(JobStoreError) {
            return try await gateway.jobs.jobs(matching: query, limit: 100)
                .reduce(0) { $0 + $1.progress.total - $1.progress.done }
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }

    private func submit(_ meters: [String]) async throws(StoreError) -> JobRecord {
        let specification = JobSpecification(
            kind: .gapRecovery,
            payload: JobOrder.gapRecovery(profile: nil, association: nil).document.octets,
            createdBy: "gap ledger",
            priority: Self.priority,
            // What fails is due again by the ledger, at longer and longer intervals.
            retry: JobRetry(max: 0),
            expiresAt: gateway.clock.now() + settings.pause
        )
        do throws(JobStoreError) {
            return try await gateway.jobs.submit(specification, targets: meters).job
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }
}
