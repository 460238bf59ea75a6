// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import Timekeeping

/// Keeps webhooks and what is on its way to them; what it returns from a write is durable.
public protocol WebhookStore: Sendable {
    /// Writes a webhook if the precondition holds, as one step.
    ///
    /// - Parameters:
    ///   - secret: replaces the secret there is; nil leaves it, and a webhook that is new needs one.
    ///   - overlap: how long the one that is replaced goes on signing beside it.
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/unavailable(reason:)``.
    func putWebhook(
        _ id: WebhookID,
        _ configuration: WebhookConfiguration,
        secret: Secret?,
        overlap: Duration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<WebhookRecord>

    /// The webhook; nil when there is none.
    func webhook(_ id: WebhookID) async throws(StoreError) -> WebhookRecord?

    /// What deliveries to a webhook are signed with now, the newest first; empty when there is no such webhook.
    func webhookSecrets(_ id: WebhookID) async throws(StoreError) -> [Secret]

    /// Webhooks in the order of their identifiers, at most `limit` after the cursor.
    func webhooks(after cursor: String?, limit: Int) async throws(StoreError) -> Page<WebhookRecord>

    /// Removes a webhook and its deliveries if the precondition holds; false when there was none and that was allowed.
    func deleteWebhook(_ id: WebhookID, when precondition: WritePrecondition) async throws(StoreError) -> Bool

    /// Up to which event deliveries were made for a webhook; nil when there is no such webhook.
    func webhookMark(_ id: WebhookID) async throws(StoreError) -> EventID?

    /// Keeps deliveries, and up to which event they were made; one for an event that has one already changes nothing.
    ///
    /// - Returns: how many are new; 0 for a webhook that was removed.
    func addDeliveries(
        _ deliveries: [WebhookDelivery],
        of webhook: WebhookID,
        upTo mark: EventID?
    ) async throws(StoreError) -> Int

    /// Deliveries of enabled webhooks that are due, those of the webhook that is due longest first; they are due again
    /// after the lease, so that no other gateway takes them meanwhile and one that ends in between loses nothing.
    ///
    /// - Parameters:
    ///   - now: the present moment.
    ///   - lease: how long no other gateway takes them.
    ///   - underWay: how many of each webhook the caller has at work.
    ///   - mostOfOne: how many of one webhook may be at work, those that are included.
    ///   - limit: how many are given at most.
    func claimDeliveries(
        at now: Timestamp,
        lease: Duration,
        underWay: [WebhookID: Int],
        mostOfOne: Int,
        limit: Int
    ) async throws(StoreError) -> [WebhookDelivery]

    /// Keeps what came of a try.
    func settleDelivery(_ delivery: WebhookDelivery) async throws(StoreError)

    /// The delivery; nil when the webhook has none with this name.
    func delivery(_ id: DeliveryID, of webhook: WebhookID) async throws(StoreError) -> WebhookDelivery?

    /// Deliveries of a webhook, the newest first, older than the one given.
    func deliveries(
        of webhook: WebhookID,
        in state: WebhookDelivery.State?,
        before: DeliveryID?,
        limit: Int
    ) async throws(StoreError) -> [WebhookDelivery]

    /// Forgets deliveries that came to an end and were made before a moment, at most so many at once of each webhook.
    ///
    /// Those stay whose event is not older than the webhook's mark by the overlap: it may be looked at again, and only the
    /// delivery tells that it was told.
    ///
    /// - Returns: how many were forgotten.
    func removeDeliveries(before moment: Timestamp, overlap: Duration, limit: Int) async throws(StoreError) -> Int
}
