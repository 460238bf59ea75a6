// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// Methods of objects.
extension GatewayAPI {
    @Sendable func invokeMethod(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (meter, obis) = (request.parameter("id"), try request.obis())
        let (method, classID) = (try request.method(), try request.classID())
        let key = try Self.idempotencyKey(request)
        let body: JSONValue = request.body.isEmpty ? .object(JSONObject()) : try request.json()
        var members = try JSONMembers(body)
        let parameter = members.optionalValue("parameter")
        let isDryRun = try members.optionalBool("dryRun") ?? false
        try members.finish()
        let command = MethodCommand(
            object: obis,
            classID: classID,
            method: method,
            parameter: parameter,
            isDryRun: isDryRun
        )
        for scope in command.scopes.sorted() { try request.require(scope) }
        let association = try request.association()
        // The same key means the same order only from the same caller, and for what the query says, too.
        let place = "POST \(request.request.rawPath) \(association ?? "") \(classID.map(String.init) ?? "")"
        let idempotency = try gateway.idempotencyKey(key, place: place, caller: request.caller, body: body.octets)
        if request.prefersAsynchronous {
            let (job, isReplayed) = try await job(
                for: .invoke([command], association: association),
                request,
                idempotency: idempotency
            )
            let answer = acceptedAnswer(job, request)
            return isReplayed ? answer.with("Idempotency-Replayed", "true") : answer
        }
        let wishes = try request.wishes()
        return try await withNamesLike(obis, request) {
            var timings: ExchangeTimings?
            let (answer, isReplayed) = try await gateway.once(idempotency, at: meter) {
                () async throws(GatewayError) -> [UInt8] in
                let outcome = try await gateway.invoke(command, of: meter, wishes)
                timings = outcome.timings
                return Self.document(outcome, meter: meter)
            }
            var response = HTTPResponse.octets(answer, type: "application/json").with("Cache-Control", "no-store")
            if let timings { response = response.with("Server-Timing", timings.field) }
            return isReplayed ? response.with("Idempotency-Replayed", "true") : response
        }
    }

    private static func document(_ outcome: MethodOutcome, meter: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("meter", meter)
        CommandRepresentation.writeMembers(outcome, into: &writer)
        writer.endObject()
        return writer.takeOctets()
    }

    /// The key that a request must have.
    static func idempotencyKey(_ request: RoutedRequest) throws -> String {
        guard let key = try request.idempotencyKey() else { throw GatewayError.idempotencyKeyMissing }
        return key
    }
}
