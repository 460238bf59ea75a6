// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Who is told of events by HTTP.
extension GatewayAPI {
    @Sendable func listWebhooks(_ request: RoutedRequest) async throws -> HTTPResponse {
        let page = try await gateway.webhookPage(
            after: try request.identifierCursor(),
            limit: try request.pageLimit()
        )
        let basePath = settings.basePath
        return ListPage.answer(page.items, next: page.next.map { next(request, cursor: $0) }) { record, writer in
            WebhookRepresentation.write(record, basePath: basePath, into: &writer)
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func createWebhook(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (id, document): (WebhookID, JSONValue) = try request.identifiedDocument()
        do throws(GatewayError) {
            let (result, secret) = try await gateway.putWebhook(id, document, when: .ifAbsent)
            return answer(result, secret)
        } catch {
            if case .etagMismatch = error { throw GatewayError.alreadyExists(what: "webhook \(id.text)") }
            throw error
        }
    }

    @Sendable func getWebhook(_ request: RoutedRequest) async throws -> HTTPResponse {
        answer(try await gateway.webhook(request.parameter("id")))
    }

    @Sendable func putWebhook(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard let id = WebhookID(request.parameter("id")) else {
            throw Problem.badParameter("id", expected: "1 to 64 letters, digits and . _ ~ -")
        }
        let (result, secret) = try await gateway.putWebhook(
            id,
            try request.json(),
            when: request.writePrecondition()
        )
        return answer(result, secret)
    }

    @Sendable func deleteWebhook(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.deleteWebhook(request.parameter("id"), when: request.deletePrecondition())
        return .empty()
    }

    @Sendable func testWebhook(_ request: RoutedRequest) async throws -> HTTPResponse {
        answer(try await gateway.testWebhook(request.parameter("id")))
    }

    @Sendable func listWebhookDeliveries(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        var state: WebhookDelivery.State?
        if let word = try request.query.single("state") {
            guard let known = WebhookDelivery.State(rawValue: word) else {
                throw Problem.badParameter(
                    "state",
                    expected: "one of pending, delivered and failed",
                    found: word,
                    among: WebhookDelivery.State.allCases.map(\.rawValue)
                )
            }
            state = known
        }
        var before: DeliveryID?
        if let cursor = try request.query.single("cursor") {
            guard let id = DeliveryID(cursor) else {
                throw Problem.badParameter("cursor", expected: "as given in 'next'")
            }
            before = id
        }
        let items = try await gateway.webhookDeliveries(
            of: request.parameter("id"),
            in: state,
            before: before,
            limit: limit
        )
        let next = items.count == limit ? items.last.map { self.next(request, cursor: $0.id.text) } : nil
        return ListPage.answer(items, next: next) { delivery, writer in
            WebhookRepresentation.write(delivery, into: &writer)
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func getWebhookDelivery(_ request: RoutedRequest) async throws -> HTTPResponse {
        answer(
            try await gateway.webhookDelivery(request.parameter("delivery"), of: request.parameter("id")),
            withDocument: true
        )
    }

    @Sendable func redeliver(_ request: RoutedRequest) async throws -> HTTPResponse {
        answer(
            try await gateway.redeliver(request.parameter("delivery"), of: request.parameter("id")),
            status: 202
        )
    }

    private func answer(_ result: WriteResult<WebhookRecord>, _ secret: String?) -> HTTPResponse {
        guard result.isCreation else { return answer(result.record) }
        return answer(result.record, status: 201, secret: secret)
            .with("Location", settings.basePath + "/webhooks/\(result.record.id.text)")
    }

    private func answer(_ record: WebhookRecord, status: Int = 200, secret: String? = nil) -> HTTPResponse {
        HTTPResponse.json(status: status) {
            WebhookRepresentation.write(record, secret: secret, basePath: settings.basePath, into: &$0)
        }
        .with("ETag", EntityTag(record.revision.text).description)
        .with("Cache-Control", secret == nil ? "no-cache" : "no-store")
    }

    private func answer(_ delivery: WebhookDelivery, status: Int = 200, withDocument: Bool = false) -> HTTPResponse {
        HTTPResponse.json(status: status) {
            WebhookRepresentation.write(delivery, withDocument: withDocument, into: &$0)
        }
        .with("Cache-Control", "no-store")
    }
}
