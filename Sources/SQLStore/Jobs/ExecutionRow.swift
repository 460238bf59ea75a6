// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import Timekeeping

/// A row of the table of executions: the record and its lease.
struct ExecutionRow {
    /// The execution as others see it.
    var record: ExecutionRecord
    /// Whether it may be claimed.
    var isReady: Bool
    /// Who works on it and until when; nil when nobody does.
    var lease: Lease?

    struct Lease {
        let holder: String
        let until: Timestamp
    }

    /// The columns of a SELECT that ``init(_:)`` can read.
    static let columns = """
        job_id, ordinal, target, state, attempts, transmitted, ready, due_at, holder, lease_until, started_at,
        finished_at, result, problem_name, problem, progress, transmitted_at, lane, claims
        """

    private static let update = """
        UPDATE executions SET state = :state, attempts = :attempts, transmitted = :transmitted, ready = :ready,
            due_at = :due_at, holder = :holder, lease_until = :lease_until, started_at = :started_at,
            finished_at = :finished_at, result = :result, problem_name = :problem_name, problem = :problem,
            transmitted_at = :transmitted_at
        WHERE job_id = :job_id AND ordinal = :ordinal
        """

    /// Reads a row.
    init(_ row: SQLRow) throws(SQLError) {
        guard
            let job = JobID(try row.text("job_id")), let state = ExecutionState(rawValue: try row.text("state"))
        else {
            throw .unexpectedResult(reason: "an execution's job or state is malformed")
        }
        record = ExecutionRecord(
            id: ExecutionID(job: job, ordinal: try row.integer("ordinal")),
            target: try row.text("target"),
            state: state,
            attempts: try row.integer("attempts"),
            hasTransmitted: try row.flag("transmitted"),
            transmittedAt: try row.optionalMoment("transmitted_at"),
            dueAt: try row.optionalMoment("due_at"),
            startedAt: try row.optionalMoment("started_at"),
            finishedAt: try row.optionalMoment("finished_at"),
            result: try row.optionalText("result").map { Array($0.utf8) }
        )
        if let name = try row.optionalText("problem_name") {
            record.problem = ExecutionProblem(name: name, document: Array(try row.text("problem").utf8))
        }
        record.progress = try row.optionalText("progress").map { Array($0.utf8) }
        record.lane = try row.optionalText("lane")
        record.claims = try row.integer("claims")
        isReady = try row.flag("ready")
        if let holder = try row.optionalText("holder") {
            lease = Lease(holder: holder, until: try row.moment("lease_until"))
        }
    }

    /// Reads one that a holder works on, to change it in this transaction; nil when the holder does not have it, or was
    /// handed it again since.
    static func load(
        _ held: HeldExecution,
        holder: String,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws(SQLError) -> ExecutionRow? {
        try connection.query(
            """
            SELECT \(columns) FROM executions
            WHERE \(HeldExecution.condition) \(dialect.forUpdate)
            """,
            held.binds(holder: holder)
        ).first.map { row throws(SQLError) in try ExecutionRow(row) }
    }

    /// Writes the columns that change.
    func save(on connection: any SQLConnection) throws(SQLError) {
        let changes: SQLBinds = [
            "state": .text(record.state.rawValue),
            "attempts": .integer(Int64(record.attempts)),
            "transmitted": .flag(record.hasTransmitted),
            "transmitted_at": .moment(optional: record.transmittedAt),
            "ready": .flag(isReady),
            "due_at": .moment(optional: record.dueAt),
            "holder": .text(optional: lease?.holder),
            "lease_until": .moment(optional: lease?.until),
            "started_at": .moment(optional: record.startedAt),
            "finished_at": .moment(optional: record.finishedAt),
            "result": .text(optional: record.result.map { String(decoding: $0, as: UTF8.self) }),
            "problem_name": .text(optional: record.problem?.name),
            "problem": .text(optional: record.problem.map { String(decoding: $0.document, as: UTF8.self) }),
        ]
        try connection.execute(Self.update, changes.merging(record.id.binds) { first, _ in first })
    }

    /// Ends the lease without an outcome: queued again, or to be resolved when something may have been sent.
    mutating func giveBack() {
        lease = nil
        isReady = true
        record.state = record.hasTransmitted ? .outcomeUnknown : .queued
    }

    /// Ends the lease with an outcome.
    mutating func apply(_ change: ExecutionChange, at now: Timestamp) {
        lease = nil
        switch change {
        case .succeeded(let result):
            finish(.succeeded, at: now)
            record.result = result
            record.problem = nil
        case .failed(let problem):
            finish(.failed, at: now)
            record.problem = problem
        case .failedInPart(let problem, let result):
            finish(.failed, at: now)
            record.result = result
            record.problem = problem
        case .waiting(let moment, let problem, let countsAsAttempt):
            record.state = .waitingForMeter
            record.dueAt = moment
            record.hasTransmitted = false
            record.problem = problem
            if !countsAsAttempt { record.attempts = max(record.attempts - 1, 0) }
        case .unknown(let moment, let problem):
            record.hasTransmitted = true
            record.problem = problem
            if let moment {
                record.state = .outcomeUnknown
                record.dueAt = moment
            } else {
                finish(.outcomeUnknown, at: now)
            }
        case .cancelled:
            record.hasTransmitted = false
            finish(.cancelled, at: now)
        case .expired:
            record.hasTransmitted = false
            finish(.expired, at: now)
        }
    }

    private mutating func finish(_ state: ExecutionState, at now: Timestamp) {
        record.state = state
        record.finishedAt = now
    }
}

extension ExecutionID {
    /// The columns of the key.
    var binds: SQLBinds { ["job_id": .text(job.text), "ordinal": .integer(Int64(ordinal))] }
}

extension HeldExecution {
    /// The condition that an execution is still the holder's by this claim.
    static let condition = "job_id = :job_id AND ordinal = :ordinal AND holder = :holder AND claims = :claim"

    /// What ``condition`` asks for.
    func binds(holder: String) -> SQLBinds {
        id.binds.merging(["holder": .text(holder), "claim": .integer(Int64(claim))]) { first, _ in first }
    }
}
