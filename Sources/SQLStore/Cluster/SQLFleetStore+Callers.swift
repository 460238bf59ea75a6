// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSSecurity
public import Fleet
import JSONText
import Timekeeping

/// Meters that have dialled in to one of the gateways, and the shares of meters and channels.
extension SQLFleetStore {
    /// Takes note that meters have dialled in to a gateway, in place of where they were before.
    public func noteCallers(_ meters: [MeterID], at holder: NodeHolder) async throws(StoreError) {
        try await write(.rowLocks) { connection in
            let now = try moment(on: connection)
            let share = try connection.query(
                "SELECT ordinal FROM nodes WHERE holder = :holder",
                ["holder": .text(holder.text)]
            ).first.map { row throws(SQLError) in ChannelShare(ofCallersAt: try row.integer("ordinal")) }
            guard let share else { throw StoreError.preconditionFailed(current: nil) }
            for meter in meters {
                try connection.execute(
                    """
                    INSERT INTO dial_in_links (meter_id, holder, since)
                    SELECT id, :holder, :since FROM meters WHERE id = :meter
                    ON CONFLICT (meter_id) DO UPDATE SET holder = excluded.holder, since = excluded.since
                    """,
                    ["meter": .text(meter.text), "holder": .text(holder.text), "since": .moment(now)]
                )
                try Self.setShare(.integer(Int64(share.number)), of: meter.text, on: connection)
            }
        }
    }

    /// Takes note that meters have no connection to a gateway any more.
    public func forgetCallers(_ meters: [MeterID], at holder: NodeHolder) async throws(StoreError) {
        try await write(.rowLocks) { connection in
            for meter in meters {
                let gone = try connection.execute(
                    "DELETE FROM dial_in_links WHERE meter_id = :meter AND holder = :holder",
                    ["meter": .text(meter.text), "holder": .text(holder.text)]
                )
                if gone > 0 { try Self.restoreShare(of: meter.text, on: connection) }
            }
        }
    }

    /// The gateway that a meter has dialled in to; nil when there is none.
    public func callerHolder(_ meter: MeterID) async throws(StoreError) -> NodeHolder? {
        try await read { connection in
            try connection.query(
                "SELECT holder FROM dial_in_links WHERE meter_id = :meter",
                ["meter": .text(meter.text)]
            ).first.flatMap { NodeHolder(try $0.text("holder")) }
        }
    }

    /// Forgets all meters that had dialled in to gateways that are gone.
    static func forgetCallers(of holders: [String], on connection: any SQLConnection) throws(SQLError) {
        for holder in holders {
            let rows = try connection.query(
                "DELETE FROM dial_in_links WHERE holder = :holder RETURNING meter_id",
                ["holder": .text(holder)]
            )
            for row in rows { try restoreShare(of: try row.text("meter_id"), on: connection) }
        }
    }

    /// The secret by which gateways know each other's requests.
    public func nodeSecret(orKeep drawn: Secret) async throws(StoreError) -> Secret {
        let place = SealingContext(table: "node_secrets", row: "1", column: "sealed")
        do {
            let sealed = Hexadecimal.text(of: try sealer.seal(drawn, for: place))
            let kept = try await write(.rowLocks) { connection in
                try connection.execute(
                    "INSERT INTO node_secrets (id, sealed) VALUES (1, :sealed) ON CONFLICT (id) DO NOTHING",
                    ["sealed": .text(sealed)]
                )
                return try connection.query("SELECT sealed FROM node_secrets WHERE id = 1", [:]).first?.text("sealed")
            }
            guard let octets = kept.flatMap({ Hexadecimal.octets(of: $0) }) else { throw SealingError.malformed }
            return try sealer.open(octets, for: place)
        } catch let error as SealingError {
            throw .sealing(error)
        } catch {
            throw StoreError(error)
        }
    }

    /// Works out the shares of meters and channels that were stored before there were any; gives how many.
    public func completeShares() async throws(StoreError) -> Int {
        var completed = 0
        while true {
            let rows = try await read { [channels] connection in
                try channels.rows(where: ["share IS NULL"], after: nil, limit: 500, on: connection)
            }
            for row in rows {
                let channel = try Self.channelRecord(row).configuration
                try await setShare(ChannelShare(of: channel.path, in: channel.group), of: row.id, in: "channels")
            }
            completed += rows.count
            if rows.count < 500 { break }
        }
        while true {
            let rows = try await read { [meters] connection in
                try meters.rows(where: ["share IS NULL"], after: nil, limit: 500, on: connection)
            }
            for row in rows {
                switch try meterRecord(row).configuration.channel {
                case .inline(let channel):
                    try await setShare(ChannelShare(of: channel.path, in: channel.group), of: row.id, in: "meters")
                case .shared(let shared):
                    let channel = try await channel(shared)?.configuration
                    let share = channel.map { ChannelShare(of: $0.path, in: $0.group) } ?? ChannelShare(number: 0)
                    try await setShare(share, of: row.id, in: "meters")
                }
            }
            completed += rows.count
            if rows.count < 500 { break }
        }
        return completed
    }

    private func setShare(_ share: ChannelShare, of id: String, in table: String) async throws(StoreError) {
        try await write(.rowLocks) { connection in
            let changed = try connection.execute(
                "UPDATE \(table) SET share = :share WHERE id = :id AND share IS NULL",
                ["share": .integer(Int64(share.number)), "id": .text(id)]
            )
            if changed > 0, table == "meters" { try Self.restoreShare(of: id, on: connection) }
        }
    }

    /// The share of a meter's line in the columns of its row.
    func shareColumn(_ channel: ChannelReference, on connection: any SQLConnection) throws(SQLError) -> SQLValue {
        switch channel {
        case .inline(let own): .integer(Int64(ChannelShare(of: own.path, in: own.group).number))
        case .shared(let id):
            try connection.query("SELECT share FROM channels WHERE id = :id", ["id": .text(id.text)])
                .first?.value("share") ?? .null
        }
    }

    /// Tells all gateways that a meter is not what it was, and gives what is to be done at it to who has its line now.
    static func meterChanged(_ id: MeterID, isNew: Bool, on connection: any SQLConnection) throws(SQLError) {
        if !isNew {
            try connection.execute(
                """
                UPDATE executions SET share = (SELECT share FROM meters WHERE id = :meter)
                WHERE target = :meter AND finished_at IS NULL
                    AND share < :own AND share <> (SELECT share FROM meters WHERE id = :meter)
                """,
                ["meter": .text(id.text), "own": .integer(Int64(ChannelShare.count))]
            )
        }
        try connection.notify(SQLChannel.configuration, id.text)
    }

    /// As ``meterChanged(_:on:)``, for all meters behind a shared channel.
    static func channelChanged(_ id: ChannelID, on connection: any SQLConnection) throws(SQLError) {
        let moved = try connection.query(
            """
            UPDATE meters SET share = (SELECT share FROM channels WHERE id = :channel)
            WHERE channel_id = :channel
                AND (share IS NULL OR share <> (SELECT share FROM channels WHERE id = :channel))
            RETURNING id
            """,
            ["channel": .text(id.text)]
        )
        for row in moved { try restoreShare(of: try row.text("id"), on: connection) }
        try connection.notify(SQLChannel.configuration, "")
    }

    /// Gives what is still to be done at a meter to who has this share.
    static func setShare(_ share: SQLValue, of meter: String, on connection: any SQLConnection) throws(SQLError) {
        try connection.execute(
            "UPDATE executions SET share = :share WHERE target = :meter AND finished_at IS NULL",
            ["share": share, "meter": .text(meter)]
        )
    }

    /// Gives what is still to be done at a meter to who has the share of its line.
    static func restoreShare(of meter: String, on connection: any SQLConnection) throws(SQLError) {
        try connection.execute(
            """
            UPDATE executions SET share = (SELECT share FROM meters WHERE id = :meter)
            WHERE target = :meter AND finished_at IS NULL
            """,
            ["meter": .text(meter)]
        )
    }
}
