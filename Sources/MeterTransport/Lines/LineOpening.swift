// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore
import NIOPosix

/// Everything that opening a line takes; one extension for each medium does it.
struct LineOpening: Sendable {
    let medium: MeterMedium
    let timeout: Duration
    let network: MeterNetwork
    let tap: (any LineTap)?

    /// Puts our end of the line on a channel; runs on its event loop.
    ///
    /// - Parameters:
    ///   - control: changes the format of the line; nil for one without.
    ///   - format: the format that the line has.
    ///   - removesEcho: whether our own octets come back.
    func install(
        on channel: any Channel,
        control: (any LineControl)? = nil,
        format: LineFormat? = nil,
        removesEcho: Bool = false
    ) throws -> MeterLine {
        let tally = LineTally()
        let handler = LineHandler(tally: tally, tap: tap, control: control, format: format, removesEcho: removesEcho)
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
        try await connect(to: endpoint) { try install(on: $0) }
    }

    /// Opens a TCP connection.
    ///
    /// - Parameter prepare: puts handlers on the channel, on its event loop.
    func connect<Prepared: Sendable>(
        to endpoint: TCPEndpoint,
        _ prepare: @escaping @Sendable (any Channel) throws -> Prepared
    ) async throws(TransportError) -> Prepared {
        let attempt = ConnectAttempt()
        do {
            return try await withTaskCancellationHandler {
                let bootstrap = ClientBootstrap(group: network.group)
                    .connectTimeout(TimeAmount(timeout))
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .channelOption(.recvAllocator, value: ReceiveSize())
                let initialize: @Sendable (any Channel) -> EventLoopFuture<Prepared> = { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try attempt.begin(channel)
                        return try prepare(channel)
                    }
                }
                // Resolving takes a thread of its own, and more than a third of the time of a whole short session.
                if let address = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) {
                    return try await bootstrap.connect(to: address, channelInitializer: initialize)
                }
                return try await bootstrap.connect(
                    host: endpoint.host,
                    port: endpoint.port,
                    channelInitializer: initialize
                )
            } onCancel: {
                attempt.cancel()
            }
        } catch {
            guard !attempt.isCancelled else { throw TransportError(.cancelled) }
            throw TransportError(onChannel: error) ?? ConnectFailure.transportError(of: error, endpoint)
        }
    }

    /// Waits until what is between the channel and the line is ready; closes the line when that fails.
    ///
    /// - Parameter late: what it means when it is not ready in time.
    func prepared(
        _ line: MeterLine,
        _ ready: EventLoopPromise<Void>,
        until limit: ContinuousClock.Instant,
        late: TransportError.Reason
    ) async throws(TransportError) -> MeterLine {
        let left = max(ContinuousClock.Instant.now.duration(to: limit), .zero)
        let timer = line.channel.eventLoop.scheduleTask(in: TimeAmount(left)) { ready.fail(TransportError(late)) }
        defer { timer.cancel() }
        do {
            try await withTaskCancellationHandler {
                try await ready.futureResult.get()
            } onCancel: {
                ready.fail(TransportError(.cancelled))
            }
            return line
        } catch {
            await line.close()
            throw TransportError(onChannel: error) ?? TransportError(.closedByPeer(waitingFor: nil))
        }
    }
}
