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
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter)
            ReadingRepresentation.write(reading.object, into: &writer)
            ProcedureRepresentation.writeMembers(reading, into: &writer)
            writer.member("ambiguous", reading.ambiguity != nil)
            writer.member("timeZoneMinutes", reading.timeZoneMinutes)
            writer.member("daylightSavingEnabled", reading.isDaylightSavingEnabled)
            writer.member("association", reading.association)
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
