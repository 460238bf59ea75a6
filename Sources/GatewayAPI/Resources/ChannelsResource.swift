// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// Paths that meters share.
extension GatewayAPI {
    @Sendable func listChannels(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let cursor = try request.query.single("cursor")
        if let cursor, ChannelID(cursor) == nil {
            throw Problem.badParameter("cursor", expected: "as given in 'next'")
        }
        let page = try await gateway.channelPage(after: cursor, limit: limit)
        let standings = Dictionary(
            await gateway.channelStandings().map { ($0.status.key, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var items: [(ChannelRecord, ChannelStanding)] = []
        for record in page.items {
            let key = Gateway.NamedChannel.shared(record).key
            if let standing = standings[key] {
                items.append((record, standing))
            } else {
                items.append((record, await gateway.channelStanding(key)))
            }
        }
        return ListPage.answer(items, next: page.next.map { next(request, cursor: $0) }) { item, writer in
            ChannelRepresentation.write(item.0, item.1, into: &writer)
        }
        .with("Cache-Control", "no-cache")
    }

    @Sendable func getChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        await answer(try await gateway.namedChannel(request.parameter("id")))
    }

    @Sendable func holdChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        let channel = try await gateway.namedChannel(request.parameter("id"))
        guard !request.body.isEmpty else {
            try await gateway.holdChannel(channel.key)
            return await answer(channel)
        }
        let (until, reason) = try request.members { members in
            let until = try Self.end(of: &members, now: gateway.clock.now())
            let reason = try members.optionalString("reason")
            if let reason {
                guard (1...200).contains(reason.unicodeScalars.count),
                    reason.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
                else {
                    throw JSONMemberError(
                        .invalid(expected: "1 to 200 characters without control characters", suggestion: nil),
                        at: "/reason"
                    )
                }
            }
            return (until, reason)
        }
        try await gateway.holdChannel(channel.key, until: until, reason: reason)
        return await answer(channel)
    }

    @Sendable func drainChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        let channel = try await gateway.namedChannel(request.parameter("id"))
        try await gateway.drainChannel(channel.key)
        return await answer(channel)
    }

    @Sendable func resumeChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        let channel = try await gateway.namedChannel(request.parameter("id"))
        try await gateway.resumeChannel(channel.key)
        return await answer(channel)
    }

    /// When a hold ends by itself: `until`, or `for` from now on; nil when neither is told.
    private static func end(of members: inout JSONMembers, now: Timestamp) throws -> Timestamp? {
        let until = try members.optionalString("until")
        let length = try members.optionalString("for")
        guard until == nil || length == nil else {
            throw JSONMemberError(.invalid(expected: "left out when until is there"), at: "/for")
        }
        if let until {
            guard let moment = Timestamp(rfc3339: until) else {
                throw JSONMemberError(
                    .invalid(expected: "a time with its offset, such as 2026-11-22T18:00:00+01:00", suggestion: nil),
                    at: "/until"
                )
            }
            guard moment > now else { throw JSONMemberError(.invalid(expected: "a time to come"), at: "/until") }
            return moment
        }
        guard let length else { return nil }
        guard let duration = RoutedRequest.duration(length) else {
            throw JSONMemberError(.invalid(expected: "a duration such as PT2H", suggestion: nil), at: "/for")
        }
        guard duration > .zero, duration <= .seconds(366 * 86_400) else {
            throw JSONMemberError(.invalid(expected: "longer than nothing and at most P366D"), at: "/for")
        }
        return now + duration
    }

    @Sendable func putChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        guard let id = ChannelID(request.parameter("id")) else {
            throw Problem.badParameter("id", expected: "1 to 64 letters, digits and . _ ~ -")
        }
        let result = try await gateway.putChannel(id, try request.json(), when: request.writePrecondition())
        guard result.isCreation else { return await answer(.shared(result.record)) }
        return await answer(.shared(result.record), status: 201)
            .with("Location", settings.basePath + "/channels/\(id.text)")
    }

    @Sendable func deleteChannel(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.deleteChannel(request.parameter("id"), when: request.deletePrecondition())
        return .empty()
    }

    private func answer(_ channel: Gateway.NamedChannel, status: Int = 200) async -> HTTPResponse {
        let standing = await gateway.channelStanding(channel.key)
        switch channel {
        case .shared(let record):
            // The status changes without the configuration, so the strong tag of the revision promises the latter only.
            return HTTPResponse.json(status: status) { ChannelRepresentation.write(record, standing, into: &$0) }
                .with("ETag", EntityTag(record.revision.text).description)
                .with("Cache-Control", "no-cache")
        case .used(let meter, _):
            return HTTPResponse.json(status: status) { ChannelRepresentation.write(meter, standing, into: &$0) }
                .with("Cache-Control", "no-cache")
        }
    }
}
