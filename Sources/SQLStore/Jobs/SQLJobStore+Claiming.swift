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
            // Few lengths make few statements to prepare; the places left over name the last one again.
            var length = 1
            while length < part.count { length *= 2 }
            var binds: SQLBinds = ["own": .integer(Int64(ChannelShare.count))]
            for place in 0..<length {
                binds["target\(place)"] = .text(part[min(part.startIndex + place, part.endIndex - 1)])
            }
            let rows = try connection.query(
                """
                SELECT meters.id AS id, coalesce(:own + nodes.ordinal, meters.share) AS share,
                    coalesce(meters.lane, 'channel:' || meters.channel_id) AS lane FROM meters
                LEFT JOIN dial_in_links ON dial_in_links.meter_id = meters.id
                LEFT JOIN nodes ON nodes.holder = dial_in_links.holder
                WHERE meters.id IN (\((0..<length).indices(prefix: ":target")))
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
    static func jobsToServe(
        _ claim: ExecutionClaim,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws(SQLError) -> [JobRow] {
        let mayBegin = """
            ready > 0 AND state IN ('queued', 'running') AND not_before <= :now
                AND (concurrency IS NULL OR running < concurrency)
            """
        var binds: SQLBinds = ["now": .moment(claim.now), "limit": .integer(Int64(claim.limit))]
        var hasOwn = ""
        if claim.onlyOwnShares {
            binds["holder"] = .text(claim.holder)
            hasOwn = """
                AND EXISTS (
                    SELECT 1 FROM executions
                    WHERE executions.job_id = jobs.id AND executions.ready = 1 \(isOwn(claim)))
                """
        }
        let found = try connection.query(
            """
            SELECT id FROM jobs WHERE \(mayBegin) \(hasOwn)
            ORDER BY priority DESC, last_claimed_at, id LIMIT :limit
            """,
            binds
        ).map { row throws(SQLError) in try row.text("id") }
        guard !found.isEmpty else { return [] }
        // Locked in the order of their identifiers, as all do, so that no two wait for each other; the locks are waited
        // for, because to pass over a job that another gateway works on would leave this one idle.
        var locks: SQLBinds = ["now": .moment(claim.now)]
        for (place, id) in found.enumerated() { locks["job\(place)"] = .text(id) }
        let rows = try connection.query(
            """
            SELECT \(JobRow.columns) FROM jobs WHERE id IN (\(found.indices(prefix: ":job"))) AND \(mayBegin)
            ORDER BY id \(dialect.forUpdate)
            """,
            locks
        )
        let jobs = try rows.map { row throws(SQLError) in try JobRow(row) }
        let places = Dictionary(found.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return jobs.sorted { places[$0.record.id.text] ?? 0 < places[$1.record.id.text] ?? 0 }
    }
}
