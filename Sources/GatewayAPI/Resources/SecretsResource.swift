// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs

/// Keys and passwords of meters.
extension GatewayAPI {
    @Sendable func changeKeys(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (order, given) = try request.members { members in
            var keys = try members.requiredMembers("keys")
            var given: [TransferredKey: Secret] = [:]
            var wanted: Set<TransferredKey> = []
            for word in keys.names {
                let place = JSONPointer("/keys").appending(word)
                let key = try KeyChangeOrder.key(word, at: place)
                wanted.insert(key)
                let value = try keys.requiredValue(word)
                if !value.isNull { given[key] = try Self.secret(value, at: place) }
            }
            guard !wanted.isEmpty else {
                throw JSONMemberError(.invalid(expected: "at least one key", suggestion: nil), at: "/keys")
            }
            var order = KeyChangeOrder(keys: wanted)
            try order.readTerms(&members)
            if order.method == .agreement, let key = given.keys.min(by: { $0.rawValue < $1.rawValue }) {
                throw JSONMemberError(
                    .invalid(expected: "null, because both sides make the key"),
                    at: JSONPointer("/keys").appending(key.word)
                )
            }
            return (order, given)
        }
        let job = try await gateway.submitKeyChange(
            order,
            given: given,
            meter: request.parameter("id"),
            caller: request.caller.name,
            traceID: request.traceID
        )
        return accepted(job)
    }

    @Sendable func changeSecret(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (order, secret) = try request.members { members in
            let secret = try Self.secret(members.requiredValue("secret"), at: "/secret")
            return (try SecretChangeOrder(&members), secret)
        }
        let job = try await gateway.submitSecretChange(
            order,
            to: secret,
            meter: request.parameter("id"),
            caller: request.caller.name,
            traceID: request.traceID
        )
        return accepted(job)
    }

    @Sendable func resolveSecrets(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let outcome = try await gateway.resolveSecrets(of: meter, try request.wishes())
        return HTTPResponse.json { ProcedureRepresentation.write(outcome, meter: meter, into: &$0) }
            .with("Cache-Control", "no-store")
    }

    private func accepted(_ job: JobRecord) -> HTTPResponse {
        jobAnswer(job, status: 202).with("Location", "\(settings.basePath)/jobs/\(job.id.text)")
    }

    private static func secret(_ value: JSONValue, at place: JSONPointer) throws(JSONMemberError) -> Secret {
        try SecretDecoding.clear(keeping: [:]).secret(value, at: place)
    }
}
