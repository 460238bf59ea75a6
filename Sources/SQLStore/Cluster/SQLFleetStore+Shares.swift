// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Timekeeping

/// How gateways over one database divide the lines to meters among themselves.
extension SQLFleetStore: NodeStore {
    /// Says that a gateway lives, takes shares that are free, and marks those that it has to give back, as one step.
    public func beat(_ beat: NodeBeat) async throws(StoreError) -> NodeView {
        // Whoever takes what a lost gateway had locks that one's row, and whoever lives changes his own: so a gateway
        // that comes back sees what was taken from it, or keeps all of it.
        try await write(.rowLocks) { connection in
            let me = beat.holder
            let now = try moment(on: connection)
            let alive = try connection.execute(
                "UPDATE nodes SET alive_until = :until, draining = :draining, stopped = 0 WHERE holder = :holder",
                ["until": .moment(now + beat.lease), "draining": .flag(beat.isDraining), "holder": .text(me.text)]
            )
            guard alive > 0 else { throw StoreError.preconditionFailed(current: nil) }
            let nodes = try connection.query("SELECT \(NodeRow.columns) FROM nodes ORDER BY name", [:])
                .map { row throws(SQLError) in try NodeRow.record(row, now: now) }
            var table = try Self.shareTable(on: connection)
            let dead = beat.mayInherit ? try deadHolders(table, nodes, me, now, on: connection) : []
            let balance = ShareBalance(
                of: me,
                isDraining: beat.isDraining,
                live: nodes.count { $0.state == .live },
                table: table,
                dead: dead
            )
            let taken = try Self.take(balance.taken, for: me, from: dead, on: connection)
            for share in taken { table.entries[share.number] = .init(holder: me) }
            if !taken.isEmpty { try connection.notify(SQLChannel.nodes, me.name) }
            if !balance.yielded.isEmpty {
                var binds: SQLBinds = ["holder": .text(me.text)]
                let yielded = binds.list(balance.yielded.map(\.value), as: "share")
                try connection.execute(
                    "UPDATE channel_shares SET leaving = 1 WHERE holder = :holder AND share IN (\(yielded))",
                    binds
                )
                for share in balance.yielded { table.entries[share.number].isLeaving = true }
            }
            if !dead.isEmpty { try Self.forgetCallers(of: dead.map(\.text).sorted(), on: connection) }
            let leaving = table.entries.indices.filter { table.entries[$0].holder == me && table.entries[$0].isLeaving }
            return NodeView(
                nodes: nodes,
                table: table,
                taken: taken,
                yielded: leaving.map(ChannelShare.init(number:)),
                dead: dead
            )
        }
    }

    /// Gives shares back; only those that the holder has.
    public func release(_ shares: [ChannelShare], of holder: NodeHolder) async throws(StoreError) {
        guard !shares.isEmpty else { return }
        try await write(.rowLocks) { connection in
            var binds: SQLBinds = ["holder": .text(holder.text)]
            let given = binds.list(shares.map(\.value), as: "share")
            try connection.execute(
                """
                UPDATE channel_shares SET holder = NULL, leaving = 0
                WHERE holder = :holder AND share IN (\(given))
                """,
                binds
            )
            try connection.notify(SQLChannel.nodes, holder.name)
        }
    }

    /// A gateway came, went, took shares or gave some back, or a channel was steered, from now on.
    public func nodeChanges() -> AsyncStream<Void> {
        database.messages(on: SQLChannel.nodes) { _ in () }
    }

    /// Meters whose configuration anybody changes, from now on; nil = any may have changed.
    public func configurationChanges() -> AsyncStream<MeterID?> {
        database.messages(on: SQLChannel.configuration) { $0.flatMap { MeterID($0) } }
    }

    /// Holders of anything that certainly use nothing any more; none of them comes back before this transaction ends.
    private func deadHolders(
        _ table: ShareTable,
        _ nodes: [NodeRecord],
        _ me: NodeHolder,
        _ now: Timestamp,
        on connection: any SQLConnection
    ) throws -> Set<NodeHolder> {
        var holders = Set(table.entries.compactMap(\.holder))
        let others = try connection.query(
            """
            SELECT DISTINCT holder FROM executions WHERE lease_until IS NOT NULL
            UNION SELECT DISTINCT holder FROM dial_in_links
            """,
            [:]
        )
        for row in others { if let holder = NodeHolder(try row.text("holder")) { holders.insert(holder) } }
        let known = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return try holders.filter { holder in
            guard holder != me else { return false }
            guard let node = known[holder.name] else { return true }
            // An earlier start may be at work as long as it was believed to be.
            guard holder == node.holder else { return node.formerUntil <= now }
            guard node.state == .lost || node.state == .stopped else { return false }
            let locked = try connection.query(
                """
                SELECT name FROM nodes WHERE holder = :holder AND (stopped = 1 OR alive_until <= :now)
                \(dialect.forUpdateSkippingLocked)
                """,
                ["holder": .text(holder.text), "now": .moment(now)]
            )
            return !locked.isEmpty
        }
    }

    private static func take(
        _ wanted: [ChannelShare],
        for me: NodeHolder,
        from dead: Set<NodeHolder>,
        on connection: any SQLConnection
    ) throws(SQLError) -> [ChannelShare] {
        guard !wanted.isEmpty else { return [] }
        var binds: SQLBinds = ["me": .text(me.text)]
        let shares = binds.list(wanted.map(\.value), as: "share")
        let isDead = dead.isEmpty ? "" : " OR holder IN (\(binds.list(dead.map(\.text).sorted(), as: "dead")))"
        return try connection.query(
            """
            UPDATE channel_shares SET holder = :me, leaving = 0
            WHERE share IN (\(shares)) AND (holder IS NULL\(isDead)) RETURNING share
            """,
            binds
        ).map { row throws(SQLError) in ChannelShare(number: try row.integer("share")) }
    }

    private static func shareTable(on connection: any SQLConnection) throws(SQLError) -> ShareTable {
        var table = ShareTable()
        let rows = try connection.query(
            "SELECT share, holder, leaving FROM channel_shares WHERE holder IS NOT NULL AND share < :count",
            ["count": .integer(Int64(ChannelShare.count))]
        )
        for row in rows {
            let number = try row.integer("share")
            guard table.entries.indices.contains(number) else { continue }
            table.entries[number] = .init(
                holder: NodeHolder(try row.text("holder")),
                isLeaving: try row.flag("leaving")
            )
        }
        return table
    }
}

extension ChannelShare {
    fileprivate var value: SQLValue { .integer(Int64(number)) }
}
