// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore
internal import NIOPosix

/// Listens for what meters push, over TCP and UDP on one port; messages go to an intake.
public final class PushListener: Sendable {
    private static let mostTries = 8
    /// Room for datagrams that come at once, in octets; the system may give less.
    private static let datagramRoom = 4 << 20

    private let stream: any Channel
    private let datagrams: any Channel

    private init(_ stream: any Channel, _ datagrams: any Channel) {
        self.stream = stream
        self.datagrams = datagrams
    }

    /// Starts to listen.
    ///
    /// - Throws: `TransportError` with `.notBound` or `.nameNotResolved`.
    public static func bind(_ intake: PushIntake, network: MeterNetwork) async throws(TransportError) -> PushListener {
        let settings = intake.settings
        do {
            var tries = 0
            while true {
                tries += 1
                let stream = try await streams(intake, network).bind(host: settings.host, port: settings.port).get()
                do {
                    let port = stream.localAddress?.port ?? settings.port
                    let datagrams = try await datagrams(intake, network).bind(host: settings.host, port: port).get()
                    return PushListener(stream, datagrams)
                } catch {
                    try? await stream.close().get()
                    // With any free port the one chosen for TCP may be in use for UDP.
                    guard settings.port == 0, tries < mostTries else { throw error }
                }
            }
        } catch let error as IOError {
            throw TransportError(.notBound(code: error.errnoCode))
        } catch {
            throw TransportError(.nameNotResolved(host: settings.host))
        }
    }

    private static func streams(_ intake: PushIntake, _ network: MeterNetwork) -> ServerBootstrap {
        ServerBootstrap(group: network.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            // So that who has to wait is read no further.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    let address = child.remoteAddress.map(text) ?? "unknown"
                    try child.pipeline.syncOperations.addHandler(
                        PushStreamHandler(intake, address: address, transport: .tcp)
                    )
                }
            }
    }

    private static func datagrams(_ intake: PushIntake, _ network: MeterNetwork) -> DatagramBootstrap {
        DatagramBootstrap(group: network.group)
            .channelOption(.socketOption(.so_rcvbuf), value: datagramRoom)
            .channelOption(.maxMessagesPerRead, value: 64)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: DatagramFraming.longestDatagram)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PushDatagramHandler(intake))
                }
            }
    }

    /// The port listened on, over TCP and UDP.
    public var port: Int { stream.localAddress?.port ?? 0 }

    /// Stops listening; connections that stand end with the event loops.
    public func close() async {
        try? await stream.close().get()
        try? await datagrams.close().get()
    }

    /// An address without its port, that of IPv4 in its own form.
    static func text(of address: SocketAddress) -> String {
        let text = address.ipAddress ?? "unknown"
        let mapped = "::ffff:"
        return text.hasPrefix(mapped) && text.contains(".") ? String(text.dropFirst(mapped.count)) : text
    }
}
