// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Logging
public import ServiceLifecycle
import Timekeeping

/// Works on jobs: claims executions, hands them to the handler of their kind, keeps the leases and records what came
/// out.
///
/// It wakes when work is added, when an execution ends and when something becomes due, and besides at
/// ``Settings/pollInterval``, for work that another gateway added. On graceful shutdown it claims no more and returns
/// when what it has begun is finished, or ``Settings/shutdownGrace`` is over.
public struct JobRunner: Service {
    /// How the runner works.
    public struct Settings: Hashable, Sendable {
        /// Names this gateway in leases; the same after a restart, different from all other gateways.
        public var holder: String
        /// How many executions run at the same time.
        public var concurrency: Int
        /// How long a lease lasts; it is renewed at every third of it.
        public var lease: Duration
        /// How long at most until the next look for work.
        public var pollInterval: Duration
        /// Whether it takes only what belongs to its shares; see ``ExecutionClaim/onlyOwnShares``.
        public var onlyOwnShares: Bool
        /// How long what has begun may still run when a graceful shutdown begins; what has not ended then is left as a crash
        /// would leave it, for the next start.
        public var shutdownGrace: Duration

        /// Makes settings.
        public init(
            holder: String,
            concurrency: Int = 64,
            lease: Duration = .seconds(60),
            pollInterval: Duration = .seconds(5),
            onlyOwnShares: Bool = false,
            shutdownGrace: Duration = .seconds(30)
        ) {
            self.holder = holder
            self.concurrency = concurrency
            self.lease = lease
            self.pollInterval = pollInterval
            self.onlyOwnShares = onlyOwnShares
            self.shutdownGrace = shutdownGrace
        }
    }

    /// How long to leave a store alone that does not answer.
    private static let storePause = Duration.seconds(1)

    private let queue: JobQueue
    private let handlers: [JobKind: any JobHandler]
    private let settings: Settings
    private let logger: Logger
    private let running: RunningExecutions
    private let settlements: SettlementDesk

    /// Makes a runner; there must be only one per queue.
    public init(queue: JobQueue, handlers: [JobKind: any JobHandler], settings: Settings, logger: Logger) {
        self.queue = queue
        self.handlers = handlers
        self.settings = settings
        self.logger = logger
        running = RunningExecutions(at: queue.clock.now())
        settlements = SettlementDesk(store: queue.store, holder: settings.holder)
    }

    /// Works until graceful shutdown or cancellation.
    public func run() async throws {
        await recover()
        let begun = clock.now()
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wake.yield()
        await withGracefulShutdownHandler {
            // The helpers outlive the executions: leases are renewed until the last one has ended.
            await withDiscardingTaskGroup { helpers in
                helpers.addTask { await self.renewLeases(since: begun) }
                helpers.addTask { await self.forwardSignals(to: wake) }
                await self.work(on: wakes, wake: wake)
                helpers.cancelAll()
            }
        } onGracefulShutdown: {
            wake.finish()
        }
    }

    private var clock: any WallClock { queue.clock }

    private func recover() async {
        do throws(JobStoreError) {
            let jobs = try await queue.store.recover(holder: settings.holder, now: clock.now())
            if !jobs.isEmpty { logger.notice("took back leases", metadata: ["jobs": "\(jobs.count)"]) }
            await queue.publish(jobs)
        } catch {
            // The leases lapse by themselves later.
            logger.error("cannot take back leases", metadata: ["error": "\(error)"])
        }
    }

    private func work(on wakes: AsyncStream<Void>, wake: AsyncStream<Void>.Continuation) async {
        await withDiscardingTaskGroup { group in
            var alarms = AlarmClock()
            for await _ in wakes {
                // A wake-up from just before the shutdown may still be in the stream.
                if Task.isShuttingDownGracefully { break }
                let next = await beginDueExecutions { claimed, context in
                    group.addTask {
                        await self.perform(claimed, in: context)
                        wake.yield()
                    }
                }
                guard let moment = alarms.arm(at: next, now: clock.now()) else { continue }
                group.addTask { [clock] in
                    // Ends early on graceful shutdown, so as not to hold it up.
                    try? await cancelWhenGracefulShutdown { try await clock.sleep(until: moment) }
                    wake.yield()
                }
            }
            await leaveTimeToEnd()
            group.cancelAll()
        }
    }

    /// Returns when nothing runs any more, or when its time is over.
    private func leaveTimeToEnd() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [running] in await running.untilNone() }
            group.addTask { [settings] in try? await Task.sleep(for: settings.shutdownGrace) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Claims and begins what may begin now; gives the moment of the next look.
    private func beginDueExecutions(
        _ begin: (ClaimedExecution, ExecutionContext) -> Void
    ) async -> Timestamp {
        let now = clock.now()
        let latest = now + settings.pollInterval
        do throws(JobStoreError) {
            // After a standstill the leases of what runs here have lapsed; they are not to be taken back from ourselves.
            if await running.renewedAt + settings.lease / 2 <= now { try await renew() }
            await queue.publish(try await queue.store.advance(now: now))
            var free = settings.concurrency - (await running.count)
            while free > 0 {
                let claim = ExecutionClaim(
                    holder: settings.holder,
                    limit: min(free, 50),
                    now: now,
                    leaseUntil: now + settings.lease,
                    onlyOwnShares: settings.onlyOwnShares
                )
                let batch = try await queue.store.claim(claim)
                if batch.isEmpty { break }
                free -= batch.count
                for claimed in batch {
                    let context = context(of: claimed, now: now)
                    await running.add(claimed.execution.held, context)
                    begin(claimed, context)
                }
                await queue.publish(batch.map(\.job))
            }
            return min(try await queue.store.nextMoment(after: now) ?? latest, latest)
        } catch {
            logger.error("cannot look for work", metadata: ["error": "\(error)"])
            return latest
        }
    }

    private func context(of claimed: ClaimedExecution, now: Timestamp) -> ExecutionContext {
        let deadline = claimed.job.specification.limits.perTargetTimeout.map { now + $0 }
        return ExecutionContext(
            deadline: deadline,
            permit: { [queue, settings, logger] progress in
                do throws(JobStoreError) {
                    return try await queue.store.permitTransmission(
                        claimed.execution.held,
                        holder: settings.holder,
                        progress: progress,
                        now: queue.clock.now()
                    )
                } catch {
                    logger.error("cannot record a transmission", metadata: ["error": "\(error)"])
                    return .leaseLost
                }
            },
            report: { [queue, settings, logger] progress in
                do throws(JobStoreError) {
                    try await queue.store.report(progress, of: claimed.execution.held, holder: settings.holder)
                } catch {
                    // Nobody acts on it; the work goes on.
                    logger.debug("cannot keep the progress of an execution", metadata: ["error": "\(error)"])
                }
            }
        )
    }

    private func perform(_ claimed: ClaimedExecution, in context: ExecutionContext) async {
        let outcome: ExecutionOutcome
        if let handler = handlers[claimed.job.specification.kind] {
            outcome = await handler.execute(claimed.execution, of: claimed.job, in: context)
        } else {
            outcome = .failed(
                ExecutionProblem(name: "internal", plainDetail: "This gateway does not do work of this kind.")
            )
        }
        // Cut off by the end of the process: what came of it is not known here, and found out at the next start.
        if !Task.isCancelled {
            await record(outcome, of: claimed, in: context)
        }
        await running.remove(claimed.execution.held)
    }

    private func record(
        _ outcome: ExecutionOutcome,
        of claimed: ClaimedExecution,
        in context: ExecutionContext
    ) async {
        let now = clock.now()
        guard let change = outcome.change(for: claimed, in: context, now: now) else { return }
        do throws(JobStoreError) {
            await queue.publish([try await settle(claimed.execution.held, as: change, now: now)])
        } catch {
            // The lease lapses and the execution is taken up again, by reading if something was sent.
            logger.error(
                "cannot record an outcome",
                metadata: [
                    "job": "\(claimed.job.id)", "target": "\(claimed.execution.target)", "error": "\(error)",
                ]
            )
        }
    }

    /// Records an outcome; while the store is away, tries again for as long as the lease may last.
    private func settle(
        _ execution: HeldExecution,
        as change: ExecutionChange,
        now: Timestamp
    ) async throws(JobStoreError) -> JobRecord {
        var mayBeRecorded = false
        while true {
            do throws(JobStoreError) {
                return try await settlements.settle(ExecutionSettlement(execution, as: change), at: now)
            } catch {
                // Of a try whose answer was lost it is not known whether it was recorded; the next one finds out.
                if error == .leaseLost, mayBeRecorded, let job = try await jobThatRecorded(execution) { return job }
                guard case .unavailable = error, clock.now() < now + settings.lease else { throw error }
                mayBeRecorded = true
                guard (try? await clock.sleep(until: clock.now() + Self.storePause)) != nil else { throw error }
            }
        }
    }

    /// The job of an execution whose outcome was recorded for this claim; nil when it was taken back or runs again.
    private func jobThatRecorded(_ held: HeldExecution) async throws(JobStoreError) -> JobRecord? {
        let found = try await queue.store.executions(
            of: held.id.job,
            in: nil,
            after: held.id.ordinal - 1,
            limit: 1
        )
        guard let execution = found.first, execution.held == held else { return nil }
        guard execution.state != .running, execution.state != .queued else { return nil }
        return try await queue.store.job(held.id.job)
    }

    /// Renews at fixed moments, so that a renewal that comes late does not put off the next one.
    private func renewLeases(since begun: Timestamp) async {
        var next = begun
        while true {
            next = next + settings.lease / 3
            do {
                try await clock.sleep(until: next)
            } catch {
                return
            }
            do throws(JobStoreError) {
                try await renew()
            } catch {
                logger.error("cannot renew leases", metadata: ["error": "\(error)"])
            }
        }
    }

    private func renew() async throws(JobStoreError) {
        let held = await running.held
        let now = clock.now()
        var renewed: Set<HeldExecution> = []
        if !held.isEmpty {
            renewed = try await queue.store.renew(held, holder: settings.holder, until: now + settings.lease)
        }
        await running.noteRenewal(at: now, lost: held.subtracting(renewed))
    }

    private func forwardSignals(to wake: AsyncStream<Void>.Continuation) async {
        for await signal in queue.signals {
            if case .cancelled(let job) = signal { await running.requestCancel(ofJob: job) }
            wake.yield()
        }
    }
}
