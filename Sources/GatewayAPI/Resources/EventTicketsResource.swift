// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import HTTPKit

/// Tickets for streams of events, in place of credentials in the address.
extension GatewayAPI {
    @Sendable func createEventTicket(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard let ticket = try tickets.issue(to: request.identity.principal) else {
            throw Self.streamsFull("There are as many tickets that nobody has used yet as there may be.")
        }
        return HTTPResponse.json(status: 201) { writer in
            writer.beginObject()
            writer.member("ticket", ticket.text)
            writer.member("expiresAt", ticket.expiresAt.rfc3339)
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    /// Refuses what cannot be a ticket; whether it is a good one was found out before, with who asks.
    static func checkTicket(_ request: RoutedRequest) throws(Problem) {
        guard let text = try request.query.single("ticket") else { return }
        guard text.utf8.count == TicketOffice.length, text.utf8.allSatisfy(Self.isLowerHexadecimal) else {
            throw .badParameter("ticket", expected: "a ticket of POST /events/tickets")
        }
    }

    private static func isLowerHexadecimal(_ octet: UInt8) -> Bool {
        (0x30...0x39).contains(octet) || (0x61...0x66).contains(octet)
    }
}
