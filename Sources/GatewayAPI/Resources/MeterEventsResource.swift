// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import GatewayCore
import HTTPKit
import JSONText

/// What meters wrote into their event logs.
extension GatewayAPI {
    @Sendable func listMeterEvents(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let log = try request.objectChoice("log")
        var query = RowsQuery(from: try request.moment("from"), to: try request.moment("to"))
        if let text = try request.query.single("last") {
            guard let length = RoutedRequest.duration(text) else {
                throw Problem.badParameter("last", expected: "a duration such as P1D or 12h")
            }
            query.last = length
        }
        let (events, failures) = try await gateway.meterEvents(query, log: log, of: meter, try request.wishes())
        return HTTPResponse.json(reservingCapacity: 200 * (events.count + 1)) { writer in
            writer.beginObject()
            writer.member("meter", meter)
            writer.name("items")
            writer.beginArray()
            for event in events { Self.write(event, into: &writer) }
            writer.endArray()
            writer.member("failed", failures) { failure, writer in
                writer.member("log", failure.log.description)
                writer.name("problem")
                Problem(failure.error).write(into: &writer)
            }
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    private static func write(_ event: Gateway.MeterEvent, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("time", event.time?.iso)
        writer.member("log", event.log.description)
        writer.member("code", event.code)
        writer.member("event", event.name)
        writer.member("quality", event.quality.rawValue)
        writer.name("values")
        writer.beginObject()
        for (key, value) in event.values {
            writer.name(key)
            ValueForm.friendly.write(value.data, context: ValueContext(), into: &writer)
        }
        writer.endObject()
        writer.endObject()
    }
}
