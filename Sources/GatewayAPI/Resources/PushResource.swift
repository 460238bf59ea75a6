// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import GatewayCore
import HTTPKit
import JSONText
import MeterTransport
import Timekeeping

/// Who pushes to the gateway.
extension GatewayAPI {
    @Sendable func listPushSenders(_ request: RoutedRequest) async throws -> HTTPResponse {
        let wanted = try request.query.choice("state", of: SenderState.self)
        let senders = gateway.pushSenders.filter { wanted == nil || SenderState(of: $0.status) == wanted }
        let limit = try request.pageLimit()
        let cursor = try request.query.single("cursor")
        guard cursor != "" else { throw Problem.badParameter("cursor", expected: "as given in 'next'") }
        let rest = senders.drop { sender in cursor.map { sender.status.address <= $0 } ?? false }
        let page = Array(rest.prefix(limit))
        let next = rest.count > limit ? page.last.map { self.next(request, cursor: $0.status.address) } : nil
        return ListPage.answer(page, next: next) { sender, writer in
            Self.write(sender, into: &writer)
        }
        .with("Cache-Control", "no-store")
    }

    /// Whether meters are known behind an address.
    private enum SenderState: String, CaseIterable {
        case known
        case unknown

        init(of status: PushSenderStatus) {
            self = status.meters.isEmpty ? .unknown : .known
        }
    }

    private static func write(_ sender: Gateway.PushSender, into writer: inout JSONWriter) {
        let status = sender.status
        writer.beginObject()
        writer.member("address", status.address)
        writer.member("state", SenderState(of: status).rawValue)
        writer.member("meters", status.meters)
        writer.member("transports", status.transports.map(\.rawValue).sorted())
        writer.member("connections", status.connections)
        writer.member("firstSeen", sender.firstSeen.rfc3339)
        writer.member("lastSeen", sender.lastSeen.rfc3339)
        writer.member("messages", status.messages)
        writer.member("octets", status.octets)
        writer.member("waiting", status.waiting)
        writer.member("dropped", status.dropped)
        writer.name("losses")
        writer.beginObject()
        for (loss, count) in status.losses.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            writer.name(loss.rawValue)
            writer.integer(count)
        }
        writer.endObject()
        writer.name("refusals")
        writer.beginObject()
        for (reason, count) in status.refusals.sorted(by: { $0.key < $1.key }) {
            writer.name(reason)
            writer.integer(count)
        }
        writer.endObject()
        writer.member("names", status.names)
        writer.member("lastOctets", Hexadecimal.text(of: status.lastOctets))
        writer.endObject()
    }
}
