// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs
import Timekeeping

/// Serves one schedule at one moment: decides what becomes of its due time and makes the job.
struct ScheduleService {
    /// How late a time may be served without counting as missed.
    static let grace = Duration.seconds(60)
    /// How long the key of a job is kept, for a gateway that died before it noted the job.
    private static let memory = Duration.seconds(30 * 86_400)

    let gateway: Gateway
    let schedule: StoredSchedule
    let now: Timestamp

    private var configuration: ScheduleConfiguration { schedule.record.configuration }

    /// Serves the time that waits, or the one that is due; gives the state that follows, nil when nothing can be done yet.
    func serve() async throws(GatewayError) -> ScheduleState? {
        var state = schedule.state
        if let waiting = state.waiting, try await !isPreviousRunning(state) {
            state.waiting = nil
            return try await fire(waiting, &state) ? state : nil
        }
        guard let due = state.nextDue, due <= now else { return nil }
        // One that was begun before a crash is always taken up again.
        let isBegun = try await isBegun(due)
        if now - due > Self.grace, !isBegun, makeUp(due, &state) { return state }
        state.nextDue = configuration.nextDue(after: due)
        if !isBegun, try await isPreviousRunning(state) {
            switch configuration.overlap {
            case .skip:
                state.skipped += 1
                return state
            case .queue:
                if state.waiting != nil { state.skipped += 1 }
                state.waiting = due
                return state
            case .cancelPrevious:
                if let previous = state.lastJob {
                    do throws(GatewayError) {
                        _ = try await gateway.steerJob(previous.text, .cancel)
                    } catch {
                        // It may have finished meanwhile.
                        guard case .wrongState = error else { throw error }
                    }
                }
            }
        }
        return try await fire(due, &state) ? state : nil
    }

    /// Decides about a time that passed long ago; true when the state says all and no job is to be made of it.
    private func makeUp(_ due: Timestamp, _ state: inout ScheduleState) -> Bool {
        switch configuration.misfire {
        case .runAll: return isOver(due) ? pass(due, &state) : false
        case .runOnce:
            guard let next = configuration.nextDue(after: due), next <= now else {
                return isOver(due) ? pass(due, &state) : false
            }
            return pass(due, &state)
        case .skip: return pass(due, &state)
        }
    }

    /// Counts a time, and all that follow and would be counted too, as missed.
    private func pass(_ due: Timestamp, _ state: inout ScheduleState) -> Bool {
        var next: Timestamp? = due
        while let moment = next, moment <= now {
            let following = configuration.nextDue(after: moment)
            let isKept =
                switch configuration.misfire {
                case .runAll: !isOver(moment)
                case .runOnce: !isOver(moment) && following.map { $0 > now } != false
                case .skip: now - moment <= Self.grace
                }
            if isKept { break }
            state.missed += 1
            next = following
        }
        state.nextDue = next
        return true
    }

    /// Whether its window has passed.
    private func isOver(_ due: Timestamp) -> Bool {
        configuration.window.map { due + $0 <= now } ?? false
    }

    /// Makes the job; false when another gateway is at it.
    private func fire(_ due: Timestamp, _ state: inout ScheduleState) async throws(GatewayError) -> Bool {
        let terms = gateway.terms(
            of: schedule.record,
            due: due,
            caller: "schedule \(schedule.record.id)",
            traceID: nil,
            key: IdempotencyKey(key: key(of: due), bodyDigest: "schedule", expiresAt: now + Self.memory)
        )
        let order = try await gateway.order(of: configuration)
        switch try await gateway.submit(order, to: configuration.target, terms) {
        case .stored(let job): state.lastJob = job.id
        case .noMeters: state.empty += 1
        case .underWay: return false
        }
        state.lastDue = due
        return true
    }

    private func key(of due: Timestamp) -> String { "schedule/\(schedule.record.id)/\(due.microseconds)" }

    private func isBegun(_ due: Timestamp) async throws(GatewayError) -> Bool {
        try await translating(await gateway.jobs.job(withKey: key(of: due)) != nil, operation: "get")
    }

    private func isPreviousRunning(_ state: ScheduleState) async throws(GatewayError) -> Bool {
        guard let id = state.lastJob else { return false }
        return try await translating(
            await gateway.jobs.job(id).map { !$0.state.isFinal } ?? false,
            job: id.text,
            operation: "get"
        )
    }
}
