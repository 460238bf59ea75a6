// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore
import NIOPosix

/// Everything that opening a line takes; one extension for each medium does it.
struct LineOpening: Sendable {
    let medium: MeterMedium
    let timeout: Duration
    let network: MeterNetwork
    let tap: (any LineTap)?

    /// Puts our end of the line on a channel; runs on its event loop.
    func install(on channel: any Channel) throws -> MeterLine {
        let tally = LineTally()
        let handler = LineHandler(tally: tally, tap: tap)
        try channel.pipeline.syncOperations.addHandler(handler)
        return MeterLine(
            medium,
            channel: channel,
            handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
            tally: tally
        )
    }

    /// Opens a TCP connection.
    func connect(to endpoint: TCPEndpoint) async throws(TransportError) -> MeterLine {
        let attempt = ConnectAttempt()
        do {
            return try await withTaskCancellationHandler {
                try await ClientBootstrap(group: network.group)
                    .connectTimeout(TimeAmount(timeout))
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .connect(host: endpoint.host, port: endpoint.port) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try attempt.begin(channel)
                            return try install(on: channel)
                        }
                    }
            } onCancel: {
                attempt.cancel()
            }
        } catch {
            guard !attempt.isCancelled else { throw TransportError(.cancelled) }
            throw ConnectFailure.transportError(of: error, endpoint)
        }
    }
}
