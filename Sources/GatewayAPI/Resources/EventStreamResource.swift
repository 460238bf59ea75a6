// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Synchronization
import Timekeeping

/// Streams of events as they happen.
extension GatewayAPI {
    /// Follows the events that a query names, from behind `Last-Event-ID` or from now on.
    func followEvents(_ request: RoutedRequest, matching query: EventQuery) throws -> HTTPResponse {
        let limit: Int? = try request.query.integer("limit", in: 1...1000)
        for word in ["cursor"] where try request.query.single(word) != nil {
            throw Problem.badParameter(word, expected: "left out of a stream of events")
        }
        let position = try Self.lastEventID(request)
        let seat = try takeSeat(request)
        let following = gateway.events.follow(after: position)
        let basePath = settings.basePath
        return Self.eventStream { body in
            try await body.write(EventStreamText.beginning(at: following.position.text))
            try await Self.untilOneEnds {
                var left = limit ?? .max
                while left > 0, let step = await following.next() {
                    switch step {
                    case .gap(let after, let upTo):
                        try await body.write(EventStreamText.gap(after: after, upTo: upTo, basePath: basePath))
                    case .events(let told):
                        let wanted = told.lazy.filter { query.wants($0.event) }.prefix(left)
                        var text: [UInt8] = []
                        for told in wanted {
                            text += EventStreamText.event(
                                told.event.type.text,
                                id: told.position.text,
                                data: told.document
                            )
                            left -= 1
                        }
                        if !text.isEmpty { try await body.write(text) }
                    }
                }
            } while: {
                try await keepAlive(body, request) { following.position.text }
            }
            withExtendedLifetime(seat) {}
        }
    }

    /// What is behind `Last-Event-ID`, or behind `since` for who cannot set the field.
    private static func lastEventID(_ request: RoutedRequest) throws(Problem) -> EventID? {
        if let text = request.headers["Last-Event-ID"], !text.isEmpty {
            guard let id = EventID(text) else {
                throw .badParameter("Last-Event-ID", expected: "the id of an event of this stream")
            }
            return id
        }
        guard let text = try request.query.singleLiteral("since") else { return nil }
        guard let id = EventID(text) else {
            throw .badParameter("since", expected: "the id of an event, for a stream of events")
        }
        return id
    }

    /// Follows one job until it is finished.
    @Sendable func followJob(_ request: RoutedRequest) async throws -> HTTPResponse {
        try Self.checkTicket(request)
        let job = try await gateway.job(request.parameter("id"))
        let known = request.headers["Last-Event-ID"].flatMap { Int64($0) }
        // Who knows the end has no reason to come back: 204 is what a browser takes as that (HTML, section 9.2.3).
        if job.state.isFinal, let known, known >= job.version { return .empty().with("Cache-Control", "no-store") }
        let seat = try takeSeat(request)
        let (gateway, basePath) = (gateway, settings.basePath)
        return Self.eventStream { body in
            try await body.write(EventStreamText.beginning(at: nil))
            try await Self.untilOneEnds {
                var shown = known ?? -1
                var hasStarted = known != nil
                var job = job
                while true {
                    if job.version > shown {
                        let type: EventType =
                            if job.state.isFinal {
                                .jobFinished
                            } else if job.startedAt == nil {
                                .jobCreated
                            } else {
                                hasStarted ? .jobProgress : .jobStarted
                            }
                        hasStarted = hasStarted || job.startedAt != nil
                        var writer = JSONWriter(reservingCapacity: 1024)
                        JobDocument.write(job, basePath: basePath, now: gateway.clock.now(), into: &writer)
                        let data = writer.takeOctets()
                        try await body.write(EventStreamText.event(type.text, id: "\(job.version)", data: data))
                        shown = job.version
                    }
                    if job.state.isFinal || gateway.isDraining { return }
                    job = try await gateway.job(job.id.text, wait: .seconds(5), after: shown)
                }
            } while: {
                try await keepAlive(body, request) { nil }
            }
            withExtendedLifetime(seat) {}
        }
    }

    /// An answer that nobody may keep, on its way or at its end.
    private static func eventStream(
        _ produce: @escaping @Sendable (any HTTPBodyWriter) async throws -> Void
    ) -> HTTPResponse {
        HTTPResponse.stream(type: EventStreamText.mediaType, produce)
            .with("Cache-Control", "no-store")
            // Reverse proxies such as nginx gather answers unless told not to.
            .with("X-Accel-Buffering", "no")
    }

    /// Does both until one of them ends, or fails.
    private static func untilOneEnds(
        _ work: @escaping @Sendable () async throws -> Void,
        while other: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            group.addTask { try await other() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Shows from time to time that the stream lives, until its caller may not have it any more.
    private func keepAlive(
        _ body: any HTTPBodyWriter,
        _ request: RoutedRequest,
        at position: @Sendable () -> String?
    ) async throws {
        while true {
            try await Task.sleep(for: settings.streamPulse)
            guard await isStillAllowed(request) else { return }
            try await body.write(EventStreamText.keepAlive(at: position()))
        }
    }

    /// Whether the caller of a stream may have it still: credentials end and are revoked while it goes on.
    func isStillAllowed(_ request: RoutedRequest) async -> Bool {
        guard let desk, let principal = request.identity.principal else { return true }
        return await desk.isStillGood(principal)
    }

    /// Takes a place for a stream.
    ///
    /// - Throws: ``HTTPKit/Problem`` `streams-full`.
    func takeSeat(_ request: RoutedRequest) throws(Problem) -> StreamSeats.Seat {
        let seats = gateway.streamSeats
        do throws(StreamSeats.Refusal) {
            return try seats.take(for: request.identity.principal?.name)
        } catch {
            switch error {
            case .full: throw Self.streamsFull("All \(seats.count) places for event streams and traces are taken.")
            case .fullForCaller:
                throw Self.streamsFull(
                    "You follow \(seats.countForCaller) event streams and traces, as many as one caller may."
                )
            }
        }
    }

    /// 503: there is no room for one more.
    static func streamsFull(_ detail: String) -> Problem {
        Problem(
            "streams-full",
            status: 503,
            title: "Too many event streams",
            detail: detail,
            hint: "Close streams that nobody reads, or have the operator allow more (http.eventStreams).",
            retryable: true
        )
        .withHeader("Retry-After", "15")
    }
}

extension EventQuery {
    /// Whether a stream with this query shows an event.
    fileprivate func wants(_ event: FleetEvent) -> Bool {
        (types.isEmpty || types.contains(event.type)) && (meter == nil || meter == event.meter)
    }
}
