// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Timekeeping

/// How webhooks and their deliveries look in JSON.
enum WebhookRepresentation {
    /// Writes a webhook.
    ///
    /// - Parameter secret: what deliveries are signed with, for the one answer that shows it.
    static func write(_ record: WebhookRecord, secret: String? = nil, basePath: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", record.id.text)
        record.configuration.writeMembers(into: &writer)
        writer.name("secret")
        if let secret {
            writer.string(secret)
        } else {
            writer.beginObject()
            writer.member("set", true)
            writer.endObject()
        }
        record.writeState(into: &writer)
        writer.name("links")
        writer.beginObject()
        writer.member("self", "\(basePath)/webhooks/\(record.id.text)")
        writer.member("deliveries", "\(basePath)/webhooks/\(record.id.text)/deliveries")
        writer.endObject()
        writer.endObject()
    }

    /// Writes a delivery; its document is a CloudEvent.
    static func write(_ delivery: WebhookDelivery, withDocument: Bool = false, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", delivery.id.text)
        writer.member("webhook", delivery.webhook.text)
        writer.member("event", delivery.event.text)
        writer.member("type", delivery.type.text)
        writer.member("meter", delivery.meter?.text)
        writer.member("state", delivery.state.rawValue)
        writer.member("createdAt", delivery.createdAt.rfc3339)
        writer.member("nextTryAt", delivery.state == .pending ? delivery.dueAt.rfc3339 : nil)
        writer.member("attempts", delivery.attempts) { attempt, writer in
            writer.member("at", attempt.at.rfc3339)
            writer.member("status", attempt.status)
            writer.member("reason", attempt.reason)
            writer.member("milliseconds", Int(attempt.duration / .milliseconds(1)))
        }
        if withDocument, let document = try? JSONReader.parse(Array(delivery.document.utf8)) {
            writer.member("document", document)
        }
        writer.endObject()
    }
}
