// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

extension SQLJobStore {
    /// Changes the state of a job for an operator or caller.
    public func apply(
        _ command: JobCommand,
        to id: JobID,
        now: Timestamp
    ) async throws(JobStoreError) -> JobRecord {
        try await write { [dialect] connection in
            guard var job = try JobRow.load(id, on: connection, dialect: dialect) else {
                throw JobStoreError.jobUnknown
            }
            // Cancelling twice is cancelling once.
            if command == .cancel, job.record.state == .cancelled { return job.record }
            switch (command, job.record.state) {
            case (.confirm, .awaitingConfirmation)
            where job.record.specification.confirmBefore.map { now < $0 } != false:
                job.record.state = job.record.specification.stateWhenConfirmed(at: now)
            case (.pause, .scheduled), (.pause, .queued), (.pause, .running):
                job.record.state = .paused
            case (.resume, .paused):
                job.record.state = job.record.stateAfterPause(at: now)
            case (.cancel, let state) where !state.isFinal:
                job.record.isCancelRequested = true
                try job.drop(.cancelled, at: now, on: connection, dialect: dialect)
                // What is left runs or is to be resolved, which a pause does not hold back.
                if state == .paused { job.record.state = .running }
                job.record.finishIfDone(at: now)
            default:
                throw JobStoreError.wrongState(job.record.state)
            }
            try job.save(on: connection)
            try connection.notify(SQLChannel.jobs, id.text)
            return job.record
        }
    }

    /// Does what has become due.
    public func advance(now: Timestamp) async throws(JobStoreError) -> [JobRecord] {
        // Most of the time nothing is due, and a look costs less than a write transaction.
        guard try await hasWork(at: now) else { return [] }
        return try await write { [dialect] connection in
            let moment: SQLBinds = ["now": .moment(now)]
            var changed = ChangedJobs(connection: connection, dialect: dialect)
            // All at once: what expires locks the head of the audit log, too.
            try changed.lock(
                where: """
                    (state = 'scheduled' AND start_at <= :now) OR (\(Self.isExpiring))
                        OR id IN (SELECT job_id FROM executions WHERE due_at <= :now OR lease_until <= :now)
                    """,
                moment
            )
            try changed.takeBack(where: "lease_until <= :now", moment, at: now)
            let due = try connection.query(
                """
                UPDATE executions SET ready = 1, due_at = NULL WHERE \(Self.isDue) RETURNING job_id
                """,
                moment
            )
            for row in due {
                try changed.change(row.text("job_id")) { job in job.ready += 1 }
            }
            let starting = try connection.query(
                "SELECT id FROM jobs WHERE state = 'scheduled' AND start_at <= :now",
                moment
            )
            for row in starting {
                try changed.change(row.text("id")) { job in
                    // Another gateway may have seen to it since.
                    if job.record.state == .scheduled { job.record.state = .queued }
                }
            }
            let ending = try connection.query("SELECT id FROM jobs WHERE \(Self.isExpiring)", moment)
            for row in ending {
                try changed.change(row.text("id")) { job in
                    guard job.isExpiring(at: now) else { return }
                    try job.drop(.expired, at: now, on: connection, dialect: dialect)
                    // Nothing is left that a pause would hold back.
                    if job.record.state == .paused { job.record.state = .running }
                    job.record.finishIfDone(at: now)
                }
            }
            return try changed.save()
        }
    }

    /// Takes back all leases of a holder, which has just started and so works on nothing.
    public func recover(holder: String, now: Timestamp) async throws(JobStoreError) -> [JobRecord] {
        try await write { [dialect] connection in
            var changed = ChangedJobs(connection: connection, dialect: dialect)
            let binds: SQLBinds = ["holder": .text(holder)]
            let isHeld = "holder = :holder AND lease_until IS NOT NULL"
            try changed.lock(where: "id IN (SELECT job_id FROM executions WHERE \(isHeld))", binds)
            try changed.takeBack(where: isHeld, binds, at: now)
            return try changed.save()
        }
    }

    /// The next moment at which something has to be done or a limit lets more begin; nil if none is known.
    public func nextMoment(after now: Timestamp) async throws(JobStoreError) -> Timestamp? {
        try await read { connection in
            let rows = try connection.query(
                """
                SELECT min(moment) AS next FROM (
                    SELECT min(due_at) AS moment FROM executions WHERE due_at > :now
                    UNION ALL SELECT min(lease_until) FROM executions WHERE lease_until > :now
                    UNION ALL SELECT min(start_at) FROM jobs WHERE state = 'scheduled' AND start_at > :now
                    UNION ALL SELECT min(expires_at) FROM jobs
                        WHERE expires_at IS NOT NULL AND finished_at IS NULL AND expires_at > :now
                    UNION ALL SELECT min(confirm_before) FROM jobs
                        WHERE state = 'awaiting-confirmation' AND confirm_before > :now
                    UNION ALL SELECT min(not_before) FROM jobs
                        WHERE ready > 0 AND state IN ('queued', 'running') AND not_before > :now
                ) AS moments
                """,
                ["now": .moment(now)]
            )
            return try rows.first?.optionalMoment("next")
        }
    }

    private func hasWork(at now: Timestamp) async throws(JobStoreError) -> Bool {
        try await read { connection in
            let rows = try connection.query(
                """
                SELECT 1 AS found FROM executions WHERE \(Self.isDue)
                UNION ALL SELECT 1 FROM executions WHERE lease_until <= :now
                UNION ALL SELECT 1 FROM jobs WHERE state = 'scheduled' AND start_at <= :now
                UNION ALL SELECT 1 FROM jobs WHERE \(Self.isExpiring)
                LIMIT 1
                """,
                ["now": .moment(now)]
            )
            return !rows.isEmpty
        }
    }

    /// Executions whose moment has come, of jobs that are complete.
    private static let isDue = """
        due_at <= :now AND job_id NOT IN (SELECT id FROM jobs WHERE filled_at IS NOT NULL)
        """

    /// Jobs whose time has run out and that have something to drop.
    private static let isExpiring = """
        finished_at IS NULL AND dropped = 0
            AND ((expires_at IS NOT NULL AND expires_at <= :now)
                OR (state = 'awaiting-confirmation' AND confirm_before <= :now))
        """
}

extension JobRow {
    /// Whether the job's time has run out, or that for its confirmation.
    fileprivate func isExpiring(at now: Timestamp) -> Bool {
        if record.state.isFinal { return false }
        if let end = record.specification.expiresAt, end <= now { return true }
        guard record.state == .awaitingConfirmation, let end = record.specification.confirmBefore else { return false }
        return end <= now
    }
}

extension JobRecord {
    /// The state that follows a pause.
    fileprivate func stateAfterPause(at now: Timestamp) -> JobState {
        startedAt == nil ? specification.stateWhenConfirmed(at: now) : .running
    }
}

/// The jobs that one transaction changes, each loaded and written once.
private struct ChangedJobs {
    let connection: any SQLConnection
    let dialect: Dialect
    private var jobs: [String: JobRow] = [:]

    init(connection: any SQLConnection, dialect: Dialect) {
        self.connection = connection
        self.dialect = dialect
    }

    /// Changes a job.
    mutating func change(_ text: String, _ body: (inout JobRow) throws -> Void) throws {
        var job: JobRow
        if let known = jobs[text] {
            job = known
        } else {
            guard let id = JobID(text), let found = try JobRow.load(id, on: connection, dialect: dialect) else {
                throw SQLError.unexpectedResult(reason: "an execution has no job")
            }
            job = found
        }
        try body(&job)
        jobs[text] = job
    }

    /// Locks jobs in the order in which everybody does: by their identifiers, and a job before its executions.
    func lock(where condition: String, _ binds: SQLBinds) throws(SQLError) {
        guard dialect.locksRows else { return }
        _ = try connection.query("SELECT id FROM jobs WHERE \(condition) ORDER BY id \(dialect.forUpdate)", binds)
    }

    /// Ends leases without an outcome.
    mutating func takeBack(where condition: String, _ binds: SQLBinds, at now: Timestamp) throws {
        let rows = try connection.query(
            "SELECT \(ExecutionRow.columns) FROM executions WHERE \(condition) \(dialect.forUpdate)",
            binds
        )
        for row in rows {
            var execution = try ExecutionRow(row)
            execution.giveBack()
            try execution.save(on: connection)
            try change(execution.record.id.job.text) { [connection, dialect] job in
                job.comeBack(execution.record)
                job.ready += 1
                if job.record.isCancelRequested {
                    try job.drop(.cancelled, at: now, on: connection, dialect: dialect)
                }
                job.record.finishIfDone(at: now)
            }
        }
    }

    /// Writes the jobs, in the order of their identifiers.
    mutating func save() throws -> [JobRecord] {
        var records: [JobRecord] = []
        for key in jobs.keys.sorted() {
            guard var job = jobs[key] else { continue }
            try job.save(on: connection)
            if job.record.state.isFinal { try connection.notify(SQLChannel.jobs, key) }
            records.append(job.record)
        }
        return records
    }
}
