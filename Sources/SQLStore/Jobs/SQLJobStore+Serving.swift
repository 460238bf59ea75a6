// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

extension SQLJobStore {
    /// Hands out executions that may begin now, to one holder each, until the lease ends.
    public func claim(_ claim: ExecutionClaim) async throws(JobStoreError) -> [ClaimedExecution] {
        guard claim.limit > 0 else { return [] }
        return try await write { [dialect] connection in
            var lanes = try LaneRoom(on: connection)
            var jobs = try Self.jobsToServe(claim, lanes, on: connection, dialect: dialect)
            let shares = ClaimShares.allot(claim.limit, among: jobs)
            var claimed: [ClaimedExecution] = []
            for index in jobs.indices where shares[index] > 0 {
                claimed += try Self.claim(shares[index], of: &jobs[index], claim, &lanes, on: connection)
            }
            return claimed
        }
    }

    /// Prolongs leases and tells which executions are still the holder's and not of a cancelled job.
    public func renew(
        _ executions: Set<HeldExecution>,
        holder: String,
        until: Timestamp
    ) async throws(JobStoreError) -> Set<HeldExecution> {
        try await write { connection in
            var renewed: Set<HeldExecution> = []
            for held in executions {
                let changed = try connection.execute(
                    "UPDATE executions SET lease_until = :until WHERE \(HeldExecution.condition)",
                    held.binds(holder: holder).merging(["until": .moment(until)]) { first, _ in first }
                )
                let isWanted = try connection.query(
                    "SELECT id FROM jobs WHERE id = :id AND cancel_requested = 0",
                    ["id": .text(held.id.job.text)]
                )
                if changed > 0, !isWanted.isEmpty { renewed.insert(held) }
            }
            return renewed
        }
    }

    /// Records durably that something which changes the target is about to be sent.
    public func permitTransmission(
        _ execution: HeldExecution,
        holder: String,
        progress: [UInt8]?,
        now: Timestamp
    ) async throws(JobStoreError) -> TransmissionRefusal? {
        try await write { [dialect] connection in
            guard
                let job = try JobRow.load(execution.id.job, on: connection, dialect: dialect),
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
        of execution: HeldExecution,
        holder: String
    ) async throws(JobStoreError) {
        try await write { connection in
            try Self.keep(progress, of: execution, holder: holder, on: connection)
        }
    }

    private static func keep(
        _ progress: [UInt8],
        of execution: HeldExecution,
        holder: String,
        on connection: any SQLConnection
    ) throws(SQLError) {
        let text = SQLValue.text(String(decoding: progress, as: UTF8.self))
        try connection.execute(
            "UPDATE executions SET progress = :progress WHERE \(HeldExecution.condition)",
            execution.binds(holder: holder).merging(["progress": text]) { first, _ in first }
        )
    }

    /// Records what came out of an execution and gives it back, and with the last one finishes the job.
    public func settle(
        _ execution: HeldExecution,
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
            for id in Set(outcomes.map(\.execution.id.job)).sorted() {
                jobs[id] = try JobRow.load(id, on: connection, dialect: dialect)
            }
            for outcome in outcomes {
                let held = outcome.execution
                guard var job = jobs[held.id.job],
                    var row = try ExecutionRow.load(held, holder: holder, on: connection, dialect: dialect)
                else {
                    isHeld.append(false)
                    continue
                }
                isHeld.append(true)
                row.apply(outcome.change, at: now)
                try row.save(on: connection)
                try job.count(row.record, on: connection)
                jobs[held.id.job] = job
            }
            for (id, var job) in jobs
            where zip(outcomes, isHeld).contains(where: { $0.0.execution.id.job == id && $0.1 }) {
                let limits = job.record.specification.limits
                let isAborted = limits.abortsJob(at: job.record.progress, failedInRow: job.failedInRow)
                if isAborted || job.record.isCancelRequested {
                    try job.drop(.cancelled, at: now, on: connection, dialect: dialect)
                }
                job.record.finishIfDone(at: now)
                try job.save(on: connection)
                if job.record.state.isFinal { try connection.notify(SQLChannel.jobs, id.text) }
                jobs[id] = job
            }
            return zip(outcomes, isHeld).map { $1 ? jobs[$0.execution.id.job]?.record : nil }
        }
    }
}
