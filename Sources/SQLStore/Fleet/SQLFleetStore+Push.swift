// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
import DLMSSecurity
public import Fleet
import Timekeeping

extension SQLFleetStore: PushStore {
    /// The meters that have one of these identities.
    public func meters(knownAs identities: [SenderIdentity]) async throws(StoreError) -> [MeterID] {
        guard !identities.isEmpty else { return [] }
        let found = try await read { connection in
            var found: Set<String> = []
            for identity in identities { found.formUnion(try SenderIdentityRows.meters(identity, on: connection)) }
            return found
        }
        return found.sorted().prefix(SenderIdentity.mostMeters).compactMap { MeterID($0) }
    }

    /// The system titles that a meter has proven to have.
    public func systemTitles(of meter: MeterID) async throws(StoreError) -> [SystemTitle] {
        try await read { connection in
            try connection.query(
                """
                SELECT system_title FROM push_counters WHERE meter_id = :meter
                UNION SELECT system_title FROM peer_counters WHERE meter_id = :meter
                """,
                ["meter": .text(meter.text)]
            ).compactMap { row throws(SQLError) in
                Hexadecimal.octets(of: try row.text("system_title")).flatMap { SystemTitle($0) }
            }
        }
    }

    /// Writes down the identities of all meters and channels if none are written down yet.
    public func fillSenderIdentities() async throws(StoreError) {
        let isEmpty = try await read { connection in
            try connection.query("SELECT 1 AS one FROM sender_identities LIMIT 1", [:]).isEmpty
        }
        guard isEmpty else { return }
        let pageLength = 500
        var cursor: String?
        repeat {
            let page = try await channels(after: cursor, limit: pageLength)
            let known = page.items.map { (id: $0.id.text, identities: $0.configuration.senderIdentities) }
            try await fill(.channel, known)
            cursor = page.next
        } while cursor != nil
        repeat {
            let page = try await meters(matching: MeterQuery(), after: cursor, limit: pageLength)
            let known = page.items.map { (id: $0.id.text, identities: $0.configuration.senderIdentities) }
            try await fill(.meter, known)
            cursor = page.next
        } while cursor != nil
    }

    private func fill(
        _ owner: SenderIdentityRows.Owner,
        _ known: [(id: String, identities: Set<SenderIdentity>)]
    ) async throws(StoreError) {
        try await write { connection in
            for entry in known {
                try SenderIdentityRows.replace(owner, entry.id, with: entry.identities, on: connection)
            }
        }
    }

    /// The last counters that a meter has used in notifications.
    public func pushMarks(of meter: MeterID) async throws(StoreError) -> [PushMark] {
        try await read { connection in
            try connection.query(
                "SELECT key_fingerprint, system_title, last_value, digest FROM push_counters WHERE meter_id = :meter",
                ["meter": .text(meter.text)]
            ).map { row throws(SQLError) in
                guard let key = Hexadecimal.octets(of: try row.text("key_fingerprint")).flatMap({ KeyFingerprint($0) }),
                    let title = Hexadecimal.octets(of: try row.text("system_title")).flatMap({ SystemTitle($0) }),
                    let value = UInt32(exactly: try row.integer("last_value"))
                else { throw .unexpectedResult(reason: "a counter of meter \(meter) does not read back") }
                return PushMark(
                    meter: meter,
                    id: InvocationCounterID(key: key, systemTitle: title),
                    value: value,
                    digest: try row.text("digest")
                )
            }
        }
    }

    /// Keeps readings, events and counters of notifications in one transaction.
    public func keepPushed(_ batch: PushedBatch) async throws(StoreError) {
        let now = clock.now()
        do {
            try await database.write(.rowLocks) { [dialect = database.dialect] connection in
                _ = try ReadingAppender.append(batch.readings, on: connection, dialect)
                try Self.insert(batch.events, on: connection)
                for mark in batch.marks { try Self.keep(mark, now: now, on: connection) }
            }
        } catch {
            throw StoreError(error)
        }
    }

    private static func keep(_ mark: PushMark, now: Timestamp, on connection: any SQLConnection) throws(SQLError) {
        try connection.execute(
            """
            INSERT INTO push_counters (meter_id, key_fingerprint, system_title, last_value, digest, updated_at)
            VALUES (:meter, :key, :title, :value, :digest, :now)
            ON CONFLICT (meter_id, key_fingerprint, system_title) DO UPDATE
            SET last_value = excluded.last_value, digest = excluded.digest, updated_at = excluded.updated_at
            WHERE push_counters.last_value < excluded.last_value
            """,
            [
                "meter": .text(mark.meter.text), "key": .text(mark.id.key.description),
                "title": .text(mark.id.systemTitle.description), "value": .integer(Int64(mark.value)),
                "digest": .text(mark.digest), "now": .moment(now),
            ]
        )
    }

    /// What a meter pushes.
    public func pushObjectLists(of meter: MeterID) async throws(StoreError) -> [OBISCode: [CaptureObject]] {
        let rows = try await read { connection in
            try connection.query(
                "SELECT logical_name, object_list FROM push_object_lists WHERE meter_id = :meter",
                ["meter": .text(meter.text)]
            ).map { row throws(SQLError) in
                (name: try row.text("logical_name"), list: try row.text("object_list"))
            }
        }
        var lists: [OBISCode: [CaptureObject]] = [:]
        for row in rows {
            guard let name = OBISCode(row.name), let octets = Hexadecimal.octets(of: row.list),
                let list = (try? DLMSData(octets: octets)).flatMap({ CaptureObject.list($0) })
            else { continue }
            lists[name] = list
        }
        return lists
    }

    /// Keeps what a push set-up of a meter pushes.
    public func keepPushObjectList(
        _ list: [CaptureObject],
        of setup: OBISCode,
        meter: MeterID
    ) async throws(StoreError) {
        let now = clock.now()
        try await write { [meters] connection in
            guard try meters.contains(meter.text, on: connection) else { return }
            try connection.execute(
                """
                INSERT INTO push_object_lists (meter_id, logical_name, object_list, read_at)
                VALUES (:meter, :name, :list, :now)
                ON CONFLICT (meter_id, logical_name) DO UPDATE
                SET object_list = excluded.object_list, read_at = excluded.read_at
                """,
                [
                    "meter": .text(meter.text), "name": .text(setup.description),
                    "list": .text(Hexadecimal.text(of: DLMSData.array(list.map(\.data)).octets)),
                    "now": .moment(now),
                ]
            )
        }
    }
}
