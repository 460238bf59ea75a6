// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Timekeeping

/// What gateways over one database know of each other: how they come, live and go.
extension SQLFleetStore {
    /// Enters a gateway that starts, with a fence above those of its earlier starts.
    public func register(_ node: NodeRegistration) async throws(StoreError) -> NodeRecord {
        try await write(.rowLocks) { [dialect] connection in
            let now = try moment(on: connection)
            // An entry of its own first, so that there is a row to lock.
            try connection.execute(
                """
                INSERT INTO nodes (name, fence, holder, ordinal, address, version, started_at, alive_until,
                    former_until, draining, stopped)
                SELECT :name, 1, :holder, coalesce(max(ordinal) + 1, 0), '', '', 0, 0, 0, 0, 1 FROM nodes
                WHERE true ON CONFLICT (name) DO NOTHING
                """,
                ["name": .text(node.name), "holder": .text(NodeHolder(name: node.name, fence: 1).text)]
            )
            let rows = try connection.query(
                "SELECT \(NodeRow.columns) FROM nodes WHERE name = :name \(dialect.forUpdate)",
                ["name": .text(node.name)]
            )
            guard let row = rows.first else { throw SQLError.unexpectedResult(reason: "a node is not there") }
            let former = try NodeRow.record(row, now: now)
            var record = NodeRecord(
                name: node.name,
                fence: former.fence + 1,
                ordinal: former.ordinal,
                address: node.address,
                version: node.version,
                startedAt: now,
                aliveUntil: now + node.lease,
                formerUntil: max(former.formerUntil, former.aliveUntil),
                state: .live
            )
            if former.state == .stopped { record.formerUntil = former.formerUntil }
            try connection.execute(
                """
                UPDATE nodes SET fence = :fence, holder = :holder, address = :address, version = :version,
                    started_at = :started_at, alive_until = :alive_until, former_until = :former_until, draining = 0,
                    stopped = 0
                WHERE name = :name
                """,
                [
                    "name": .text(record.name), "fence": .integer(record.fence), "holder": .text(record.holder.text),
                    "address": .text(record.address), "version": .text(record.version),
                    "started_at": .moment(now), "alive_until": .moment(record.aliveUntil),
                    "former_until": .moment(record.formerUntil),
                ]
            )
            try connection.execute(
                """
                INSERT INTO channel_shares (share, holder) VALUES (:share, :holder)
                ON CONFLICT (share) DO UPDATE SET holder = excluded.holder
                """,
                [
                    "share": .integer(Int64(ChannelShare(ofCallersAt: record.ordinal).number)),
                    "holder": .text(record.holder.text),
                ]
            )
            try connection.notify(SQLChannel.nodes, record.name)
            return record
        }
    }

    /// Takes note that a gateway has ended in good order: it has nothing any more.
    public func leave(_ holder: NodeHolder) async throws(StoreError) {
        try await write(.rowLocks) { connection in
            let binds: SQLBinds = ["holder": .text(holder.text)]
            try connection.execute("UPDATE nodes SET stopped = 1, draining = 0 WHERE holder = :holder", binds)
            try connection.execute(
                "UPDATE channel_shares SET holder = NULL, leaving = 0 WHERE holder = :holder",
                binds
            )
            try Self.forgetCallers(of: [holder.text], on: connection)
            try connection.notify(SQLChannel.nodes, holder.name)
        }
    }

    /// All gateways there ever were, by name, with what they have.
    public func nodes() async throws(StoreError) -> [NodeStanding] {
        try await read { connection in
            let now = try moment(on: connection)
            let rows = try connection.query(
                """
                SELECT \(NodeRow.columns),
                    (SELECT count(*) FROM channel_shares
                        WHERE channel_shares.holder = nodes.holder AND share < :count) AS shares,
                    (SELECT count(*) FROM meters JOIN channel_shares ON channel_shares.share = meters.share
                        WHERE channel_shares.holder = nodes.holder
                            AND NOT EXISTS (SELECT 1 FROM dial_in_links WHERE meter_id = meters.id))
                    + (SELECT count(*) FROM dial_in_links WHERE dial_in_links.holder = nodes.holder) AS meters,
                    (SELECT count(*) FROM executions
                        WHERE executions.holder = nodes.holder AND lease_until IS NOT NULL) AS executions
                FROM nodes ORDER BY name
                """,
                ["count": .integer(Int64(ChannelShare.count))]
            )
            return try rows.map { row in
                NodeStanding(
                    node: try NodeRow.record(row, now: now),
                    shares: try row.integer("shares"),
                    meters: try row.integer("meters"),
                    executions: try row.integer("executions")
                )
            }
        }
    }

    /// Forgets a gateway that will never come back; false when there is none of that name.
    public func removeNode(_ name: String) async throws(StoreError) -> Bool {
        try await write(.rowLocks) { [dialect] connection in
            let now = try moment(on: connection)
            let rows = try connection.query(
                "SELECT \(NodeRow.columns) FROM nodes WHERE name = :name \(dialect.forUpdate)",
                ["name": .text(name)]
            )
            guard let row = rows.first else { return false }
            let record = try NodeRow.record(row, now: now)
            guard record.state == .lost || record.state == .stopped, record.formerUntil <= now else {
                throw StoreError.inUse(by: [record.holder.text])
            }
            let binds: SQLBinds = ["holder": .text(record.holder.text)]
            try connection.execute(
                "UPDATE channel_shares SET holder = NULL, leaving = 0 WHERE holder = :holder",
                binds
            )
            try Self.forgetCallers(of: [record.holder.text], on: connection)
            try connection.execute("DELETE FROM nodes WHERE holder = :holder", binds)
            try connection.notify(SQLChannel.nodes, name)
            return true
        }
    }

    /// The present moment by the clock that all gateways over the database share.
    func moment(on connection: any SQLConnection) throws(SQLError) -> Timestamp {
        guard goesByDatabase, let expression = dialect.presentMoment else { return clock.now() }
        guard let row = try connection.query("SELECT \(expression) AS moment", [:]).first else {
            throw .unexpectedResult(reason: "the database does not tell the time")
        }
        return try row.moment("moment")
    }

    var dialect: Dialect { database.dialect }
}

/// A row of the table of gateways.
enum NodeRow {
    static let columns = """
        name, fence, holder, ordinal, address, version, started_at, alive_until, former_until, draining, stopped
        """

    static func record(_ row: SQLRow, now: Timestamp) throws(SQLError) -> NodeRecord {
        let until = try row.moment("alive_until")
        let state: NodeRecord.State
        if try row.flag("stopped") {
            state = .stopped
        } else if until <= now {
            state = .lost
        } else {
            state = try row.flag("draining") ? .draining : .live
        }
        return NodeRecord(
            name: try row.text("name"),
            fence: Int64(try row.integer("fence")),
            ordinal: try row.integer("ordinal"),
            address: try row.text("address"),
            version: try row.text("version"),
            startedAt: try row.moment("started_at"),
            aliveUntil: until,
            formerUntil: try row.moment("former_until"),
            state: state
        )
    }
}
