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
        let jobs = try await settle([ExecutionSettlement(execution, as: change)], holder: holder, now: now)
        guard let job = jobs.first ?? nil else { throw .leaseLost }
        return job
    }

    /// Records several outcomes in one transaction.
    public func settle(
        _ outcomes: [ExecutionSettlement],
        holder: String,
        now: Timestamp
    ) async throws(JobStoreError) -> [JobRecord?] {
        try await write { [dialect] connection in
            var jobs: [JobID: JobRow] = [:]
            var isHeld: [Bool] = []
            // Rows are locked in one order, so that two gateways never wait for each other.
            for id in Set(outcomes.map(\.execution.job)).sorted() {
                jobs[id] = try JobRow.load(id, on: connection, dialect: dialect)
            }
            for outcome in outcomes {
                let id = outcome.execution
                guard var job = jobs[id.job],
                    var row = try ExecutionRow.load(id, holder: holder, on: connection, dialect: dialect)
                else {
                    isHeld.append(false)
                    continue
                }
                isHeld.append(true)
                row.apply(outcome.change, at: now)
                try row.save(on: connection)
                try job.count(row.record, on: connection)
                jobs[id.job] = job
            }
            for (id, var job) in jobs where zip(outcomes, isHeld).contains(where: { $0.0.execution.job == id && $0.1 })
            {
                let limits = job.record.specification.limits
                let isAborted = limits.abortsJob(at: job.record.progress, failedInRow: job.failedInRow)
                if isAborted || job.record.isCancelRequested { try job.drop(.cancelled, at: now, on: connection) }
                job.record.finishIfDone(at: now)
                try job.save(on: connection)
                if job.record.state.isFinal { try connection.notify(SQLChannel.jobs, id.text) }
                jobs[id] = job
            }
            return zip(outcomes, isHeld).map { $1 ? jobs[$0.execution.job]?.record : nil }
        }
    }

    private static func claim(
        _ count: Int,
        of job: inout JobRow,
        _ claim: ExecutionClaim,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws(SQLError) -> [ClaimedExecution] {
        var binds: SQLBinds = [
            "job_id": .text(job.record.id.text), "limit": .integer(Int64(count)), "now": .moment(claim.now),
            "holder": .text(claim.holder), "until": .moment(claim.leaseUntil),
        ]
        var condition = "job_id = :job_id AND ready = 1"
        if !claim.busyLanes.isEmpty {
            let names = SQLJobStore.list(claim.busyLanes.sorted(), "lane", &binds)
            condition += " AND (lane IS NULL OR lane NOT IN (\(names)))"
        }
        if let canary = job.record.missingCanaries {
            condition += " AND ordinal < :canary"
            binds["canary"] = .integer(Int64(canary))
        }
        // The job is locked, so nobody else makes its executions ready or takes them.
        let rows = try connection.query(
            """
            UPDATE executions SET state = 'running', attempts = attempts + 1, ready = 0,
                started_at = coalesce(started_at, :now), holder = :holder, lease_until = :until
            WHERE job_id = :job_id AND ordinal IN (
                SELECT ordinal FROM executions WHERE \(condition) \(isOwn(claim)) ORDER BY ordinal LIMIT :limit)
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
