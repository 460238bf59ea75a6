// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSSecurity
public import Fleet
public import JSONText
import Timekeeping

extension SQLFleetStore: PendingSecretStore {
    private static let table = "pending_secrets"

    /// Keeps secrets for a meter before they are sent.
    public func beginSecretChange(_ id: MeterID, _ secrets: [JSONPointer: Secret]) async throws(StoreError) {
        guard let record = try await meter(id) else { throw .referenceUnknown(id.text) }
        let places = record.configuration.secrets
        if let unknown = secrets.keys.first(where: { places[$0] == nil }) { throw .referenceUnknown(unknown.text) }
        var sealed: [(place: String, text: String)] = []
        do throws(SealingError) {
            for (pointer, secret) in secrets {
                let octets = try sealer.seal(secret, for: Self.pendingPlace(id, pointer.text))
                sealed.append((pointer.text, Hexadecimal.text(of: octets)))
            }
        } catch {
            throw .sealing(error)
        }
        let now = clock.now()
        try await write { [sealed] connection in
            let present = try Self.pendingRows(id, on: connection)
            guard present.isEmpty else { throw StoreError.inUse(by: present.map(\.place)) }
            for (place, text) in sealed {
                try connection.execute(
                    """
                    INSERT INTO pending_secrets (meter_id, place, sealed, begun_at)
                    VALUES (:id, :place, :sealed, :begun_at)
                    """,
                    ["id": .text(id.text), "place": .text(place), "sealed": .text(text), "begun_at": .moment(now)]
                )
            }
        }
    }

    /// The secrets that are on their way to a meter.
    public func pendingSecrets(_ id: MeterID) async throws(StoreError) -> PendingSecrets? {
        try opened(try await read { connection in try Self.pendingRows(id, on: connection) }, id)
    }

    /// Puts the pending secrets into the meter's configuration.
    public func adoptPendingSecrets(_ id: MeterID) async throws(StoreError) -> MeterRecord {
        let now = clock.now()
        // The store itself goes into the transaction: it seals and opens inside it, so that no write comes in between.
        let row = try await write { connection in
            let pending = try opened(try Self.pendingRows(id, on: connection), id)
            guard let pending, let row = try meters.row(id.text, on: connection) else {
                throw StoreError.referenceUnknown(id.text)
            }
            let present = try meterRecord(row).configuration
            let configuration: MeterConfiguration
            do throws(JSONMemberError) {
                configuration = try present.replacing(pending.secrets)
            } catch {
                throw StoreError.damaged(record: id.text, reason: "\(error)")
            }
            let result = try meters.put(
                id.text,
                document: try document(of: configuration, id),
                columns: [],
                when: .ifRevision([row.revision]),
                now: now,
                on: connection
            )
            try Self.forgetPending(id, on: connection)
            return result.row
        }
        return try meterRecord(row)
    }

    /// Forgets pending secrets.
    public func abandonPendingSecrets(_ id: MeterID) async throws(StoreError) {
        try await write { connection in try Self.forgetPending(id, on: connection) }
    }

    private struct PendingRow: Sendable {
        let place: String
        let sealed: String
        let begunAt: Timestamp
    }

    private static func pendingRows(_ id: MeterID, on connection: any SQLConnection) throws(SQLError) -> [PendingRow] {
        try connection.query(
            "SELECT place, sealed, begun_at FROM pending_secrets WHERE meter_id = :id ORDER BY place",
            ["id": .text(id.text)]
        ).map { row throws(SQLError) in
            PendingRow(
                place: try row.text("place"),
                sealed: try row.text("sealed"),
                begunAt: try row.moment("begun_at")
            )
        }
    }

    private static func forgetPending(_ id: MeterID, on connection: any SQLConnection) throws(SQLError) {
        try connection.execute("DELETE FROM pending_secrets WHERE meter_id = :id", ["id": .text(id.text)])
    }

    private func opened(_ rows: [PendingRow], _ id: MeterID) throws(StoreError) -> PendingSecrets? {
        guard let first = rows.first else { return nil }
        var secrets: [JSONPointer: Secret] = [:]
        do throws(SealingError) {
            for row in rows {
                guard let octets = Hexadecimal.octets(of: row.sealed) else { throw .malformed }
                secrets[JSONPointer(row.place)] = try sealer.open(octets, for: Self.pendingPlace(id, row.place))
            }
        } catch {
            throw .sealing(error)
        }
        return PendingSecrets(secrets: secrets, begunAt: first.begunAt)
    }

    private static func pendingPlace(_ id: MeterID, _ place: String) -> SealingContext {
        SealingContext(table: table, row: id.text, column: place)
    }
}
