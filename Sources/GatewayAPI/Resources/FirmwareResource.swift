// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Jobs

/// Firmware of meters.
extension GatewayAPI {
    @Sendable func uploadFirmware(_ request: RoutedRequest) async throws -> HTTPResponse {
        // The meter is looked up first, so that no image is kept for nothing.
        let meter = try await gateway.meter(request.parameter("id"))
        let association = try request.association()
        if let association, meter.configuration.associations[association] == nil {
            let known = meter.configuration.associations.keys.sorted()
            throw GatewayError.associationUnknown(meter.id, name: association, known: known)
        }
        guard !request.body.isEmpty else {
            throw Problem.badParameter("body", expected: "the octets of the image")
        }
        let identifier = try request.query.single("identifier")
        if let identifier,
            !(1...64).contains(identifier.utf8.count) || !identifier.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        {
            throw Problem.badParameter("identifier", expected: "1 to 64 printable ASCII characters")
        }
        let activates = try request.query.choice("activate", of: Activation.self) ?? .yes
        let digest = try await gateway.keepImage(request.body)
        let order = FirmwareOrder(
            image: digest,
            identifier: identifier.map { Array($0.utf8) },
            activates: activates == .yes,
            association: association
        )
        return try await accepted(.firmware(order), request)
    }

    @Sendable func deleteFirmware(_ request: RoutedRequest) async throws -> HTTPResponse {
        let digest = request.parameter("digest").lowercased()
        guard digest.utf8.count == 64, Hexadecimal.octets(of: digest) != nil else {
            throw Problem.badParameter("digest", expected: "64 hexadecimal digits")
        }
        try await gateway.removeImage(digest)
        return HTTPResponse(status: 204)
    }

    /// Whether an image is put in force.
    private enum Activation: String, CaseIterable {
        case yes = "true"
        case no = "false"
    }
}
