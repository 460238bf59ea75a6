// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs
import Timekeeping

/// How executions come into the table, and who may take them.
extension SQLJobStore {
    /// How many targets are looked up with one statement.
    private static let mostAtOnce = 512

    /// So many executions are handed to the database at a time, which bounds the memory of a large job.
    private static let insertedAtOnce = 5000

    /// How executions stand that were just stored.
    struct Inserted {
        /// How many may begin at once.
        var ready = 0
        /// How many wait behind others of their lane.
        var behind = 0
        /// How many of each lane may begin.
        fileprivate var lanes: [String: Int] = [:]
    }

    /// Stores one execution for each target of a job, each with the line that it will need and the share of that.
    ///
    /// - Parameters:
    ///   - count: how many the job has.
    ///   - spread: spreads the beginnings; nil lets all begin at once.
    static func insertExecutions(
        on targets: [String],
        of job: JobID,
        after count: Int,
        spread: JobSpread?,
        now: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) -> Inserted {
        var inserted = Inserted()
        for start in stride(from: 0, to: targets.count, by: insertedAtOnce) {
            let part = targets[start..<min(start + insertedAtOnce, targets.count)]
            try insert(part, of: job, after: count + start, spread: spread, now: now, &inserted, on: connection)
        }
        return inserted
    }

    private static func insert(
        _ targets: ArraySlice<String>,
        of job: JobID,
        after count: Int,
        spread: JobSpread?,
        now: Timestamp,
        _ inserted: inout Inserted,
        on connection: any SQLConnection
    ) throws(SQLError) {
        let lines = try lines(of: targets, on: connection)
        var rows = SQLRows(
            columns: ["job_id", "ordinal", "target", "state", "ready", "due_at", "share", "lane", "behind"],
            capacity: targets.count
        )
        for (index, target) in targets.enumerated() {
            var due = spread?.moment(of: target)
            if let moment = due, moment <= now { due = nil }
            let lane = lines[target]?.lane
            var isBehind = false
            if let lane, due == nil {
                isBehind = inserted.lanes[lane, default: 0] >= ExecutionClaim.mostOfLane
                if !isBehind { inserted.lanes[lane, default: 0] += 1 }
            }
            let isReady = due == nil && !isBehind
            if isReady { inserted.ready += 1 }
            if isBehind { inserted.behind += 1 }
            rows.append([
                .text(job.text), .integer(Int64(count + index)), .text(target),
                .text(ExecutionState.queued.rawValue), .flag(isReady), .moment(optional: due),
                lines[target]?.share ?? .null, .text(optional: lane), .flag(isBehind),
            ])
        }
        try connection.insert(rows, into: "executions", conflict: .fail)
    }

    /// The lines of targets that are meters and their shares: a gateway's own for those that have dialled in to it.
    private static func lines(
        of targets: ArraySlice<String>,
        on connection: any SQLConnection
    ) throws(SQLError) -> [String: (share: SQLValue, lane: String?)] {
        var lines: [String: (share: SQLValue, lane: String?)] = [:]
        var start = targets.startIndex
        while start < targets.endIndex {
            let part = targets[start..<min(start + mostAtOnce, targets.endIndex)]
            start = part.endIndex
            var binds: SQLBinds = ["own": .integer(Int64(ChannelShare.count))]
            let wanted = binds.list(part, as: "target")
            let rows = try connection.query(
                """
                SELECT meters.id AS id, coalesce(:own + nodes.ordinal, meters.share) AS share,
                    coalesce(meters.lane, 'channel:' || meters.channel_id) AS lane FROM meters
                LEFT JOIN dial_in_links ON dial_in_links.meter_id = meters.id
                LEFT JOIN nodes ON nodes.holder = dial_in_links.holder
                WHERE meters.id IN (\(wanted))
                """,
                binds
            )
            for row in rows {
                lines[try row.text("id")] = (try row.value("share"), try row.optionalText("lane"))
            }
        }
        return lines
    }

    /// The condition that an execution may be given to the holder of a claim.
    static func isOwn(_ claim: ExecutionClaim) -> String {
        guard claim.onlyOwnShares else { return "" }
        // What is about to be given back is left to who takes it.
        return """
            AND (executions.share IS NULL OR executions.share IN (
                SELECT channel_shares.share FROM channel_shares
                WHERE channel_shares.holder = :holder AND channel_shares.leaving = 0))
            """
    }

    /// The jobs that a claim may be served from, locked, in the order in which they are to be served.
    ///
    /// Each has an execution that can begin: one that only has such as wait for their line would keep others from it.
    static func jobsToServe(
        _ claim: ExecutionClaim,
        _ lanes: LaneRoom,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws(SQLError) -> [JobRow] {
        let mayBegin = """
            ready > 0 AND state IN ('queued', 'running', 'paused') AND not_before <= :now
                AND (concurrency IS NULL OR running < concurrency)
            """
        var binds: SQLBinds = ["now": .moment(claim.now), "limit": .integer(Int64(claim.limit))]
        if claim.onlyOwnShares { binds["holder"] = .text(claim.holder) }
        let canBegin = "executions.job_id = jobs.id AND executions.ready = 1 \(isOwn(claim)) \(lanes.condition(&binds))"
        let found = try connection.query(
            """
            SELECT id FROM jobs WHERE \(mayBegin) AND (
                (state <> 'paused' AND EXISTS (
                    SELECT 1 FROM executions WHERE \(canBegin)
                        AND (jobs.canary IS NULL OR jobs.succeeded >= jobs.canary OR executions.ordinal < jobs.canary)))
                OR (state = 'paused' AND EXISTS (
                    SELECT 1 FROM executions WHERE \(canBegin) AND executions.transmitted = 1)))
            ORDER BY priority DESC, last_claimed_at, id LIMIT :limit
            """,
            binds
        ).map { row throws(SQLError) in try row.text("id") }
        guard !found.isEmpty else { return [] }
        // Locked in the order of their identifiers, as all do, so that no two wait for each other; the locks are waited
        // for, because to pass over a job that another gateway works on would leave this one idle.
        var locks: SQLBinds = ["now": .moment(claim.now)]
        let wanted = locks.list(found, as: "job")
        let rows = try connection.query(
            """
            SELECT \(JobRow.columns) FROM jobs WHERE id IN (\(wanted)) AND \(mayBegin)
            ORDER BY id \(dialect.forUpdate)
            """,
            locks
        )
        let jobs = try rows.map { row throws(SQLError) in try JobRow(row) }
        let places = Dictionary(found.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return jobs.sorted { places[$0.record.id.text] ?? 0 < places[$1.record.id.text] ?? 0 }
    }

    /// Hands out executions of a job, which is locked, so that nobody else makes its executions ready or takes them.
    static func claim(
        _ count: Int,
        of job: inout JobRow,
        _ claim: ExecutionClaim,
        _ lanes: inout LaneRoom,
        on connection: any SQLConnection
    ) throws(SQLError) -> [ClaimedExecution] {
        let ordinals = try choose(count, of: job, claim, &lanes, on: connection)
        guard !ordinals.isEmpty else { return [] }
        var binds: SQLBinds = [
            "job_id": .text(job.record.id.text), "now": .moment(claim.now),
            "holder": .text(claim.holder), "until": .moment(claim.leaseUntil),
        ]
        let places = binds.list(ordinals.map { .integer(Int64($0)) }, as: "place")
        let rows = try connection.query(
            """
            UPDATE executions SET state = 'running', attempts = attempts + 1, claims = claims + 1, ready = 0,
                started_at = coalesce(started_at, :now), holder = :holder, lease_until = :until
            WHERE job_id = :job_id AND ordinal IN (\(places))
            RETURNING \(ExecutionRow.columns)
            """,
            binds
        )
        let executions = try rows.map { row throws(SQLError) in try ExecutionRow(row).record }
            .sorted { $0.id.ordinal < $1.id.ordinal }
        // What is ready and may have been sent was unknown.
        job.record.progress.unknown -= executions.count { $0.hasTransmitted }
        job.ready -= executions.count
        job.record.progress.running += executions.count
        job.record.startedAt = job.record.startedAt ?? claim.now
        if job.record.state != .paused { job.record.state = .running }
        job.lastClaimedAt = claim.now
        if let rate = job.record.specification.limits.ratePerMinute {
            job.notBefore = claim.now + .seconds(60) * executions.count / rate
        }
        try job.save(on: connection)
        return executions.map { [record = job.record] in ClaimedExecution(job: record, execution: $0) }
    }

    /// The places of executions that a claim gets of a job, in order.
    ///
    /// It looks at a few more than are wanted, because of some the line may be taken by those before them; what is left
    /// out for that the next claim does not meet again.
    private static func choose(
        _ count: Int,
        of job: JobRow,
        _ claim: ExecutionClaim,
        _ lanes: inout LaneRoom,
        on connection: any SQLConnection
    ) throws(SQLError) -> [Int] {
        var binds: SQLBinds = ["job_id": .text(job.record.id.text), "limit": .integer(Int64(4 * count))]
        if claim.onlyOwnShares { binds["holder"] = .text(claim.holder) }
        var condition = "job_id = :job_id AND ready = 1 \(isOwn(claim)) \(lanes.condition(&binds))"
        if job.record.state == .paused { condition += " AND transmitted = 1" }
        if let canary = job.record.missingCanaries {
            condition += " AND ordinal < :canary"
            binds["canary"] = .integer(Int64(canary))
        }
        let rows = try connection.query(
            "SELECT ordinal, lane FROM executions WHERE \(condition) ORDER BY ordinal LIMIT :limit",
            binds
        )
        var ordinals: [Int] = []
        for row in rows where ordinals.count < count {
            if lanes.take(try row.optionalText("lane")) { ordinals.append(try row.integer("ordinal")) }
        }
        return ordinals
    }
}
