// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
public import Fleet
public import JSONText
import Logging
public import Timekeeping

/// Who is told of events by HTTP.
extension Gateway {
    /// A page of webhooks.
    public func webhookPage(after cursor: String?, limit: Int) async throws(GatewayError) -> Page<WebhookRecord> {
        try await translating(await store.webhooks(after: cursor, limit: limit))
    }

    /// The webhook with this id.
    public func webhook(_ id: String) async throws(GatewayError) -> WebhookRecord {
        guard let key = WebhookID(id) else { throw .notFound(what: "webhook \(id)") }
        let record = try await translating(await store.webhook(key))
        guard let record else { throw .notFound(what: "webhook \(id)") }
        return record
    }

    /// For so long a secret that was replaced goes on signing beside the new one.
    private static let secretOverlap = Duration.seconds(86_400)

    /// Makes or replaces a webhook.
    ///
    /// - Returns: what was written, and the secret in clear if it was drawn here.
    public func putWebhook(
        _ id: WebhookID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> (result: WriteResult<WebhookRecord>, drawnSecret: String?) {
        let webhook: WebhookDocument
        do throws(JSONMemberError) {
            webhook = try WebhookDocument(document)
            let url = webhook.configuration.url
            if !url.isSecure, !settings.allowsPlainWebhooks {
                throw JSONMemberError(
                    .invalid(expected: "a URL with https, where webhooks.allowPlain does not allow http"),
                    at: "/url"
                )
            }
            if let objection = await courier?.objection(to: url) {
                throw JSONMemberError(
                    .invalid(
                        expected: "a public address, where webhooks.allowPrivate does not allow others: \(objection)"
                    ),
                    at: "/url"
                )
            }
        } catch {
            throw .invalidMember(error)
        }
        if let target = webhook.configuration.target { try await targets.check(target) }
        var secret = webhook.secret
        var drawn: String?
        if secret == nil, try await translating(await store.webhook(id)) == nil {
            do throws(SealingError) {
                let made = try WebhookSecret.drawn()
                (secret, drawn) = (made, WebhookSecret.exposedText(of: made))
            } catch {
                throw .internal(reason: "\(error)")
            }
        }
        let result = try await translating(
            await store.putWebhook(
                id,
                webhook.configuration,
                secret: secret,
                overlap: Self.secretOverlap,
                when: precondition
            )
        )
        return (result, drawn)
    }

    /// Removes a webhook.
    public func deleteWebhook(_ id: String, when precondition: WritePrecondition) async throws(GatewayError) {
        let record = try await webhook(id)
        _ = try await translating(await store.deleteWebhook(record.id, when: precondition))
    }

    /// Deliveries of a webhook, the newest first.
    public func webhookDeliveries(
        of id: String,
        in state: WebhookDelivery.State?,
        before: DeliveryID?,
        limit: Int
    ) async throws(GatewayError) -> [WebhookDelivery] {
        let record = try await webhook(id)
        return try await translating(await store.deliveries(of: record.id, in: state, before: before, limit: limit))
    }

    /// One delivery of a webhook.
    public func webhookDelivery(_ id: String, of webhook: String) async throws(GatewayError) -> WebhookDelivery {
        let record = try await self.webhook(webhook)
        guard let key = DeliveryID(id) else { throw .notFound(what: "delivery \(id)") }
        let found = try await translating(await store.delivery(key, of: record.id))
        guard let found else { throw .notFound(what: "delivery \(id)") }
        return found
    }

    /// Has a delivery tried again from the beginning, whatever became of it.
    public func redeliver(_ id: String, of webhook: String) async throws(GatewayError) -> WebhookDelivery {
        var delivery = try await webhookDelivery(id, of: webhook)
        delivery.state = .pending
        delivery.tries = 0
        delivery.dueAt = clock.now()
        try await translating(await store.settleDelivery(delivery))
        return delivery
    }

    /// Sends an event that says nothing, once and at once.
    public func testWebhook(_ id: String) async throws(GatewayError) -> WebhookDelivery {
        let record = try await webhook(id)
        guard courier != nil else { throw .notSupported(what: "webhooks on a gateway without a way out") }
        let event = events.event(of: EventFeed.Draft(.webhookTest))
        let key = TimeOrderedIDGenerator<WebhookDelivery>().next(at: event.at)
        var delivery = WebhookDelivery(of: event, to: record.id, id: key, now: event.at)
        // Not due for anybody else while it is tried here.
        delivery.dueAt = event.at + .seconds(3600)
        _ = try await translating(await store.addDeliveries([delivery], of: record.id, upTo: nil))
        return await attempt(delivery, isTest: true, logger: nil)
    }

    /// What deliveries to a webhook are signed with; nil when it cannot be opened, empty when there is no such webhook.
    private func secrets(of webhook: WebhookID) async throws(StoreError) -> [Secret]? {
        do throws(StoreError) {
            return try await store.webhookSecrets(webhook)
        } catch {
            guard case .sealing = error else { throw error }
            return nil
        }
    }

    /// Tries a delivery once, and keeps what came of it.
    func attempt(_ delivery: WebhookDelivery, isTest: Bool = false, logger: Logger?) async -> WebhookDelivery {
        var delivery = delivery
        var generator = SystemRandomNumberGenerator()
        do throws(StoreError) {
            guard let courier, let record = try await store.webhook(delivery.webhook) else { return delivery }
            let secrets = try await secrets(of: delivery.webhook)
            if let secrets, secrets.isEmpty { return delivery }
            let start = ContinuousClock.now
            var attempt = WebhookDelivery.Attempt(at: clock.now(), status: nil, reason: nil, duration: .zero)
            var retryAfter: String?
            do {
                guard let secrets else {
                    throw WebhookFault(
                        reason: "its secret cannot be opened with the key of this gateway; give it a new one"
                    )
                }
                let letter = try delivery.letter(at: attempt.at, secrets: secrets)
                let reply = try await courier.deliver(letter, to: record.configuration.url)
                (attempt.status, retryAfter) = (reply.status, reply.retryAfter)
            } catch let fault as WebhookFault {
                attempt.reason = fault.reason
            } catch {
                attempt.reason = "it could not be signed"
            }
            attempt.duration = ContinuousClock.now - start
            let outcome = delivery.note(attempt, retryAfter: retryAfter, isTest: isTest, using: &generator)
            metrics.webhookDeliveries.increment(MetricLabels(outcome.rawValue))
            try await store.settleDelivery(delivery)
            if outcome == .gone { try await disable(record, because: "the receiver answered 410 Gone") }
            if outcome == .failed || outcome == .gone {
                logger?.warning(
                    "a webhook was not told",
                    metadata: [
                        "webhook": "\(record.id)", "delivery": "\(delivery.id)",
                        "reason": "\(delivery.attempts.last?.reason ?? "")",
                    ]
                )
            }
        } catch {
            // It is due again when its lease has ended.
            logger?.error("cannot keep what became of a delivery", metadata: ["error": "\(error)"])
        }
        return delivery
    }

    private func disable(_ record: WebhookRecord, because reason: String) async throws(StoreError) {
        var configuration = record.configuration
        configuration.isEnabled = false
        configuration.disabledReason = reason
        do throws(StoreError) {
            _ = try await store.putWebhook(
                record.id,
                configuration,
                secret: nil,
                overlap: .zero,
                when: .ifRevision([record.revision])
            )
        } catch {
            // Somebody has changed it meanwhile, and knows better.
            guard case .preconditionFailed = error else { throw error }
        }
    }
}
