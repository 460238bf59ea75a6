// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// Whole readouts of text meters, and files with readouts.
extension GatewayAPI {
    @Sendable func readOut(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let choice = try request.query.choice("kind", of: Gateway.ReadoutChoice.self) ?? .standard
        let numbersAsStrings = try request.numbersAsStrings()
        let (readout, association, timings) = try await gateway.readOut(meter, choice, try request.wishes())
        let response: HTTPResponse
        switch request.mediaType {
        case "text/plain":
            response = HTTPResponse.octets(readout.text, type: "text/plain; charset=us-ascii")
        default:
            let representation = ReadoutRepresentation(numbersAsStrings: numbersAsStrings)
            response = HTTPResponse.json(reservingCapacity: 200 * (readout.items.count + 2)) {
                representation.write(readout, meter: meter, association: association, into: &$0)
            }
        }
        return response.with("Server-Timing", timings.field).with("Cache-Control", "no-store")
    }

    @Sendable func importMeterReadouts(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await importReadouts(request, of: request.parameter("id"))
    }

    @Sendable func importReadouts(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await importReadouts(request, of: nil)
    }

    private func importReadouts(_ request: RoutedRequest, of meter: String?) async throws -> HTTPResponse {
        let check = try request.query.choice("number", of: NumberCheck.self) ?? .checked
        let outcome = try await gateway.importReadouts(request.body, of: meter, checksNumber: check == .checked)
        // One readout that cannot be taken is what the whole request was about.
        if outcome.items.count == 1, case .failure(let error) = outcome.items[0].result { throw error }
        return HTTPResponse.json(reservingCapacity: 300 * (outcome.items.count + 1)) {
            ReadoutRepresentation.write(outcome, into: &$0)
        }
        .with("Cache-Control", "no-store")
    }

    /// Whether the number in a readout has to be the address of its meter.
    private enum NumberCheck: String, CaseIterable {
        case checked
        case ignored
    }
}
