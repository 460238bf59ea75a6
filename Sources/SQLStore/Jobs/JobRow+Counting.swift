// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs
import Timekeeping

extension JobRecord {
    /// The number of the first targets to which the job is confined until that many have succeeded; nil if it is not.
    var missingCanaries: Int? {
        specification.limits.canary.flatMap { progress.succeeded < $0 ? $0 : nil }
    }
}

extension JobRow {
    /// Takes an execution that was worked on out of the running ones, and lets the next of its lane come up.
    mutating func count(_ execution: ExecutionRecord, on connection: any SQLConnection) throws(SQLError) {
        comeBack(execution)
        switch execution.state {
        case .succeeded: failedInRow = 0
        case .failed: failedInRow += 1
        default: break
        }
        guard behind > 0, let lane = execution.lane else { return }
        let moved = try connection.execute(
            """
            UPDATE executions SET behind = 0, ready = 1 WHERE job_id = :job_id AND ordinal = (
                SELECT min(ordinal) FROM executions WHERE job_id = :job_id AND lane = :lane AND behind = 1)
            """,
            ["job_id": .text(record.id.text), "lane": .text(lane)]
        )
        behind -= moved
        ready += moved
    }

    /// Takes an execution out of the running ones as what it is now.
    mutating func comeBack(_ execution: ExecutionRecord) {
        record.progress.running -= 1
        record.progress.count(execution)
        if execution.state == .queued || execution.state == .waitingForMeter { isDropped = false }
    }

    /// How many executions the job may begin at once, by its limits.
    var capacity: Int {
        let limits = record.specification.limits
        let free = limits.concurrency.map { max($0 - record.progress.running, 0) } ?? ready
        // A rate is kept by beginning one at a time, each at its own moment.
        return min(ready, free, limits.ratePerMinute == nil ? .max : 1)
    }

    /// Ends all executions that have not begun and have sent nothing.
    ///
    /// Of a job with a gate each is closed in the audit log, in the same transaction.
    mutating func drop(
        _ state: ExecutionState,
        at now: Timestamp,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws {
        let id: SQLBinds = ["job_id": .text(record.id.text)]
        let waiting = "job_id = :job_id AND state IN ('queued', 'waiting-for-meter')"
        if record.specification.gate != nil {
            let rows = try connection.query("SELECT target FROM executions WHERE \(waiting) ORDER BY ordinal", id)
            for row in rows {
                let entry = AuditEntry(
                    at: now,
                    caller: Caller(name: record.specification.createdBy),
                    action: record.specification.kind.rawValue,
                    stage: .settled,
                    meter: try row.text("target"),
                    job: record.id.text,
                    traceID: record.specification.traceID,
                    outcome: state.rawValue
                )
                try SQLAuditLog.append(entry, on: connection, dialect: dialect)
            }
        }
        let dropped = try connection.execute(
            """
            UPDATE executions SET state = :state, ready = 0, behind = 0, due_at = NULL, finished_at = :now
            WHERE \(waiting)
            """,
            ["state": .text(state.rawValue), "now": .moment(now)].merging(id) { first, _ in first }
        )
        record.progress.done += dropped
        if state == .expired {
            record.progress.expired += dropped
        } else {
            record.progress.cancelled += dropped
        }
        let rows = try connection.query(
            "SELECT count(*) AS ready FROM executions WHERE job_id = :job_id AND ready = 1",
            id
        )
        ready = try rows.first?.integer("ready") ?? 0
        behind = 0
        isDropped = true
    }
}

extension JobProgress {
    /// Counts an execution in the state it has now, after it was taken out of the running ones.
    mutating func count(_ execution: ExecutionRecord) {
        switch execution.state {
        case .succeeded: succeeded += 1
        case .failed: failed += 1
        case .cancelled: cancelled += 1
        case .expired: expired += 1
        case .outcomeUnknown: unknown += 1
        case .queued, .waitingForMeter, .running: break
        }
        if execution.finishedAt != nil { done += 1 }
    }
}
