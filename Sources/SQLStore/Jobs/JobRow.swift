// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import Timekeeping

/// A row of the table of jobs: the record and what only the store needs for serving it.
struct JobRow {
    /// The job as others see it.
    var record: JobRecord
    /// Executions that may be claimed, as far as the job's state allows.
    var ready: Int
    /// Executions that wait behind others of their lane.
    var behind: Int
    /// The moment before which the job's rate lets nothing more begin.
    var notBefore: Timestamp
    /// When executions were last claimed.
    var lastClaimedAt: Timestamp
    /// How many executions failed since the last one that succeeded.
    var failedInRow = 0
    /// Whether all that had not begun was ended, and nothing has come back to wait since.
    var isDropped = false

    /// The columns that are written once.
    private static let fixedColumns = [
        "id", "kind", "payload", "created_by", "priority", "concurrency", "rate_per_minute", "per_target_timeout",
        "abort_percent", "abort_min_executed", "retry_max", "retry_backoff", "retry_max_backoff", "resolve_for",
        "start_at", "expires_at", "confirm_before", "trace_id", "total", "created_at", "gate", "fuse_limit",
        "fuse_window", "abort_in_row", "canary", "selection",
    ]

    /// The columns that change.
    private static let changingColumns = [
        "state", "cancel_requested", "version", "done", "succeeded", "failed", "unknown", "cancelled", "expired",
        "running", "ready", "not_before", "last_claimed_at", "started_at", "finished_at", "failed_in_row", "behind",
        "dropped",
    ]

    /// The columns of a SELECT that ``init(_:)`` can read.
    static let columns = (fixedColumns + changingColumns).joined(separator: ", ")

    private static let insertion = """
        INSERT INTO jobs (\(columns))
        VALUES (\((fixedColumns + changingColumns).map { ":\($0)" }.joined(separator: ", ")))
        """

    private static let update = """
        UPDATE jobs SET \(changingColumns.map { "\($0) = :\($0)" }.joined(separator: ", ")) WHERE id = :id
        """

    /// A job that is not stored yet.
    ///
    /// - Parameter behind: how many of its executions wait behind others of their lane.
    init(creation: JobCreation, behind: Int) {
        record = JobRecord(
            id: creation.id,
            specification: creation.specification,
            state: creation.specification.initialState(at: creation.now),
            progress: JobProgress(total: creation.targets.count),
            createdAt: creation.now
        )
        ready = creation.targets.count - behind
        self.behind = behind
        notBefore = Timestamp(microseconds: 0)
        lastClaimedAt = Timestamp(microseconds: 0)
    }

    /// Reads a row.
    init(_ row: SQLRow) throws(SQLError) {
        guard let id = JobID(try row.text("id")), let state = JobState(rawValue: try row.text("state")) else {
            throw .unexpectedResult(reason: "a job's identifier or state is malformed")
        }
        record = JobRecord(
            id: id,
            specification: try Self.specification(row),
            state: state,
            progress: JobProgress(
                total: try row.integer("total"),
                done: try row.integer("done"),
                succeeded: try row.integer("succeeded"),
                failed: try row.integer("failed"),
                unknown: try row.integer("unknown"),
                cancelled: try row.integer("cancelled"),
                expired: try row.integer("expired"),
                running: try row.integer("running")
            ),
            isCancelRequested: try row.flag("cancel_requested"),
            version: Int64(try row.integer("version")),
            createdAt: try row.moment("created_at"),
            startedAt: try row.optionalMoment("started_at"),
            finishedAt: try row.optionalMoment("finished_at")
        )
        ready = try row.integer("ready")
        behind = try row.integer("behind")
        notBefore = try row.moment("not_before")
        lastClaimedAt = try row.moment("last_claimed_at")
        failedInRow = try row.integer("failed_in_row")
        isDropped = try row.flag("dropped")
    }

    /// Reads the job with that identifier, to change it in this transaction.
    static func load(_ id: JobID, on connection: any SQLConnection, dialect: Dialect) throws(SQLError) -> JobRow? {
        try connection.query(
            "SELECT \(columns) FROM jobs WHERE id = :id \(dialect.forUpdate)",
            ["id": .text(id.text)]
        ).first.map { row throws(SQLError) in try JobRow(row) }
    }

    /// Writes a new row.
    func insert(on connection: any SQLConnection) throws(SQLError) {
        try connection.execute(Self.insertion, changingBinds.merging(fixedBinds) { first, _ in first })
    }

    /// Writes the columns that change, and counts the version up.
    mutating func save(on connection: any SQLConnection) throws(SQLError) {
        record.version += 1
        try connection.execute(Self.update, changingBinds.merging(["id": .text(record.id.text)]) { first, _ in first })
    }

    private var fixedBinds: SQLBinds {
        let specification = record.specification
        return [
            "id": .text(record.id.text),
            "kind": .text(specification.kind.rawValue),
            "payload": .text(String(decoding: specification.payload, as: UTF8.self)),
            "created_by": .text(specification.createdBy),
            "priority": .integer(Int64(specification.priority)),
            "concurrency": .integer(optional: specification.limits.concurrency),
            "rate_per_minute": .integer(optional: specification.limits.ratePerMinute),
            "per_target_timeout": .duration(optional: specification.limits.perTargetTimeout),
            "abort_percent": .integer(optional: specification.limits.abort?.failurePercent),
            "abort_min_executed": .integer(
                optional: specification.limits.abort.flatMap { $0.failurePercent == nil ? nil : $0.minExecuted }
            ),
            "retry_max": .integer(Int64(specification.retry.max)),
            "retry_backoff": .duration(optional: specification.retry.backoff),
            "retry_max_backoff": .duration(optional: specification.retry.maxBackoff),
            "resolve_for": .duration(optional: specification.retry.resolveFor),
            "start_at": .moment(optional: specification.startAt),
            "expires_at": .moment(optional: specification.expiresAt),
            "confirm_before": .moment(optional: specification.confirmBefore),
            "trace_id": .text(optional: specification.traceID),
            "total": .integer(Int64(record.progress.total)),
            "created_at": .moment(record.createdAt),
            "gate": .text(optional: specification.gate?.name),
            "fuse_limit": .integer(optional: specification.gate?.fuse?.limit),
            "fuse_window": .duration(optional: specification.gate?.fuse?.window),
            "abort_in_row": .integer(optional: specification.limits.abort?.inRow),
            "canary": .integer(optional: specification.limits.canary),
            "selection": .text(optional: specification.selection.map { String(decoding: $0, as: UTF8.self) }),
        ]
    }

    private var changingBinds: SQLBinds {
        let progress = record.progress
        return [
            "state": .text(record.state.rawValue),
            "cancel_requested": .flag(record.isCancelRequested),
            "version": .integer(record.version),
            "done": .integer(Int64(progress.done)),
            "succeeded": .integer(Int64(progress.succeeded)),
            "failed": .integer(Int64(progress.failed)),
            "unknown": .integer(Int64(progress.unknown)),
            "cancelled": .integer(Int64(progress.cancelled)),
            "expired": .integer(Int64(progress.expired)),
            "running": .integer(Int64(progress.running)),
            "ready": .integer(Int64(ready)),
            "behind": .integer(Int64(behind)),
            "not_before": .moment(notBefore),
            "last_claimed_at": .moment(lastClaimedAt),
            "started_at": .moment(optional: record.startedAt),
            "finished_at": .moment(optional: record.finishedAt),
            "failed_in_row": .integer(Int64(failedInRow)),
            "dropped": .flag(isDropped),
        ]
    }

    private static func specification(_ row: SQLRow) throws(SQLError) -> JobSpecification {
        var limits = JobLimits(
            concurrency: try row.optionalInteger("concurrency"),
            ratePerMinute: try row.optionalInteger("rate_per_minute"),
            perTargetTimeout: try row.optionalDuration("per_target_timeout"),
            canary: try row.optionalInteger("canary")
        )
        let (percent, inRow) = (try row.optionalInteger("abort_percent"), try row.optionalInteger("abort_in_row"))
        if percent != nil || inRow != nil {
            limits.abort = JobAbortRule(
                failurePercent: percent,
                minExecuted: try row.optionalInteger("abort_min_executed") ?? 10,
                inRow: inRow
            )
        }
        var gate = try row.optionalText("gate").map { JobGate(name: $0) }
        if let limit = try row.optionalInteger("fuse_limit"), let window = try row.optionalDuration("fuse_window") {
            gate?.fuse = JobFuse(limit: limit, window: window)
        }
        return JobSpecification(
            kind: JobKind(rawValue: try row.text("kind")),
            payload: Array(try row.text("payload").utf8),
            createdBy: try row.text("created_by"),
            priority: UInt8(clamping: try row.integer("priority")),
            limits: limits,
            retry: JobRetry(
                max: try row.integer("retry_max"),
                backoff: .microseconds(try row.integer("retry_backoff")),
                maxBackoff: .microseconds(try row.integer("retry_max_backoff")),
                resolveFor: .microseconds(try row.integer("resolve_for"))
            ),
            startAt: try row.optionalMoment("start_at"),
            expiresAt: try row.optionalMoment("expires_at"),
            confirmBefore: try row.optionalMoment("confirm_before"),
            traceID: try row.optionalText("trace_id"),
            gate: gate,
            selection: try row.optionalText("selection").map { Array($0.utf8) }
        )
    }
}
