// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Logging
internal import NIOCore
internal import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Listens for meters and modems that connect to us; their connections stand in ``MeterNetwork/standing``.
public final class DialInListener: Sendable {
    private let channel: any Channel

    private init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - settings: where, and how callers are told apart.
    ///   - network: the event loops, and the place of the connections.
    ///   - logger: tells of callers for which no meter is configured.
    /// - Throws: `TransportError` with `.notBound` or `.nameNotResolved`.
    public static func bind(
        _ settings: DialInSettings,
        network: MeterNetwork,
        logger: Logger
    ) async throws(TransportError) -> DialInListener {
        let office = DialInCaller.Office(settings: settings, lines: network.standing, log: UnknownCallerLog(logger))
        do {
            let bootstrap = bootstrap(office, network)
            return DialInListener(try await bootstrap.bind(host: settings.host, port: settings.port).get())
        } catch let error as IOError {
            throw TransportError(.notBound(code: error.errnoCode))
        } catch {
            throw TransportError(.nameNotResolved(host: settings.host))
        }
    }

    private static func bootstrap(_ office: DialInCaller.Office, _ network: MeterNetwork) -> ServerBootstrap {
        let settings = office.settings
        let seconds = Int(clamping: max(settings.keepAlive.components.seconds, 3))
        return ServerBootstrap(group: network.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: seconds)
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: max(seconds / 3, 1))
            .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 3)
            // What we send and nobody acknowledges ends a connection as soon as silence does.
            .childChannelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: seconds * 2000)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture { try accept(child, office) }
            }
    }

    private static func accept(_ child: any Channel, _ office: DialInCaller.Office) throws {
        guard office.lines.accepted(limit: office.settings.mostCallers) else {
            return child.close(promise: nil)
        }
        if !office.settings.heartbeats.isEmpty {
            try child.pipeline.syncOperations.addHandler(HeartbeatHandler(office.settings.heartbeats))
        }
        let tally = LineTally()
        let line = LineHandler(tally: tally, tap: nil)
        try child.pipeline.syncOperations.addHandler(line)
        let caller = DialInCaller(office, channel: child, line: line, tally: tally)
        try child.pipeline.syncOperations.addHandler(CallerAdmission(caller))
    }

    /// The port listened on.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// Stops listening; connections stay.
    public func close() async {
        try? await channel.close().get()
    }
}

/// Lets a caller in when its connection is ready, and goes.
private final class CallerAdmission: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let caller: DialInCaller

    init(_ caller: DialInCaller) {
        self.caller = caller
    }

    func channelActive(context: ChannelHandlerContext) {
        caller.begin()
        context.fireChannelActive()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
