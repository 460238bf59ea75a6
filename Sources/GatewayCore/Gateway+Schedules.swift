// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText
public import Jobs
import Recurrence
import Timekeeping

/// Schedules.
extension Gateway {
    /// A page of schedules.
    public func schedulePage(after cursor: String?, limit: Int) async throws(GatewayError) -> Page<StoredSchedule> {
        try await translating(await store.schedules(after: cursor, limit: limit))
    }

    /// The schedule with this id.
    public func schedule(_ id: String) async throws(GatewayError) -> StoredSchedule {
        guard let key = ScheduleID(id) else { throw .notFound(what: "schedule \(id)") }
        if let found = try await translating(await store.schedule(key)) { return found }
        throw .notFound(what: "schedule \(id)")
    }

    /// Makes or replaces a schedule.
    ///
    /// - Throws: ``Fleet/GatewayError/badRecurrence(reason:column:hint:)``, ``Fleet/GatewayError/meterUnknown(text:)``,
    ///   ``Fleet/GatewayError/notFound(what:)`` for a group or set of readings.
    public func putSchedule(
        _ id: ScheduleID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<StoredSchedule> {
        let now = clock.now()
        let configuration: ScheduleConfiguration
        do throws(ScheduleFault) {
            configuration = try ScheduleConfiguration(document, now: now)
        } catch {
            throw GatewayError(error)
        }
        _ = try parsed(
            ScheduledOperation(
                configuration.operation,
                at: "/operation",
                allowsSwitching: settings.allowsRecurringOrders
            )
        )
        try await targets.check(configuration.target)
        return try await write(id, configuration, when: precondition, now: now)
    }

    /// Removes a schedule; its jobs stay.
    public func deleteSchedule(_ id: String, when precondition: WritePrecondition) async throws(GatewayError) {
        let found = try await schedule(id)
        _ = try await translating(await store.deleteSchedule(found.record.id, when: precondition))
        scheduleSignal.raise()
    }

    /// Pauses a schedule, or puts it in force again from now on; what it was due meanwhile is not made up for.
    public func setSchedule(_ id: String, isEnabled: Bool) async throws(GatewayError) -> StoredSchedule {
        let found = try await schedule(id)
        guard found.record.configuration.isEnabled != isEnabled else { return found }
        var configuration = found.record.configuration
        configuration.isEnabled = isEnabled
        let condition = WritePrecondition.ifRevision([found.record.revision])
        return try await write(found.record.id, configuration, when: condition, now: clock.now()).record
    }

    /// Runs a schedule now, beside its times; nil when it has no meters.
    public func runSchedule(
        _ id: String,
        caller: String,
        traceID: String
    ) async throws(GatewayError) -> JobRecord? {
        let found = try await schedule(id)
        let terms = terms(of: found.record, due: clock.now(), caller: caller, traceID: traceID, key: nil)
        let order = try await order(of: found.record.configuration)
        switch try await submit(order, to: found.record.configuration.target, terms) {
        case .noMeters: return nil
        case .underWay: throw .idempotencyInFlight
        case .stored(let job):
            var state = found.state
            state.lastJob = job.id
            // The job exists; that the schedule does not show it when it changes at this moment does no harm.
            _ = try? await store.settleSchedule(found.record.id, from: found.state, to: state)
            return job
        }
    }

    /// What a schedule did last, as far as its job is still known.
    public func lastRun(of schedule: StoredSchedule) async throws(GatewayError) -> JobRecord? {
        guard let id = schedule.state.lastJob else { return nil }
        return try await translating(await jobs.job(id), job: id.text, operation: "get")
    }

    /// The order that a schedule has for each of its meters.
    public func order(of configuration: ScheduleConfiguration) async throws(GatewayError) -> JobOrder {
        do throws(JSONMemberError) {
            let operation = try ScheduledOperation(
                configuration.operation,
                at: "/operation",
                allowsSwitching: settings.allowsRecurringOrders
            )
            switch operation {
            case .order(let order): return order
            case .readingSet(let id):
                do throws(GatewayError) {
                    return try await order(of: id)
                } catch {
                    throw JSONMemberError(.invalid(expected: "a set of readings: \(error.detail)"), at: "/operation")
                }
            }
        } catch {
            throw .invalidMember(error)
        }
    }

    /// The terms of a job that serves a schedule.
    func terms(
        of schedule: ScheduleRecord,
        due: Timestamp,
        caller: String,
        traceID: String?,
        key: IdempotencyKey?
    ) -> JobTerms {
        let configuration = schedule.configuration
        return JobTerms(
            priority: configuration.priority,
            caller: caller,
            traceID: traceID,
            idempotency: key,
            spread: configuration.jitter.map { JobSpread(from: due, over: $0) },
            expiresAt: configuration.window.map { due + $0 },
            // Within a window there is time for a meter to come back.
            retry: configuration.window == nil ? JobRetry(max: 2) : JobRetry(max: 12)
        )
    }

    private func write(
        _ id: ScheduleID,
        _ configuration: ScheduleConfiguration,
        when precondition: WritePrecondition,
        now: Timestamp
    ) async throws(GatewayError) -> WriteResult<StoredSchedule> {
        do throws(StoreError) {
            let result = try await store.putSchedule(id, configuration, when: precondition) { present in
                // A new name or target does not make it forget what it is due.
                if let present, present.record.configuration.hasSameTimes(as: configuration) {
                    return present.state.nextDue
                }
                return configuration.nextDue(after: now)
            }
            scheduleSignal.raise()
            return result
        } catch {
            if case .referenceUnknown(let what) = error { throw .notFound(what: what) }
            throw GatewayError(error)
        }
    }
}

extension ScheduleConfiguration {
    fileprivate func hasSameTimes(as other: ScheduleConfiguration) -> Bool {
        recurrence == other.recurrence && timeZone == other.timeZone && isEnabled == other.isEnabled
            && validFrom == other.validFrom && validUntil == other.validUntil
    }
}

extension GatewayError {
    /// What callers come to know of a document that is no schedule.
    public init(_ fault: ScheduleFault) {
        switch fault {
        case .member(let error): self = .invalidMember(error)
        case .recurrence(let error):
            self = .badRecurrence(reason: error.reason, column: error.column, hint: error.hint)
        }
    }
}
