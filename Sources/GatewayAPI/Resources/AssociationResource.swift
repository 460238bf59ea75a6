// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// The association that is open with a meter.
extension GatewayAPI {
    @Sendable func getAssociation(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = try await gateway.meter(request.parameter("id")).id
        let link = await gateway.linkStatus(of: meter)
        guard let name = link.status.openAssociation, let info = link.status.association else {
            throw GatewayError.notFound(what: "open association with meter \(meter.text)")
        }
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter.text)
            writer.member("association", name)
            writer.member("linkState", link.status.state.rawValue)
            writer.member("openSince", link.openSince?.rfc3339)
            writer.member("referencing", info.usesShortNames ? "short-name" : "logical-name")
            writer.member("conformance", info.conformance.names)
            writer.member("serverMaxReceivePDUSize", Int(info.serverMaxReceivePDUSize))
            writer.member("serverSystemTitle", info.serverSystemTitle.map { Hexadecimal.text(of: $0) })
            writer.endObject()
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func releaseAssociation(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.releaseAssociation(of: request.parameter("id"))
        return .empty()
    }
}
