// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// What happened in the fleet, listed or as it happens.
extension GatewayAPI {
    @Sendable func listEvents(_ request: RoutedRequest) async throws -> HTTPResponse {
        try Self.checkTicket(request)
        let isStream = request.mediaType == EventStreamText.mediaType
        var query = EventQuery(start: isStream ? .newest : try Self.start(request))
        if let meter = try request.query.single("meter") {
            guard let id = MeterID(meter) else { throw Problem.badParameter("meter", expected: "the id of a meter") }
            query.meter = id
        }
        query.types = try request.query.all("type").flatMap { $0.split(separator: ",") }.map { word in
            guard let type = EventType.all.first(where: { $0.text == word }) else {
                throw Problem.badParameter(
                    "type",
                    expected: "types of events such as meter.alarm, with commas between",
                    found: String(word),
                    among: EventType.all.map(\.text)
                )
            }
            return type
        }
        if isStream { return try followEvents(request, matching: query) }
        let limit = try request.pageLimit()
        let events = try await gateway.events(matching: query, limit: limit)
        let next = events.count == limit ? events.last.map { self.next(request, cursor: $0.id.text) } : nil
        return ListPage.answer(events, next: next) { event, writer in
            event.write(into: &writer)
        }
        .with("Cache-Control", "no-store")
    }

    /// Where the list begins: behind the cursor, else at `since`, else with the newest.
    private static func start(_ request: RoutedRequest) throws(Problem) -> EventQuery.Start {
        let since = try request.query.singleLiteral("since")
        if let cursor = try request.query.single("cursor") {
            guard let id = EventID(cursor) else { throw .badParameter("cursor", expected: "as given in 'next'") }
            return since == nil ? .before(id) : .after(id)
        }
        guard let since else { return .newest }
        if let id = EventID(since) { return .after(id) }
        guard let moment = try? request.moment("since") else {
            throw .badParameter("since", expected: "a time such as 2026-11-22T00:00:00Z, or the id of an event")
        }
        return .since(moment)
    }
}
