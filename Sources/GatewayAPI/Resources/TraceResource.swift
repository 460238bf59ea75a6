// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import MeterSessions
import ProtocolDecoder
import Timekeeping

/// Watching what goes over the line to a meter.
extension GatewayAPI {
    /// The longest time that somebody may watch, and the time for who does not say.
    private static let longestTrace = Duration.seconds(600)
    @Sendable func traceMeter(_ request: RoutedRequest) async throws -> HTTPResponse {
        let explains = try request.query.bool("decode") ?? true
        let length = try Self.traceLength(request)
        let meter = try await gateway.meter(request.parameter("id")).id
        let seat = try takeSeat(request)
        let layout: TraceLines.Layout = request.mediaType == "text/event-stream" ? .eventStream : .lines
        let gateway = gateway
        return HTTPResponse.stream(type: request.mediaType) { body in
            let lines = TraceLines(layout)
            let events = try await gateway.trace(meter.text)
            try await body.write(
                lines.beginning(meter.text, at: gateway.clock.now(), until: gateway.clock.now() + length)
            )
            let end = try await withThrowingTaskGroup(of: TraceLines.End.self) { group in
                group.addTask {
                    try await Self.pass(events, of: meter, to: body, lines, explains: explains, gateway)
                    return .shutdown
                }
                group.addTask { try await keepAlive(body, lines, request) }
                group.addTask {
                    try await Task.sleep(for: length)
                    return .timeIsOver
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .shutdown
            }
            try await body.write(lines.ending(end, at: gateway.clock.now()))
            withExtendedLifetime(seat) {}
        }
        .with("Cache-Control", "no-store")
    }

    private static func traceLength(_ request: RoutedRequest) throws -> Duration {
        guard let text = try request.query.single("for") else { return longestTrace }
        guard let length = RoutedRequest.duration(text), length > .zero, length <= longestTrace else {
            throw Problem.badParameter("for", expected: "a duration up to PT10M")
        }
        return length
    }

    private static func pass(
        _ events: AsyncStream<TraceEvent>,
        of meter: MeterID,
        to body: any HTTPBodyWriter,
        _ lines: TraceLines,
        explains: Bool,
        _ gateway: Gateway
    ) async throws {
        var script = TraceScript(lines, explains: explains)
        for await event in events {
            if script.needsKeys(for: event) { script.use(await gateway.conversationKeys(of: meter, event.association)) }
            let octets = script.write(event, at: gateway.timestamp(of: event.instant))
            if !octets.isEmpty { try await body.write(octets) }
        }
    }

    /// Sends a sign of life from time to time, which also shows whether the watcher is still there, and may be.
    private func keepAlive(
        _ body: any HTTPBodyWriter,
        _ lines: TraceLines,
        _ request: RoutedRequest
    ) async throws -> TraceLines.End {
        let step = min(settings.streamPulse, .seconds(1))
        var quiet = Duration.zero
        while !gateway.isDraining {
            try await Task.sleep(for: step)
            quiet += step
            guard quiet >= settings.streamPulse else { continue }
            quiet = .zero
            guard await isStillAllowed(request) else { return .noLongerAllowed }
            try await body.write(lines.keepAlive(at: gateway.clock.now()))
        }
        return .shutdown
    }
}

extension Gateway {
    /// What is configured and known of an association of a meter, for explaining its frames.
    fileprivate func conversationKeys(of meter: MeterID, _ association: String) async -> ConversationKeys {
        guard let configuration = try? await self.meter(meter.text).configuration else { return ConversationKeys() }
        let security = configuration.associations[association]?.security
        return ConversationKeys(
            blockCipherKey: security?.blockCipherKey,
            authenticationKey: security?.authenticationKey,
            clientSystemTitle: (security?.clientSystemTitle ?? settings.systemTitle)?.octets,
            serverSystemTitle: await linkStatus(of: meter).status.association?.serverSystemTitle,
            secrets: Array(configuration.secrets.values)
        )
    }
}
