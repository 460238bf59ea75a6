// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Trying the way to a meter step by step.
extension GatewayAPI {
    @Sendable func checkMeter(_ request: RoutedRequest) async throws -> HTTPResponse {
        var wishes = try request.wishes()
        if !request.body.isEmpty {
            wishes.association = try request.members { members in try members.optionalString("association") }
        }
        let meter = request.parameter("id")
        let answer = try await gateway.check(meter, wishes)
        return HTTPResponse.json(reservingCapacity: 2048) { writer in
            writer.beginObject()
            writer.member("meter", meter)
            writer.member("association", answer.association)
            writer.member("ok", answer.isWell)
            writer.member("deviceName", answer.deviceName)
            writer.name("steps")
            writer.beginArray()
            for step in answer.steps { Self.write(step, traceID: request.id, into: &writer) }
            writer.endArray()
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    private static func write(
        _ step: Gateway.CheckAnswer.Step,
        traceID: String,
        into writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("name", step.step.rawValue)
        writer.member("outcome", step.failure != nil ? "failed" : step.isTaken ? "ok" : "skipped")
        // Microseconds tell apart what happens on one machine; more digits would say nothing.
        writer.member("milliseconds", (step.duration / .microseconds(1)).rounded() / 1000)
        writer.member("hint", step.failure?.hint)
        if let failure = step.failure {
            writer.name("problem")
            Problem(failure).write(into: &writer, traceID: traceID)
        }
        writer.endObject()
    }
}
