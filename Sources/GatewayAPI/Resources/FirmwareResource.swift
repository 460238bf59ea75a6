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

    /// Stores a job for the meter in the path and answers 202 with its address.
    func accepted(_ order: JobOrder, _ request: RoutedRequest) async throws -> HTTPResponse {
        let job = try await gateway.submit(
            order,
            targets: [request.parameter("id")],
            priority: 5,
            caller: request.caller.name,
            traceID: request.id
        )
        let response = jobAnswer(job, status: 202)
            .with("Location", "\(settings.basePath)/jobs/\(job.id.text)")
        return request.prefersAsynchronous ? response.with("Preference-Applied", "respond-async") : response
    }
}

extension RoutedRequest {
    /// Whether the caller wants a job in place of an answer (RFC 7240, respond-async).
    var prefersAsynchronous: Bool {
        headers.directives("Prefer").contains { $0.name == "respond-async" }
    }
}
