// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import JSONText
import Timekeeping

extension WebhookDelivery {
    /// A delivery of an event: a CloudEvent 1.0 in the JSON form that holds everything.
    init(of event: FleetEvent, to webhook: WebhookID, id: EventID, now: Timestamp) {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.beginObject()
        writer.member("specversion", "1.0")
        writer.member("id", event.id.text)
        writer.member("source", "/cosem-gateway")
        writer.member("type", Self.typePrefix + event.type.text)
        if let meter = event.meter { writer.member("subject", "meters/\(meter.text)") }
        writer.member("time", event.at.rfc3339)
        writer.member("datacontenttype", "application/json")
        var data = event.data
        if let meter = event.meter { data["meter"] = .string(meter.text) }
        writer.member("data", .object(data))
        writer.endObject()
        self.init(
            id: id,
            webhook: webhook,
            event: event.id,
            type: event.type,
            meter: event.meter,
            document: String(decoding: writer.octets, as: UTF8.self),
            createdAt: now
        )
    }

    /// What stands before the types of events in CloudEvents.
    private static let typePrefix = "cosem-gateway."

    /// What is sent at a moment: the document, signed by the rules of Standard Webhooks.
    ///
    /// - Throws: `SealingError.cipherUnavailable`.
    func letter(at now: Timestamp, secret: Secret) throws(SealingError) -> WebhookLetter {
        let seconds = "\(now.microseconds / 1_000_000)"
        let signed = "\(event.text).\(seconds).\(document)"
        let signature = Base64Text.text(of: try KeyedDigest.of(Array(signed.utf8), key: secret))
        return WebhookLetter(
            fields: [
                ("Content-Type", "application/cloudevents+json; charset=utf-8"),
                ("User-Agent", "cosem-gateway"), ("webhook-id", event.text), ("webhook-timestamp", seconds),
                ("webhook-signature", "v1,\(signature)"),
            ],
            body: Array(document.utf8)
        )
    }
}
