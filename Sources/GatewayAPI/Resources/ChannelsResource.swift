// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Paths that meters share.
extension GatewayAPI {
    @Sendable func listChannels(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let cursor = try request.query.single("cursor")
        if let cursor, ChannelID(cursor) == nil {
            throw Problem.badParameter("cursor", expected: "as given in 'next'")
        }
        let page = try await gateway.channelPage(after: cursor, limit: limit)
        return ListPage.answer(page.items, next: page.next.map { next(request, cursor: $0) }) { record, writer in
            MeterRepresentation.write(record, into: &writer)
        }
    }

    @Sendable func getChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        Self.answer(try await gateway.channel(request.parameter("id")))
    }

    @Sendable func putChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard let id = ChannelID(request.parameter("id")) else {
            throw Problem.badParameter("id", expected: "1 to 64 letters, digits and . _ ~ -")
        }
        let result = try await gateway.putChannel(id, try request.json(), when: request.writePrecondition())
        guard result.isCreation else { return Self.answer(result.record) }
        return Self.answer(result.record, status: 201).with("Location", settings.basePath + "/channels/\(id.text)")
    }

    @Sendable func deleteChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.deleteChannel(request.parameter("id"), when: request.deletePrecondition())
        return .empty()
    }

    private static func answer(_ record: ChannelRecord, status: Int = 200) -> HTTPResponse {
        HTTPResponse.json(status: status) { MeterRepresentation.write(record, into: &$0) }
            .with("ETag", EntityTag(record.revision.text).description)
            .with("Cache-Control", "no-cache")
    }
}
