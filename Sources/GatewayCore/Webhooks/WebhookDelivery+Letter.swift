// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import JSONText
import Timekeeping
import Traces

extension WebhookDelivery {
    /// A delivery of an event: a CloudEvent 1.0 in the JSON form that holds everything.
    init(of event: FleetEvent, to webhook: WebhookID, id: DeliveryID, now: Timestamp) {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.beginObject()
        writer.member("specversion", "1.0")
        writer.member("id", event.id.text)
        writer.member("source", "/cosem-gateway")
        writer.member("type", Self.typePrefix + event.type.text)
        if let meter = event.meter { writer.member("subject", "meters/\(meter.text)") }
        writer.member("time", event.at.rfc3339)
        // The extension for distributed tracing.
        writer.member("traceparent", Self.trace(of: event)?.traceparent)
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

    /// The trace of the request that an event comes from; for one that nobody asked for a trace of its own, named as the event is.
    private static func trace(of event: FleetEvent) -> TraceContext? {
        event.data["traceId"]?.string.flatMap { TraceContext(traceID: $0, isSampled: true) }
            ?? TraceContext(traceID: event.id.text.filter { $0 != "-" }, isSampled: false)
    }

    /// What stands before the types of events in CloudEvents.
    private static let typePrefix = "cosem-gateway."

    /// What is sent at a moment: the document, signed by the rules of Standard Webhooks.
    ///
    /// - Parameter secrets: each of them signs it, so that a receiver may have any.
    /// - Throws: `SealingError.cipherUnavailable`.
    func letter(at now: Timestamp, secrets: [Secret]) throws(SealingError) -> WebhookLetter {
        let seconds = "\(now.microseconds / 1_000_000)"
        let signed = "\(event.text).\(seconds).\(document)"
        let told = (try? JSONReader.parse(Array(document.utf8)))?["traceparent"]?.string
        let trace = told.flatMap { TraceContext(traceparent: $0) }
        var signatures: [String] = []
        for secret in secrets {
            signatures.append("v1," + Base64Text.text(of: try KeyedDigest.of(Array(signed.utf8), key: secret)))
        }
        return WebhookLetter(
            fields: [
                ("Content-Type", "application/cloudevents+json; charset=utf-8"),
                ("User-Agent", "cosem-gateway"), ("webhook-id", event.text), ("webhook-timestamp", seconds),
                ("webhook-signature", signatures.joined(separator: " ")),
            ] + (trace.map { [("traceparent", $0.traceparent)] } ?? []),
            body: Array(document.utf8)
        )
    }
}
