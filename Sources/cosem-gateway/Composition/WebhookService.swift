// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPOutbound
import Logging
import ServiceLifecycle

/// Brings letters to webhooks over HTTP.
struct HTTPWebhookCourier: WebhookCourier {
    /// How long a receiver may take.
    private static let limit = Duration.seconds(15)

    let client: OutboundHTTPClient

    func objection(to url: WebhookURL) async -> String? {
        do throws(OutboundFault) {
            try await client.check(host: url.host, port: url.port)
            return nil
        } catch {
            guard case .addressRefused = error else { return nil }
            return "\(error)"
        }
    }

    func deliver(_ letter: WebhookLetter, to url: WebhookURL) async throws(WebhookFault) -> WebhookReply {
        do throws(OutboundFault) {
            let answer = try await client.send(
                OutboundRequest(
                    isSecure: url.isSecure,
                    host: url.host,
                    port: url.port,
                    target: url.target,
                    fields: letter.fields,
                    body: letter.body
                ),
                within: Self.limit
            )
            return WebhookReply(status: answer.status, retryAfter: answer.value("Retry-After"))
        } catch {
            throw WebhookFault(reason: "\(error)")
        }
    }
}

/// Tells webhooks until the gateway stops; what was not told then is told after the next start.
struct WebhookService: Service {
    let desk: WebhookDesk

    func run() async throws {
        await cancelWhenGracefulShutdown { await desk.run() }
    }
}
