// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
internal import DLMSSecurity
internal import NIOCore
internal import NIOPosix

/// A meter that connects to who reads it, says who it is, and serves its objects on that connection.
public final class DiallingMeter: Sendable {
    private let channel: any Channel
    private let state: ListenerState

    private init(channel: any Channel, state: ListenerState) {
        self.channel = channel
        self.state = state
    }

    /// Connects, and sends a greeting.
    ///
    /// - Parameters:
    ///   - endpoint: where to connect to.
    ///   - greeting: what is sent first, such as the line with the IMEI that modems send.
    ///   - objects: what is served.
    ///   - options: how the meter behaves.
    ///   - network: the event loops.
    /// - Throws: `TransportError`, for what is wrong with connecting.
    public static func dial(
        to endpoint: TCPEndpoint,
        greeting: [UInt8] = [],
        objects: any ObjectServer,
        options: MeterListener.Options = MeterListener.Options(),
        network: MeterNetwork
    ) async throws(TransportError) -> DiallingMeter {
        let state = ListenerState(options)
        let bootstrap = ClientBootstrap(group: network.group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let meter = ServedMeter(
                        state: state,
                        options: options,
                        wire: StreamWire(channel: channel),
                        loop: channel.eventLoop
                    ) {
                        ServerMachine(
                            objects: objects,
                            framing: options.framing,
                            options: options.server,
                            random: { (try? RandomOctets.draw($0)) ?? [] }
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(MeterServerHandler(meters: [meter]))
                }
            }
        do {
            let channel = try await bootstrap.connect(host: endpoint.host, port: endpoint.port).get()
            let meter = DiallingMeter(channel: channel, state: state)
            if !greeting.isEmpty { meter.send(greeting) }
            return meter
        } catch {
            throw ConnectFailure.transportError(of: error, endpoint)
        }
    }

    /// What was served so far.
    public var counters: ListenerCounters { state.counters }

    /// Sends octets between two answers, such as a heartbeat.
    public func send(_ octets: [UInt8]) {
        channel.writeAndFlush(channel.allocator.buffer(bytes: octets), promise: nil)
    }

    /// Returns when the connection has ended, by whatever side.
    public func ended() async {
        try? await channel.closeFuture.get()
    }

    /// Closes the connection without a word, and does not wait for that.
    public func hangUp() {
        channel.close(promise: nil)
    }

    /// Closes the connection without a word.
    public func close() async {
        try? await channel.close().get()
    }
}
