// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// The gateways that share the database.
extension GatewayAPI {
    @Sendable func listNodes(_ request: RoutedRequest) async throws -> HTTPResponse {
        let nodes = try await gateway.nodes()
        let own = gateway.cluster?.record.name ?? gateway.settings.node
        return .json { writer in
            writer.beginObject()
            writer.name("items")
            writer.beginArray()
            for standing in nodes {
                let node = standing.node
                writer.beginObject()
                writer.member("name", node.name)
                writer.member("state", node.state.rawValue)
                writer.member("address", node.address.isEmpty ? nil : node.address)
                writer.member("version", node.version)
                writer.member("shares", standing.shares)
                writer.member("meters", standing.meters)
                writer.member("executions", standing.executions)
                writer.member("startedAt", node.startedAt.rfc3339)
                writer.member("aliveUntil", gateway.cluster == nil ? nil : node.aliveUntil.rfc3339)
                writer.member("self", node.name == own)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func removeNode(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.removeNode(request.parameter("name"))
        return .empty()
    }
}
