// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayAPI
import HTTPKit
import Logging
import Testing

/// The API of a bench as callers with keys see it; the bench itself goes on to let everybody in.
struct KeyBench {
    let bench: APIBench
    let responder: HTTPEdge

    init(_ bench: APIBench) {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        self.bench = bench
        responder = GatewayAPI(gateway: bench.gateway, settings: .init(requiresCredentials: true), logger: logger)
            .makeResponder()
    }

    /// Makes a key with these scopes; its name is what its owner is called.
    func key(
        _ name: String,
        _ scopes: [Scope] = [],
        roles: [Role] = [],
        labels: String? = nil,
        addresses: [String] = []
    ) async throws -> String {
        let grant = APIKeyGrant(
            roles: roles.map(\.rawValue),
            scopes: scopes.map(\.rawValue),
            labels: labels,
            addresses: addresses.compactMap { AddressRange($0) }
        )
        return try await bench.gateway.makeAPIKey(named: name, grant, expiresAt: nil, by: "test").text.exposedText
    }

    func request(
        _ method: HTTPMethod,
        _ target: String,
        _ key: String?,
        _ body: String = "",
        headers: [String: String] = [:],
        from address: String = "192.0.2.7"
    ) -> HTTPRequest {
        var fields = HTTPHeaders(headers.map { .init(name: $0.key, value: $0.value) })
        if let key { fields.add("Authorization", "Bearer \(key)") }
        if !body.isEmpty, fields["Content-Type"] == nil { fields.add("Content-Type", "application/json") }
        return HTTPRequest(
            method: method,
            rawTarget: target,
            headers: fields,
            body: Array(body.utf8),
            remoteAddress: address
        )
    }

    func send(
        _ method: HTTPMethod,
        _ target: String,
        _ key: String?,
        _ body: String = "",
        headers: [String: String] = [:],
        from address: String = "192.0.2.7"
    ) async throws -> APIBench.Answer {
        let request = request(method, target, key, body, headers: headers, from: address)
        let response =
            if let atHand = responder.answerAtHand(for: request) { atHand } else {
                await responder.respond(to: request)
            }
        return APIBench.Answer(
            status: response.status,
            headers: response.headers,
            body: try await response.collectedBody()
        )
    }

    func get(_ target: String, _ key: String?) async throws -> APIBench.Answer { try await send(.get, target, key) }

    /// A request for an operation, with something in place of each parameter.
    func send(
        _ route: Route,
        id: String = "M1",
        key: String?
    ) async throws -> APIBench.Answer {
        var path = route.pattern.text
        for name in route.pattern.parameterNames {
            let value = ["id": id, "obis": "1.0.1.8.0.255", "n": "2"][name] ?? "x"
            path = path.replacing("{\(name)}", with: value)
        }
        let type = route.consumes.first ?? "application/json"
        return try await send(
            route.method,
            path,
            key,
            route.consumes.isEmpty ? "" : "{}",
            headers: ["Content-Type": type, "Accept": "*/*", "Idempotency-Key": "k"]
        )
    }
}
