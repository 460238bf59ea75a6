// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

/// Keeps jobs and executions in a SQL database.
public struct SQLJobStore: JobStore {
    let database: any SQLDatabase

    /// Makes a store over a database whose schema is up to date (see ``Migrator``).
    public init(database: any SQLDatabase) {
        self.database = database
    }

    var dialect: Dialect { database.dialect }

    /// Stores a job with one execution per target, and its idempotency key if there is one.
    public func create(_ creation: JobCreation) async throws(JobStoreError) -> JobCreationResult {
        guard !creation.targets.isEmpty else { throw .noTargets }
        return try await write { [dialect] connection in
            try Self.create(creation, isWhole: true, on: connection, dialect: dialect)
        }
    }

    static func keep(_ key: IdempotencyKey, for job: JobID, on connection: any SQLConnection) throws {
        do throws(SQLError) {
            try connection.execute(
                """
                INSERT INTO idempotency_keys (request_key, body_digest, job_id, expires_at)
                VALUES (:request_key, :body_digest, :job_id, :expires_at)
                """,
                [
                    "request_key": .text(key.key), "body_digest": .text(key.bodyDigest),
                    "job_id": .text(job.text), "expires_at": .moment(key.expiresAt),
                ]
            )
        } catch {
            // Another request took the key since it was looked for; the next try finds what it made of it.
            if case .constraint = error { throw JobStoreError.idempotencyInFlight }
            throw error
        }
    }

    /// The job that a request with this key made before; nil when there is none.
    public func job(madeWith key: IdempotencyKey, now: Timestamp) async throws(JobStoreError) -> JobRecord? {
        try await read { try Self.made(with: key, at: now, on: $0) }
    }

    /// Whether something behind a gate was sent to a target of which it is not known yet what came.
    public func isInDoubt(_ target: String, behind gate: String) async throws(JobStoreError) -> Bool {
        try await read { connection in
            try !connection.query(
                """
                SELECT 1 AS found FROM executions JOIN jobs ON jobs.id = executions.job_id
                WHERE executions.target = :target AND executions.transmitted = 1 AND executions.finished_at IS NULL
                    AND jobs.gate = :gate LIMIT 1
                """,
                ["target": .text(target), "gate": .text(gate)]
            ).isEmpty
        }
    }

    /// The job; nil when there is none.
    public func job(_ id: JobID) async throws(JobStoreError) -> JobRecord? {
        try await read { connection in
            try connection.query("SELECT \(JobRow.columns) FROM jobs WHERE id = :id", ["id": .text(id.text)])
                .first.map { try JobRow($0).record }
        }
    }

    /// Jobs that match, the newest first, older than the one given.
    public func jobs(
        matching query: JobQuery,
        before: JobID?,
        limit: Int
    ) async throws(JobStoreError) -> [JobRecord] {
        try await read { connection in
            // Of one that is still being filled nobody has been told, but of its end.
            var conditions = ["(filled_at IS NULL OR finished_at IS NOT NULL)"]
            var binds: SQLBinds = ["limit": .integer(Int64(max(limit, 1)))]
            if !query.states.isEmpty {
                conditions.append("state IN (\(binds.list(query.states.map(\.rawValue).sorted(), as: "state")))")
            }
            if let kind = query.kind {
                conditions.append("kind = :kind")
                binds["kind"] = .text(kind.rawValue)
            }
            if let target = query.target {
                conditions.append("id IN (SELECT job_id FROM executions WHERE target = :target)")
                binds["target"] = .text(target)
            }
            if let moment = query.createdAfter {
                conditions.append("created_at >= :created_after")
                binds["created_after"] = .moment(moment)
            }
            if let caller = query.createdBy {
                conditions.append("created_by = :created_by")
                binds["created_by"] = .text(caller)
            }
            if let before {
                conditions.append("id < :before")
                binds["before"] = .text(before.text)
            }
            return try connection.query(
                """
                SELECT \(JobRow.columns) FROM jobs
                \(ConfigurationTable.whereClause(conditions)) ORDER BY id DESC LIMIT :limit
                """,
                binds
            ).map { try JobRow($0).record }
        }
    }

    /// Executions of a job in the order of its targets, after the place given.
    public func executions(
        of job: JobID,
        in states: Set<ExecutionState>?,
        after ordinal: Int?,
        limit: Int
    ) async throws(JobStoreError) -> [ExecutionRecord] {
        try await read { connection in
            var conditions = ["job_id = :job_id", "ordinal > :after"]
            var binds: SQLBinds = [
                "job_id": .text(job.text), "after": .integer(Int64(ordinal ?? -1)),
                "limit": .integer(Int64(max(limit, 1))),
            ]
            if let states {
                guard !states.isEmpty else { return [] }
                conditions.append("state IN (\(binds.list(states.map(\.rawValue).sorted(), as: "state")))")
            }
            return try connection.query(
                """
                SELECT \(ExecutionRow.columns) FROM executions
                \(ConfigurationTable.whereClause(conditions)) ORDER BY ordinal LIMIT :limit
                """,
                binds
            ).map { try ExecutionRow($0).record }
        }
    }

    /// Jobs that anybody over the same database makes, steers or finishes, from now on; nil = some may have been missed.
    public func changes() -> AsyncStream<JobID?> {
        database.messages(on: SQLChannel.jobs) { $0.flatMap { JobID($0) } }
    }

    /// Removes jobs that were finished before the moment, and all lapsed idempotency keys; gives the number of jobs.
    public func purge(finishedBefore: Timestamp, limit: Int, now: Timestamp) async throws(JobStoreError) -> Int {
        let old = try await write { connection in
            try connection.execute(
                "DELETE FROM idempotency_keys WHERE expires_at <= :now",
                ["now": .moment(now)]
            )
            let givenUp = try Self.endGivenUp(now: now, on: connection)
            // A key that still counts keeps its job, or a repeated request would act again.
            let rows = try connection.query(
                """
                SELECT id FROM jobs WHERE finished_at < :before
                    AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE idempotency_keys.job_id = jobs.id)
                ORDER BY finished_at LIMIT :limit
                """,
                ["before": .moment(finishedBefore), "limit": .integer(Int64(limit))]
            )
            return (givenUp: givenUp, finished: try rows.map { row throws(SQLError) in try row.text("id") })
        }
        for job in old.givenUp + old.finished { try await remove(job) }
        return old.finished.count
    }

    /// So many executions are removed in one transaction, so that others can write in between.
    private static let removedAtOnce = 5000

    /// Removes a job that has ended, its executions first and a part at a time.
    private func remove(_ job: String) async throws(JobStoreError) {
        let binds: SQLBinds = ["id": .text(job), "limit": .integer(Int64(Self.removedAtOnce))]
        while try await write({ connection in
            try connection.execute(
                """
                DELETE FROM executions WHERE job_id = :id AND ordinal IN (
                    SELECT ordinal FROM executions WHERE job_id = :id ORDER BY ordinal LIMIT :limit)
                """,
                binds
            )
        }) == Self.removedAtOnce {}
        _ = try await write { connection in
            try connection.execute("DELETE FROM jobs WHERE id = :id", ["id": .text(job)])
        }
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws(JobStoreError) -> Result {
        do {
            return try await database.read(body)
        } catch {
            throw JobStoreError(error)
        }
    }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws(JobStoreError) -> Result {
        do {
            // Whoever changes an execution has locked its job first, so that gateways wait for each other, and only there.
            return try await database.write(.rowLocks, body)
        } catch {
            throw JobStoreError(error)
        }
    }

    static func replay(
        of key: IdempotencyKey,
        at now: Timestamp,
        on connection: any SQLConnection
    ) throws -> JobRecord? {
        try connection.execute(
            "DELETE FROM idempotency_keys WHERE request_key = :request_key AND expires_at <= :now",
            ["request_key": .text(key.key), "now": .moment(now)]
        )
        return try made(with: key, at: now, on: connection)
    }

    private static func made(
        with key: IdempotencyKey,
        at now: Timestamp,
        on connection: any SQLConnection
    ) throws -> JobRecord? {
        let found = try connection.query(
            """
            SELECT body_digest, job_id FROM idempotency_keys
            WHERE request_key = :request_key AND expires_at > :now
            """,
            ["request_key": .text(key.key), "now": .moment(now)]
        )
        guard let row = found.first else { return nil }
        // What was carried out at once is not to be done by a job as well.
        guard try row.text("body_digest") == key.bodyDigest, let job = try row.optionalText("job_id") else {
            throw JobStoreError.idempotencyKeyReused
        }
        return try connection.query(
            "SELECT \(JobRow.columns) FROM jobs WHERE id = :id",
            ["id": .text(job)]
        ).first.map { try JobRow($0).record }
    }

}

extension JobStoreError {
    /// Takes an error of the store's own from inside a transaction as it is; everything else is the database's.
    init(_ error: any Error) {
        self = (error as? JobStoreError) ?? .unavailable(reason: "\(error)")
    }
}
