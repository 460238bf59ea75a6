// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

extension SQLJobStore {
    /// Hands out executions that may begin now, to one holder each, until the lease ends.
    public func claim(_ claim: ExecutionClaim) async throws(JobStoreError) -> [ClaimedExecution] {
        guard claim.limit > 0 else { return [] }
        return try await write { [dialect] connection in
            var jobs = try Self.jobsToServe(claim, on: connection, dialect: dialect)
            let shares = ClaimShares.allot(claim.limit, among: jobs)
            var claimed: [ClaimedExecution] = []
            for index in jobs.indices where shares[index] > 0 {
                claimed += try Self.claim(shares[index], of: &jobs[index], claim, on: connection, dialect: dialect)
            }
            return claimed
        }
    }

    /// Prolongs leases and tells which executions are still the holder's and not of a cancelled job.
    public func renew(
        _ executions: Set<ExecutionID>,
        holder: String,
        until: Timestamp
    ) async throws(JobStoreError) -> Set<ExecutionID> {
        try await write { connection in
            var renewed: Set<ExecutionID> = []
            for id in executions {
                let binds = id.binds.merging(["holder": .text(holder), "until": .moment(until)]) { first, _ in first }
                let changed = try connection.execute(
                    """
                    UPDATE executions SET lease_until = :until
                    WHERE job_id = :job_id AND ordinal = :ordinal AND holder = :holder
                    """,
                    binds
                )
                let isWanted = try connection.query(
                    "SELECT id FROM jobs WHERE id = :id AND cancel_requested = 0",
                    ["id": .text(id.job.text)]
                )
                if changed > 0, !isWanted.isEmpty { renewed.insert(id) }
            }
            return renewed
        }
    }

    /// Records durably that something which changes the target is about to be sent.
    public func permitTransmission(
        _ execution: ExecutionID,
        holder: String,
        progress: [UInt8]?,
        now: Timestamp
    ) async throws(JobStoreError) -> TransmissionRefusal? {
        try await write { [dialect] connection in
            guard
                let job = try JobRow.load(execution.job, on: connection, dialect: dialect),
                var row = try ExecutionRow.load(execution, holder: holder, on: connection, dialect: dialect)
            else { return .leaseLost }
            if job.record.isCancelRequested { return .cancelled }
            if let end = job.record.specification.expiresAt, end <= now { return .expired }
            // A lease that has lapsed but was not yet taken back could be taken back while the command is under way.
            if let lease = row.lease, lease.until <= now { return .leaseLost }
            if let gate = job.record.specification.gate {
                // Once, whatever became of it: what passes a gate is never sent a second time.
                if row.record.transmittedAt != nil { return .alreadySent }
                if let refusal = try GateRows.refusal(of: gate, at: now, on: connection, dialect: dialect) {
                    return refusal
                }
            }
            row.record.hasTransmitted = true
            row.record.transmittedAt = row.record.transmittedAt ?? now
            try row.save(on: connection)
            if let progress { try Self.keep(progress, of: execution, holder: holder, on: connection) }
            return nil
        }
    }

    /// Keeps how far an execution is.
    public func report(
        _ progress: [UInt8],
        of execution: ExecutionID,
        holder: String
    ) async throws(JobStoreError) {
        try await write { connection in
            try Self.keep(progress, of: execution, holder: holder, on: connection)
        }
    }

    private static func keep(
        _ progress: [UInt8],
        of execution: ExecutionID,
        holder: String,
        on connection: any SQLConnection
    ) throws(SQLError) {
        let text = SQLValue.text(String(decoding: progress, as: UTF8.self))
        try connection.execute(
            """
            UPDATE executions SET progress = :progress
            WHERE job_id = :job_id AND ordinal = :ordinal AND holder = :holder
            """,
            execution.binds.merging(["holder": .text(holder), "progress": text]) { first, _ in first }
        )
    }

    /// Records what came out of an execution and gives it back, and with the last one finishes the job.
    public func settle(
        _ execution: ExecutionID,
        holder: String,
        as change: ExecutionChange,
        now: Timestamp
    ) async throws(JobStoreError) -> JobRecord {
        try await write { [dialect] connection in
            guard
                var job = try JobRow.load(execution.job, on: connection, dialect: dialect),
                var row = try ExecutionRow.load(execution, holder: holder, on: connection, dialect: dialect)
            else { throw JobStoreError.leaseLost }
            row.apply(change, at: now)
            try row.save(on: connection)
            job.record.progress.running -= 1
            job.record.progress.count(row.record)
            switch row.record.state {
            case .failed: job.failedInRow += 1
            case .succeeded: job.failedInRow = 0
            default: break
            }
            let abort = job.record.specification.limits.abort
            let isAborted = abort?.applies(to: job.record.progress, failedInRow: job.failedInRow) == true
            if isAborted || job.record.isCancelRequested {
                try job.drop(.cancelled, at: now, on: connection)
            }
            job.record.finishIfDone(at: now)
            try job.save(on: connection)
            if job.record.state.isFinal { try connection.notify(SQLChannel.jobs, job.record.id.text) }
            return job.record
        }
    }

    private static func claim(
        _ count: Int,
        of job: inout JobRow,
        _ claim: ExecutionClaim,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws(SQLError) -> [ClaimedExecution] {
        // The job is locked, so nobody else makes its executions ready or takes them.
        let binds: SQLBinds = [
            "job_id": .text(job.record.id.text), "limit": .integer(Int64(count)), "now": .moment(claim.now),
            "holder": .text(claim.holder), "until": .moment(claim.leaseUntil),
        ]
        let rows = try connection.query(
            """
            UPDATE executions SET state = 'running', attempts = attempts + 1, ready = 0,
                started_at = coalesce(started_at, :now), holder = :holder, lease_until = :until
            WHERE job_id = :job_id AND ordinal IN (
                SELECT ordinal FROM executions WHERE job_id = :job_id AND ready = 1 \(isOwn(claim))
                ORDER BY ordinal LIMIT :limit)
            RETURNING \(ExecutionRow.columns)
            """,
            binds
        )
        guard !rows.isEmpty else { return [] }
        let executions = try rows.map { row throws(SQLError) in try ExecutionRow(row).record }
            .sorted { $0.id.ordinal < $1.id.ordinal }
        // What is ready and may have been sent was unknown.
        job.record.progress.unknown -= executions.count { $0.hasTransmitted }
        job.ready -= executions.count
        job.record.progress.running += executions.count
        job.record.startedAt = job.record.startedAt ?? claim.now
        job.record.state = .running
        job.lastClaimedAt = claim.now
        if let rate = job.record.specification.limits.ratePerMinute {
            job.notBefore = claim.now + .seconds(60) * executions.count / rate
        }
        try job.save(on: connection)
        return executions.map { [record = job.record] in ClaimedExecution(job: record, execution: $0) }
    }
}

/// Divides a claim among jobs.
enum ClaimShares {
    /// How many executions each job gets: the most urgent jobs first, and equals alike as far as they can take them.
    ///
    /// - Parameter jobs: in the order in which they are to be served.
    static func allot(_ limit: Int, among jobs: [JobRow]) -> [Int] {
        var shares = [Int](repeating: 0, count: jobs.count)
        var rest = limit
        var start = 0
        while start < jobs.count, rest > 0 {
            let priority = jobs[start].record.specification.priority
            let end = jobs[start...].firstIndex { $0.record.specification.priority != priority } ?? jobs.count
            // Each round gives every job that can take one more the same; it ends when none can or nothing is left.
            var hungry = Array(start..<end)
            while rest > 0, !hungry.isEmpty {
                let portion = max(rest / hungry.count, 1)
                for index in hungry where rest > 0 {
                    let given = min(portion, jobs[index].capacity - shares[index], rest)
                    shares[index] += given
                    rest -= given
                }
                hungry = hungry.filter { shares[$0] < jobs[$0].capacity }
            }
            start = end
        }
        return shares
    }
}

extension JobRow {
    /// How many executions the job may begin at once, by its limits.
    var capacity: Int {
        let limits = record.specification.limits
        let free = limits.concurrency.map { max($0 - record.progress.running, 0) } ?? ready
        // A rate is kept by beginning one at a time, each at its own moment.
        return min(ready, free, limits.ratePerMinute == nil ? .max : 1)
    }

    /// Ends all executions that have not begun and have sent nothing.
    mutating func drop(
        _ state: ExecutionState,
        at now: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) {
        let id: SQLBinds = ["job_id": .text(record.id.text)]
        let dropped = try connection.execute(
            """
            UPDATE executions SET state = :state, ready = 0, due_at = NULL, finished_at = :now
            WHERE job_id = :job_id AND state IN ('queued', 'waiting-for-meter')
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
