// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Jobs
public import Logging
public import ServiceLifecycle
import Timekeeping

/// Makes a job of each time at which a schedule is due, once among all gateways over one database.
///
/// The job has a key of the schedule and the time, so two gateways that serve the same time make one job, and one that
/// dies between the job and the note in the schedule finds its job again.
public struct Scheduler: Service {
    /// How long until the next look, for schedules that another gateway changed and jobs that others wait for.
    static let pollInterval = Duration.seconds(15)
    /// How many schedules one look into the database gives.
    private static let batch = 200

    let gateway: Gateway
    let logger: Logger

    /// Makes a scheduler; there must be only one per gateway.
    public init(gateway: Gateway, logger: Logger) {
        self.gateway = gateway
        self.logger = logger
    }

    /// Works until graceful shutdown or cancellation.
    public func run() async throws {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wake.yield()
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    await cancelWhenGracefulShutdown {
                        for await _ in gateway.scheduleSignal.changes { wake.yield() }
                    }
                }
                for await _ in wakes {
                    if Task.isShuttingDownGracefully || Task.isCancelled { break }
                    let now = gateway.clock.now()
                    let next = await serveDue()
                    let moment = min(max(next ?? .distant, now + .milliseconds(50)), now + Self.pollInterval)
                    group.addTask {
                        try? await cancelWhenGracefulShutdown { try await gateway.clock.sleep(until: moment) }
                        wake.yield()
                    }
                }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            wake.finish()
        }
    }

    /// Serves everything that is due now; gives the next moment at which something is, if it is known.
    @discardableResult
    func serveDue() async -> Timestamp? {
        var left: Set<ScheduleID> = []
        do throws(StoreError) {
            while !Task.isShuttingDownGracefully {
                let now = gateway.clock.now()
                let found = try await gateway.store.dueSchedules(at: now, limit: Self.batch + left.count)
                let due = found.filter { !left.contains($0.record.id) }
                if due.isEmpty { break }
                for schedule in due where await !serve(schedule, now: now) { left.insert(schedule.record.id) }
            }
            // What is left over is looked at again at the next poll.
            return try await gateway.store.nextScheduleMoment(after: gateway.clock.now())
        } catch {
            logger.error("cannot look for schedules that are due", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Serves one schedule; false when it is to be left for the next look.
    private func serve(_ schedule: StoredSchedule, now: Timestamp) async -> Bool {
        do throws(GatewayError) {
            let service = ScheduleService(gateway: gateway, schedule: schedule, now: now)
            guard let state = try await service.serve() else { return false }
            _ = try await settle(schedule, state)
            return state.waiting == nil || state.nextDue != schedule.state.nextDue
        } catch {
            logger.error(
                "a schedule could not be served",
                metadata: ["schedule": "\(schedule.record.id)", "error": "\(error)"]
            )
            guard !error.isRetryable, let due = schedule.state.nextDue else { return false }
            // Nothing will change by itself, so the schedule goes on with its next time.
            var state = schedule.state
            state.missed += 1
            state.waiting = nil
            if due <= now { state.nextDue = schedule.record.configuration.nextDue(after: due) }
            _ = try? await settle(schedule, state)
            return false
        }
    }

    private func settle(_ schedule: StoredSchedule, _ state: ScheduleState) async throws(GatewayError) -> Bool {
        do throws(StoreError) {
            guard try await gateway.store.settleSchedule(schedule.record.id, from: schedule.state, to: state) else {
                return false
            }
            if state.missed > schedule.state.missed {
                var data = JSONObject()
                data["schedule"] = .string("\(schedule.record.id)")
                data["missed"] = .integer(state.missed - schedule.state.missed)
                data["since"] = schedule.state.nextDue.map { .string($0.rfc3339) } ?? .null
                data["next"] = state.nextDue.map { .string($0.rfc3339) } ?? .null
                gateway.events.announce([EventFeed.Draft(.scheduleMissed, data: data)])
            }
            return true
        } catch {
            throw GatewayError(error)
        }
    }
}

extension Timestamp {
    /// Later than everything that matters.
    fileprivate static let distant = Timestamp(microseconds: .max)
}
