// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText
public import Timekeeping

extension SQLFleetStore: WebhookStore {
    private static let columns =
        "id, webhook_id, event_id, type, meter_id, document, state, tries, due_at, created_at, attempts"

    /// Keeps deliveries, and up to which event they were made.
    public func addDeliveries(
        _ deliveries: [WebhookDelivery],
        of webhook: WebhookID,
        upTo mark: EventID?
    ) async throws(StoreError) -> Int {
        try await write { connection in
            let isThere = try connection.query(
                "SELECT id FROM webhooks WHERE id = :id",
                ["id": .text(webhook.text)]
            )
            guard !isThere.isEmpty else { return 0 }
            var added = 0
            for delivery in deliveries {
                var binds = Self.outcome(of: delivery)
                binds["id"] = .text(delivery.id.text)
                binds["webhook"] = .text(webhook.text)
                binds["event"] = .text(delivery.event.text)
                binds["type"] = .text(delivery.type.text)
                binds["meter"] = .text(optional: delivery.meter?.text)
                binds["document"] = .text(delivery.document)
                binds["created_at"] = .moment(delivery.createdAt)
                added += try connection.execute(
                    """
                    INSERT INTO webhook_deliveries (\(Self.columns))
                    VALUES (:id, :webhook, :event, :type, :meter, :document, :state, :tries, :due_at, :created_at,
                        :attempts)
                    ON CONFLICT (webhook_id, event_id) DO NOTHING
                    """,
                    binds
                )
            }
            if let mark {
                try connection.execute(
                    "UPDATE webhooks SET mark = :mark WHERE id = :id AND mark < :mark",
                    ["mark": .text(mark.text), "id": .text(webhook.text)]
                )
            }
            return added
        }
    }

    /// Deliveries of enabled webhooks that are due, which are due again after the lease.
    public func claimDeliveries(
        at now: Timestamp,
        lease: Duration,
        underWay: [WebhookID: Int],
        mostOfOne: Int,
        limit: Int
    ) async throws(StoreError) -> [WebhookDelivery] {
        let dialect = database.dialect
        let rows = try await write(.rowLocks) { connection in
            var rows: [SQLRow] = []
            for webhook in try Self.dueWebhooks(at: now, on: connection) where rows.count < limit {
                let room = min(mostOfOne - underWay[webhook, default: 0], limit - rows.count)
                guard room > 0 else { continue }
                rows += try connection.query(
                    """
                    SELECT \(Self.columns) FROM webhook_deliveries
                    WHERE webhook_id = :webhook AND state = 'pending' AND due_at <= :now
                    ORDER BY due_at, id LIMIT :limit \(dialect.forUpdateSkippingLocked)
                    """,
                    ["webhook": .text(webhook.text), "now": .moment(now), "limit": .integer(Int64(room))]
                )
            }
            for row in rows {
                try connection.execute(
                    "UPDATE webhook_deliveries SET due_at = :due_at WHERE id = :id",
                    ["due_at": .moment(now + lease), "id": .text(try row.text("id"))]
                )
            }
            return rows
        }
        return try rows.map(Self.delivery)
    }

    /// Enabled webhooks with something due, the longest due first.
    private static func dueWebhooks(
        at now: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) -> [WebhookID] {
        let rows = try connection.query(
            """
            SELECT id, due_at FROM (
                SELECT webhooks.id AS id, (
                    SELECT min(webhook_deliveries.due_at) FROM webhook_deliveries
                    WHERE webhook_deliveries.webhook_id = webhooks.id AND webhook_deliveries.state = 'pending'
                ) AS due_at FROM webhooks WHERE webhooks.enabled = 1
            ) AS turns
            WHERE due_at <= :now ORDER BY due_at, id
            """,
            ["now": .moment(now)]
        )
        return try rows.map { row throws(SQLError) in
            guard let id = WebhookID(try row.text("id")) else {
                throw .unexpectedResult(reason: "the name of a webhook is malformed")
            }
            return id
        }
    }

    /// Keeps what came of a try.
    public func settleDelivery(_ delivery: WebhookDelivery) async throws(StoreError) {
        var binds = Self.outcome(of: delivery)
        binds["id"] = .text(delivery.id.text)
        _ = try await write { [binds] connection in
            try connection.execute(
                """
                UPDATE webhook_deliveries SET state = :state, tries = :tries, due_at = :due_at, attempts = :attempts
                WHERE id = :id
                """,
                binds
            )
        }
    }

    /// The delivery; nil when the webhook has none with this name.
    public func delivery(_ id: DeliveryID, of webhook: WebhookID) async throws(StoreError) -> WebhookDelivery? {
        let row = try await read { connection in
            try connection.query(
                "SELECT \(Self.columns) FROM webhook_deliveries WHERE id = :id AND webhook_id = :webhook",
                ["id": .text(id.text), "webhook": .text(webhook.text)]
            ).first
        }
        guard let row else { return nil }
        return try Self.delivery(row)
    }

    /// Deliveries of a webhook, the newest first.
    public func deliveries(
        of webhook: WebhookID,
        in state: WebhookDelivery.State?,
        before: DeliveryID?,
        limit: Int
    ) async throws(StoreError) -> [WebhookDelivery] {
        var conditions = ["webhook_id = :webhook"]
        var binds: SQLBinds = ["webhook": .text(webhook.text), "limit": .integer(Int64(max(limit, 1)))]
        if let state {
            conditions.append("state = :state")
            binds["state"] = .text(state.rawValue)
        }
        if let before {
            conditions.append("id < :before")
            binds["before"] = .text(before.text)
        }
        let rows = try await read { [conditions, binds] connection in
            try connection.query(
                """
                SELECT \(Self.columns) FROM webhook_deliveries \(ConfigurationTable.whereClause(conditions))
                ORDER BY id DESC LIMIT :limit
                """,
                binds
            )
        }
        return try rows.map(Self.delivery)
    }

    /// Forgets deliveries that came to an end.
    public func removeDeliveries(
        before moment: Timestamp,
        overlap: Duration,
        limit: Int
    ) async throws(StoreError) -> Int {
        let webhooks = try await read { connection in
            try connection.query("SELECT id, mark FROM webhooks", [:]).map { row throws(SQLError) in
                (id: try row.text("id"), mark: try row.text("mark"))
            }
        }
        var removed = 0
        for webhook in webhooks {
            let mark = EventID(webhook.mark) ?? Self.firstEvent
            removed += try await write { connection in
                try connection.execute(
                    """
                    DELETE FROM webhook_deliveries WHERE id IN (
                        SELECT id FROM webhook_deliveries
                        WHERE webhook_id = :webhook AND id < :end AND state <> 'pending' AND event_id < :told
                        ORDER BY id LIMIT :limit
                    )
                    """,
                    [
                        "webhook": .text(webhook.id), "end": .text(DeliveryID.least(at: moment).text),
                        "told": .text(EventID.least(at: mark.timestamp - overlap).text),
                        "limit": .integer(Int64(max(limit, 1))),
                    ]
                )
            }
        }
        return removed
    }

    private static func outcome(of delivery: WebhookDelivery) -> SQLBinds {
        var writer = JSONWriter()
        writer.beginArray()
        for attempt in delivery.attempts.suffix(WebhookDelivery.mostAttempts) {
            writer.beginObject()
            writer.member("at", attempt.at.microseconds)
            writer.member("status", attempt.status)
            writer.member("reason", attempt.reason)
            writer.member("microseconds", Int64(attempt.duration / .microseconds(1)))
            writer.endObject()
        }
        writer.endArray()
        return [
            "state": .text(delivery.state.rawValue), "tries": .integer(Int64(delivery.tries)),
            "due_at": .moment(delivery.dueAt),
            "attempts": .text(String(decoding: writer.octets, as: UTF8.self)),
        ]
    }

    private static func delivery(_ row: SQLRow) throws(StoreError) -> WebhookDelivery {
        do throws(SQLError) {
            guard let id = DeliveryID(try row.text("id")), let webhook = WebhookID(try row.text("webhook_id")),
                let event = EventID(try row.text("event_id")), let type = EventType(try row.text("type")),
                let state = WebhookDelivery.State(rawValue: try row.text("state"))
            else { throw SQLError.unexpectedResult(reason: "a delivery does not read back") }
            var delivery = WebhookDelivery(
                id: id,
                webhook: webhook,
                event: event,
                type: type,
                meter: try row.optionalText("meter_id").flatMap { MeterID($0) },
                document: try row.text("document"),
                createdAt: try row.moment("created_at")
            )
            delivery.state = state
            delivery.tries = try row.integer("tries")
            delivery.dueAt = try row.moment("due_at")
            delivery.attempts = attempts(try row.text("attempts"))
            return delivery
        } catch {
            throw .damaged(record: "webhook delivery", reason: "\(error)")
        }
    }

    private static func attempts(_ text: String) -> [WebhookDelivery.Attempt] {
        let items = (try? JSONReader.parse(Array(text.utf8)))?.array ?? []
        return items.compactMap { item in
            guard let at = item["at"]?.number?.exactInt64 else { return nil }
            return WebhookDelivery.Attempt(
                at: Timestamp(microseconds: at),
                status: item["status"]?.number?.exactInt64.map(Int.init),
                reason: item["reason"]?.string,
                duration: .microseconds(item["microseconds"]?.number?.exactInt64 ?? 0)
            )
        }
    }
}
