// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import MeterSessions

/// Limits that channels share.
extension GatewayAPI {
    @Sendable func listChannelGroups(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let cursor = try request.query.single("cursor")
        if let cursor, ChannelGroupID(cursor) == nil {
            throw Problem.badParameter("cursor", expected: "as given in 'next'")
        }
        let page = try await gateway.channelGroupPage(after: cursor, limit: limit)
        var items: [(ChannelGroupRecord, ChannelGroupStatus?)] = []
        for record in page.items { items.append((record, await gateway.channelGroupStatus(record.id.text))) }
        return ListPage.answer(items, next: page.next.map { next(request, cursor: $0) }) { item, writer in
            ChannelRepresentation.write(item.0, item.1, into: &writer)
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func getChannelGroup(_ request: RoutedRequest) async throws -> HTTPResponse {
        await answer(try await gateway.channelGroup(request.parameter("id")))
    }

    @Sendable func putChannelGroup(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard let id = ChannelGroupID(request.parameter("id")) else {
            throw Problem.badParameter("id", expected: "1 to 64 letters, digits and . _ ~ -")
        }
        let result = try await gateway.putChannelGroup(id, try request.json(), when: request.writePrecondition())
        guard result.isCreation else { return await answer(result.record) }
        return await answer(result.record, status: 201)
            .with("Location", settings.basePath + "/channel-groups/\(id.text)")
    }

    @Sendable func deleteChannelGroup(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.deleteChannelGroup(request.parameter("id"), when: request.deletePrecondition())
        return .empty()
    }

    private func answer(_ record: ChannelGroupRecord, status: Int = 200) async -> HTTPResponse {
        let standing = await gateway.channelGroupStatus(record.id.text)
        return HTTPResponse.json(status: status) { ChannelRepresentation.write(record, standing, into: &$0) }
            .with("ETag", EntityTag(record.revision.text).description)
            .with("Cache-Control", "no-cache")
    }
}
