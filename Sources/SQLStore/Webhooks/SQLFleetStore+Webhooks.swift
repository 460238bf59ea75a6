// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSSecurity
public import Fleet
import JSONText
public import Timekeeping

extension SQLFleetStore {
    private var webhooks: ConfigurationTable { ConfigurationTable(name: "webhooks", dialect: database.dialect) }

    /// Writes a webhook if the precondition holds, as one step.
    public func putWebhook(
        _ id: WebhookID,
        _ configuration: WebhookConfiguration,
        secret: Secret?,
        overlap: Duration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<WebhookRecord> {
        let document = Self.document(configuration.writeMembers)
        let now = clock.now()
        // The store itself goes into the transaction: it opens the present secret there, so that no write comes in between.
        return try await put(configuration) { connection in
            let present = try connection.query(
                "SELECT secret, mark FROM webhooks WHERE id = :id",
                ["id": .text(id.text)]
            ).first
            let kept = try present?.text("secret")
            // One that is new is told of what happens from now on.
            let newest = try connection.query("SELECT id FROM events ORDER BY id DESC LIMIT 1", [:]).first?.text("id")
            let mark = try present?.text("mark") ?? newest ?? ""
            var columns: [(name: String, value: SQLValue)] = [
                ("enabled", .flag(configuration.isEnabled)), ("mark", .text(mark)),
            ]
            if let kept, secret == nil || (try? opened(kept, id)) == secret {
                columns.append(("secret", .text(kept)))
            } else if let secret {
                // One that cannot be opened signs nothing.
                let former = kept.flatMap { (try? opened($0, id)) == nil ? nil : $0 }
                columns += [
                    ("secret", .text(try sealed(secret, id))), ("former_secret", .text(optional: former)),
                    ("former_until", .moment(optional: former.map { _ in now + overlap })),
                ]
            } else {
                throw StoreError.preconditionFailed(current: nil)
            }
            return try webhooks.put(
                id.text,
                document: document,
                columns: columns,
                when: precondition,
                now: now,
                on: connection
            )
        }
    }

    /// The webhook; nil when there is none.
    public func webhook(_ id: WebhookID) async throws(StoreError) -> WebhookRecord? {
        try await record(id.text, in: webhooks, Self.webhookRecord)
    }

    /// What deliveries to a webhook are signed with now, the newest first; empty when there is no such webhook.
    public func webhookSecrets(_ id: WebhookID) async throws(StoreError) -> [Secret] {
        let now = clock.now()
        let kept = try await read { connection -> [String] in
            let found = try connection.query(
                "SELECT secret, former_secret, former_until FROM webhooks WHERE id = :id",
                ["id": .text(id.text)]
            ).first
            guard let row = found else { return [] }
            var kept = [try row.text("secret")]
            if let end = try row.optionalMoment("former_until"), end > now,
                let former = try row.optionalText("former_secret")
            {
                kept.append(former)
            }
            return kept
        }
        guard let present = kept.first else { return [] }
        // A former one that cannot be opened signs nothing.
        return try [opened(present, id)] + kept.dropFirst().compactMap { try? opened($0, id) }
    }

    private func sealed(_ secret: Secret, _ id: WebhookID) throws(StoreError) -> String {
        do throws(SealingError) {
            return Hexadecimal.text(of: try sealer.seal(secret, for: Self.place(id)))
        } catch {
            throw .sealing(error)
        }
    }

    private func opened(_ sealed: String, _ id: WebhookID) throws(StoreError) -> Secret {
        do throws(SealingError) {
            guard let octets = Hexadecimal.octets(of: sealed) else { throw .malformed }
            return try sealer.open(octets, for: Self.place(id))
        } catch {
            throw .sealing(error)
        }
    }

    /// Webhooks in the order of their identifiers, at most `limit` after the cursor.
    public func webhooks(after cursor: String?, limit: Int) async throws(StoreError) -> Page<WebhookRecord> {
        try await page(of: webhooks, after: cursor, limit: limit, Self.webhookRecord)
    }

    /// Removes a webhook and its deliveries if the precondition holds.
    public func deleteWebhook(
        _ id: WebhookID,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> Bool {
        try await write { [webhooks] connection in
            try connection.execute(
                "DELETE FROM webhook_deliveries WHERE webhook_id = :id",
                ["id": .text(id.text)]
            )
            return try webhooks.delete(id.text, when: precondition, on: connection)
        }
    }

    /// Up to which event deliveries were made for a webhook.
    public func webhookMark(_ id: WebhookID) async throws(StoreError) -> EventID? {
        let mark = try await read { connection in
            try connection.query("SELECT mark FROM webhooks WHERE id = :id", ["id": .text(id.text)]).first?.text("mark")
        }
        guard let mark else { return nil }
        return EventID(mark) ?? Self.firstEvent
    }

    /// Less than every event.
    static let firstEvent = EventID.least(at: Timestamp(microseconds: 0))

    private static func place(_ id: WebhookID) -> SealingContext {
        SealingContext(table: "webhooks", row: id.text, column: "secret")
    }

    private static func webhookRecord(_ row: ConfigurationTable.Row) throws(StoreError) -> WebhookRecord {
        let value = try parse(row)
        let configuration: WebhookConfiguration
        do throws(JSONMemberError) {
            configuration = try WebhookDocument(value, isStored: true).configuration
        } catch {
            throw .damaged(record: row.id, reason: "\(error)")
        }
        return try record(row, configuration)
    }
}
