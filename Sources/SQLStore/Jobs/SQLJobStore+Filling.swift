// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

extension SQLJobStore {
    /// How long a job may lie half filled before it is removed.
    private static let longestPause = Duration.seconds(600)

    /// Stores a job with its first targets, to be filled.
    public func begin(_ creation: JobCreation) async throws(JobStoreError) -> JobCreationResult {
        guard !creation.targets.isEmpty else { throw .noTargets }
        return try await write { [dialect] connection in
            try Self.create(creation, isWhole: false, on: connection, dialect: dialect)
        }
    }

    /// The job that was made with an idempotency key, complete or not.
    public func job(withKey key: String) async throws(JobStoreError) -> JobRecord? {
        try await read { connection in
            try connection.query(
                """
                SELECT \(JobRow.columns) FROM jobs
                WHERE id = (SELECT job_id FROM idempotency_keys WHERE request_key = :request_key)
                """,
                ["request_key": .text(key)]
            )
            .first.map { try JobRow($0).record }
        }
    }

    /// How far the filling of a job is.
    public func filling(of job: JobID) async throws(JobStoreError) -> JobFillingState? {
        try await read { connection in
            let rows = try connection.query(
                """
                SELECT jobs.total AS total, executions.target AS target FROM jobs
                JOIN executions ON executions.job_id = jobs.id AND executions.ordinal = jobs.total - 1
                WHERE jobs.id = :id AND jobs.filled_at IS NOT NULL AND jobs.finished_at IS NULL
                """,
                ["id": .text(job.text)]
            )
            return try rows.first.map { JobFillingState(count: try $0.integer("total"), last: try $0.text("target")) }
        }
    }

    /// Appends targets behind those that the job has.
    public func append(
        _ targets: [String],
        to job: JobID,
        after count: Int,
        spread: JobSpread?,
        now: Timestamp
    ) async throws(JobStoreError) -> Bool {
        try await write { connection in
            // The count in the condition makes one of two who fill the same job stop.
            let changed = try connection.execute(
                """
                UPDATE jobs SET total = total + :added, version = version + 1, filled_at = :now, dropped = 0
                WHERE id = :id AND total = :count AND filled_at IS NOT NULL AND finished_at IS NULL
                """,
                [
                    "id": .text(job.text), "added": .integer(Int64(targets.count)), "count": .integer(Int64(count)),
                    "now": .moment(now),
                ]
            )
            guard changed == 1 else { return false }
            _ = try Self.insertExecutions(
                on: targets,
                of: job,
                after: count,
                spread: spread,
                now: now,
                on: connection
            )
            return true
        }
    }

    /// Lets a filled job begin.
    public func complete(_ job: JobID, now: Timestamp) async throws(JobStoreError) -> JobRecord? {
        try await write { [dialect] connection in
            let changed = try connection.execute(
                """
                UPDATE jobs SET filled_at = NULL WHERE id = :id AND filled_at IS NOT NULL AND finished_at IS NULL
                """,
                ["id": .text(job.text)]
            )
            guard var row = try JobRow.load(job, on: connection, dialect: dialect) else { return nil }
            guard changed == 1 else { return row.record }
            let counts = try connection.query(
                """
                SELECT count(CASE WHEN ready = 1 THEN 1 END) AS ready, count(CASE WHEN behind = 1 THEN 1 END) AS behind
                FROM executions WHERE job_id = :id
                """,
                ["id": .text(job.text)]
            )
            row.ready = try counts.first?.integer("ready") ?? 0
            row.behind = try counts.first?.integer("behind") ?? 0
            try row.save(on: connection)
            try connection.notify(SQLChannel.jobs, job.text)
            return row.record
        }
    }

    /// Stores a job and what is known of its targets.
    static func create(
        _ creation: JobCreation,
        isWhole: Bool,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws -> JobCreationResult {
        if let key = creation.idempotency {
            if let job = try replay(of: key, at: creation.now, on: connection) { return .replayed(job) }
        }
        if let gate = creation.specification.gate {
            try GateRows.admit(
                creation.targets.count,
                to: gate,
                at: creation.now,
                on: connection,
                dialect: dialect
            )
        }
        var row = JobRow(creation: creation, behind: 0)
        row.ready = 0
        try row.insert(on: connection)
        let inserted = try insertExecutions(
            on: creation.targets,
            of: creation.id,
            after: 0,
            spread: creation.spread,
            now: creation.now,
            on: connection
        )
        try connection.execute(
            "UPDATE jobs SET ready = :ready, behind = :behind, filled_at = :filled_at WHERE id = :id",
            [
                // What may be claimed of a job that is being filled is nothing, whatever its executions say.
                "id": .text(creation.id.text), "ready": .integer(Int64(isWhole ? inserted.ready : 0)),
                "behind": .integer(Int64(isWhole ? inserted.behind : 0)),
                "filled_at": .moment(optional: isWhole ? nil : creation.now),
            ]
        )
        if let key = creation.idempotency { try keep(key, for: creation.id, on: connection) }
        if isWhole { try connection.notify(SQLChannel.jobs, creation.id.text) }
        return .created(row.record)
    }

    /// Ends jobs whose filling was given up, to be removed as if they had never been asked for.
    ///
    /// They are ended first, so that nobody fills them while they are removed part by part.
    static func endGivenUp(now: Timestamp, on connection: any SQLConnection) throws(SQLError) -> [String] {
        let rows = try connection.query(
            """
            UPDATE jobs SET state = 'cancelled', finished_at = 0, filled_at = NULL, ready = 0, running = 0,
                done = total, cancelled = total, succeeded = 0, failed = 0, expired = 0
            WHERE filled_at < :before AND finished_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE idempotency_keys.job_id = jobs.id)
            RETURNING id
            """,
            ["before": .moment(now - longestPause)]
        )
        return try rows.map { row throws(SQLError) in try row.text("id") }
    }
}
