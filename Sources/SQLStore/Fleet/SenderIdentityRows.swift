// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet

/// The statements about identities of senders, each inside somebody's transaction.
enum SenderIdentityRows {
    /// Whose identities they are.
    enum Owner: String {
        case meter
        case channel
    }

    /// Replaces the identities of a meter or channel; an empty set removes them.
    static func replace(
        _ owner: Owner,
        _ id: String,
        with identities: Set<SenderIdentity>,
        on connection: any SQLConnection
    ) throws(SQLError) {
        try connection.execute(
            "DELETE FROM sender_identities WHERE owner_kind = :kind AND owner_id = :id",
            ["kind": .text(owner.rawValue), "id": .text(id)]
        )
        for identity in identities {
            try connection.execute(
                """
                INSERT INTO sender_identities (kind, identity, owner_kind, owner_id)
                VALUES (:kind, :identity, :owner_kind, :owner_id)
                ON CONFLICT (kind, identity, owner_kind, owner_id) DO NOTHING
                """,
                [
                    "kind": .text(identity.kind.rawValue), "identity": .text(identity.text),
                    "owner_kind": .text(owner.rawValue), "owner_id": .text(id),
                ]
            )
        }
    }

    /// The meters with an identity: their own, that of their channel, a proven system title, their id.
    static func meters(_ identity: SenderIdentity, on connection: any SQLConnection) throws(SQLError) -> [String] {
        var parts = [
            """
            SELECT meters.id AS id FROM sender_identities JOIN meters ON meters.id = sender_identities.owner_id
            WHERE kind = :kind AND identity = :identity AND owner_kind = 'meter'
            """,
            """
            SELECT meters.id AS id FROM sender_identities JOIN meters ON meters.channel_id = sender_identities.owner_id
            WHERE kind = :kind AND identity = :identity AND owner_kind = 'channel'
            """,
        ]
        switch identity.kind {
        case .title:
            parts.append(
                """
                SELECT meters.id AS id FROM peer_counters JOIN meters ON meters.id = peer_counters.meter_id
                WHERE system_title = :identity
                """
            )
        case .name: parts.append("SELECT id FROM meters WHERE id = :identity")
        case .address: break
        }
        let rows = try connection.query(
            parts.joined(separator: "\nUNION\n") + "\nORDER BY id LIMIT :limit",
            [
                "kind": .text(identity.kind.rawValue), "identity": .text(identity.text),
                "limit": .integer(Int64(SenderIdentity.mostMeters)),
            ]
        )
        return try rows.map { row throws(SQLError) in try row.text("id") }
    }
}
