// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// The invocation counters of a meter's protected associations.
extension GatewayAPI {
    @Sendable func listCounters(_ request: RoutedRequest) async throws -> HTTPResponse {
        let record = try await gateway.meter(request.parameter("id"))
        let all = try await gateway.counters(of: record.id.text)
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", record.id.text)
            writer.name("items")
            writer.beginArray()
            for counters in all { Self.write(counters, into: &writer) }
            writer.endArray()
            writer.endObject()
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func raiseCounter(_ request: RoutedRequest) async throws -> HTTPResponse {
        var members = try JSONMembers(request.json())
        let association = try members.requiredString("association")
        let above: UInt32 = try members.requiredInteger("above", in: 0...UInt32.max - 2)
        let reason = try members.requiredString("reason")
        try members.finish()
        guard (1...200).contains(reason.unicodeScalars.count), reason.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else {
            throw JSONMemberError(
                .invalid(expected: "1 to 200 characters without control characters", suggestion: nil),
                at: "/reason"
            )
        }
        let (counters, repair) = try await gateway.raiseCounter(
            of: request.parameter("id"),
            association: association,
            above: above,
            note: reason,
            by: request.identity.principal?.name ?? "caller \(request.caller.address ?? "unknown")"
        )
        return .json { writer in
            writer.beginObject()
            writer.member("raised", repair != nil)
            writer.name("counters")
            Self.write(counters, into: &writer)
            writer.endObject()
        }
    }

    private static func write(_ counters: AssociationCounters, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("association", counters.association)
        writer.member("clientSystemTitle", counters.clientSystemTitle.description)
        writer.member("next", counters.next)
        writer.member("reservedUpTo", counters.stored.map { $0.next - 1 })
        writer.member("remaining", counters.stored?.remaining)
        writer.name("server")
        if let server = counters.server {
            writer.beginObject()
            writer.member("systemTitle", server.id.systemTitle.description)
            writer.member("last", server.value)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.name("repairs")
        writer.beginArray()
        for repair in counters.repairs { write(repair, into: &writer) }
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ repair: CounterRepair, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("at", repair.madeAt.rfc3339)
        writer.member("by", repair.reason.madeBy)
        writer.member("cause", repair.reason.cause.rawValue)
        writer.member("meter", repair.reason.meter.text)
        writer.member("association", repair.reason.association)
        writer.member("from", repair.from)
        writer.member("to", repair.to)
        writer.member("reason", repair.reason.note)
        writer.endObject()
    }
}
