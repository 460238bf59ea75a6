// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Timekeeping

extension SQLFleetStore: ChannelControlStore {
    /// Keeps what is wanted of a path in place of what was wanted before, and tells all gateways on the database.
    public func setChannelControl(_ wish: ChannelControl.Wish?, of path: String) async throws(StoreError) {
        let now = clock.now()
        try await write { connection in
            try connection.execute(
                "DELETE FROM channel_controls WHERE path = :path OR held_until <= :now",
                ["path": .text(path), "now": .moment(now)]
            )
            if let wish {
                try connection.execute(
                    """
                    INSERT INTO channel_controls (path, wish, held_until, reason)
                    VALUES (:path, :wish, :until, :reason)
                    """,
                    Self.binds(wish, path)
                )
            }
            try connection.notify(SQLChannel.nodes, "")
        }
    }

    /// Everything that is wanted now, by path; without holds whose time is over.
    public func channelControls() async throws(StoreError) -> [ChannelControl] {
        let now = clock.now()
        return try await read { connection in
            try connection.query(
                """
                SELECT path, wish, held_until, reason FROM channel_controls
                WHERE held_until IS NULL OR held_until > :now ORDER BY path
                """,
                ["now": .moment(now)]
            ).map { row throws(SQLError) in
                ChannelControl(
                    path: try row.text("path"),
                    wish: try row.text("wish") == "draining"
                        ? .draining
                        : .held(until: try row.optionalMoment("held_until"), reason: try row.optionalText("reason"))
                )
            }
        }
    }

    private static func binds(_ wish: ChannelControl.Wish, _ path: String) -> SQLBinds {
        var binds: SQLBinds = [
            "path": .text(path), "wish": .text("draining"), "until": .moment(optional: nil),
            "reason": .text(optional: nil),
        ]
        if case .held(let until, let reason) = wish {
            binds["wish"] = .text("held")
            binds["until"] = .moment(optional: until)
            binds["reason"] = .text(optional: reason)
        }
        return binds
    }
}
