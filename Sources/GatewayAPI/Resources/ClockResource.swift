// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// The clocks of meters.
extension GatewayAPI {
    @Sendable func getClock(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let reading = try await gateway.clockReading(of: meter, try request.wishes())
        let drift = ClockDrift(try await gateway.clockHistory(of: meter))
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter)
            ReadingRepresentation.write(reading.object, into: &writer)
            ProcedureRepresentation.writeMembers(reading, into: &writer)
            writer.member("ambiguous", reading.ambiguity != nil)
            writer.member("timeZoneMinutes", reading.timeZoneMinutes)
            writer.member("daylightSavingEnabled", reading.isDaylightSavingEnabled)
            ProcedureRepresentation.write(reading.zone, named: "zone", into: &writer)
            ProcedureRepresentation.write(drift, named: "drift", into: &writer)
            writer.member("association", reading.association)
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    /// What is known of a clock from the looks at it, without asking the meter.
    @Sendable func getClockHistory(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let samples = try await gateway.clockHistory(of: meter)
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter)
            ProcedureRepresentation.write(ClockDrift(samples), named: "drift", into: &writer)
            writer.name("items")
            writer.beginArray()
            for sample in samples { ProcedureRepresentation.write(sample, into: &writer) }
            writer.endArray()
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func synchronizeClock(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let wish: ClockSyncWish
        if request.body.isEmpty {
            wish = ClockSyncWish()
        } else {
            wish = try request.members { try ClockSyncWish(&$0) }
        }
        guard !request.prefersAsynchronous else {
            return try await accepted(.clockSync(wish, association: try request.association()), request)
        }
        let outcome = try await gateway.synchronizeClock(of: meter, wish, try request.wishes())
        return HTTPResponse.json { ProcedureRepresentation.write(outcome, meter: meter, into: &$0) }
            .with("Cache-Control", "no-store")
    }
}
