// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs

/// How much of each lane is free while a claim is served, whichever gateway and job has the rest.
struct LaneRoom {
    private var taken: [String: Int]

    /// Counts what is worked on now.
    init(on connection: any SQLConnection) throws(SQLError) {
        // Few are leased, and an index has just these.
        let rows = try connection.query(
            """
            SELECT lane, count(*) AS taken FROM executions WHERE lease_until > 0 AND lane IS NOT NULL GROUP BY lane
            """,
            [:]
        )
        taken = [:]
        for row in rows { taken[try row.text("lane")] = try row.integer("taken") }
    }

    /// Takes a place on a lane; false when there is none.
    mutating func take(_ lane: String?) -> Bool {
        guard let lane else { return true }
        let count = taken[lane, default: 0]
        guard count < ExecutionClaim.mostOfLane else { return false }
        taken[lane] = count + 1
        return true
    }

    /// The condition that an execution's lane is not full; adds what it asks for.
    func condition(_ binds: inout SQLBinds) -> String {
        let full = taken.lazy.filter { $0.value >= ExecutionClaim.mostOfLane }.map(\.key).sorted()
        guard !full.isEmpty else { return "" }
        let names = binds.list(full, as: "lane")
        return "AND (executions.lane IS NULL OR executions.lane NOT IN (\(names)))"
    }
}
