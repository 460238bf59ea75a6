// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import NIOCore
import NIOPosix
import TLSChannels

/// Opens what one or several meters listen to.
struct SharedListener: Sendable {
    /// What listens, and its path if it has one.
    typealias Bound = (channel: any Channel, path: String?)

    /// The state of each meter, in their order.
    let states: [ListenerState]
    private let meters: [MeterListener.Meter]
    private let network: MeterNetwork
    /// All connections share one loop, so that what meters hear of each other comes in one order.
    private let loop: any EventLoop

    init(_ meters: [MeterListener.Meter], _ network: MeterNetwork) {
        self.meters = meters
        self.network = network
        states = meters.map { ListenerState($0.options) }
        loop = network.group.next()
    }

    func bind(_ medium: ListenerMedium) async throws(TransportError) -> Bound {
        switch medium {
        case .tcp(let host, let port): (try await listen(host, port), nil)
        case .tls(let host, let port, let identity, let clientAuthorityFile):
            (try await listen(host, port, try await context(identity, clientAuthorityFile)), nil)
        case .udp(let host, let port): (try await receiveDatagrams(host, port), nil)
        case .pseudoterminal(let link): try await openPseudoterminal(link)
        case .serial(let settings): try await open(settings)
        }
    }

    /// The meters at a new connection.
    private func served(_ wire: any ServedWire) -> [ServedMeter] {
        zip(meters, states).map { meter, state in
            ServedMeter(state: state, options: meter.options, wire: wire, loop: loop) {
                ServerMachine(
                    objects: meter.objects,
                    framing: meter.options.framing,
                    options: meter.options.server,
                    random: { (try? RandomOctets.draw($0)) ?? [] }
                )
            }
        }
    }

    /// Puts the modem before the meters, if they have one.
    private func addModem(to channel: any Channel) throws {
        guard let modem = meters.first?.options.modem else { return }
        try channel.pipeline.syncOperations.addHandler(SimulatedModemHandler(modem))
    }

    private func context(
        _ identity: TLSIdentity,
        _ clientAuthorityFile: String?
    ) async throws(TransportError) -> TLSContext {
        do {
            return try await network.waitingThreads.runIfActive {
                try TLSContext(server: identity, clientAuthorityFile: clientAuthorityFile)
            }
        } catch {
            throw TransportError(onChannel: error) ?? TransportError(.cancelled)
        }
    }

    private func listen(
        _ host: String,
        _ port: Int,
        _ security: TLSContext? = nil
    ) async throws(TransportError) -> any Channel {
        let servesOneAtATime = meters.first?.options.servesOneAtATime ?? false
        let refusesOthers = meters.first?.options.refusesOthers ?? false
        let bootstrap = ServerBootstrap(group: loop, childGroup: loop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: !servesOneAtATime)
            .serverChannelOption(.maxMessagesPerRead, value: UInt(servesOneAtATime ? 1 : 16))
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    let handler = MeterServerHandler(meters: served(StreamWire(channel: child))) {
                        refusesOthers && states.contains { $0.counters.open > 0 }
                    }
                    if let security {
                        let session = try TLSSession(server: security)
                        try child.pipeline.syncOperations.addHandler(TLSHandler(session))
                    }
                    try addModem(to: child)
                    try child.pipeline.syncOperations.addHandler(handler)
                    if servesOneAtATime, let parent = child.parent {
                        child.closeFuture.whenComplete { _ in parent.read() }
                    }
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            if servesOneAtATime { channel.read() }
            return channel
        } catch {
            throw Self.transportError(of: error, host)
        }
    }

    private func receiveDatagrams(_ host: String, _ port: Int) async throws(TransportError) -> any Channel {
        let bootstrap = DatagramBootstrap(group: loop)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: DatagramFraming.longestDatagram)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ServedDatagrams { served($0) })
                }
            }
        do {
            return try await bootstrap.bind(host: host, port: port).get()
        } catch {
            throw Self.transportError(of: error, host)
        }
    }

    private static func transportError(of error: any Error, _ host: String) -> TransportError {
        guard let failure = error as? IOError else { return TransportError(.nameNotResolved(host: host)) }
        return TransportError(.notBound(code: failure.errnoCode))
    }

    private func openPseudoterminal(_ link: String?) async throws(TransportError) -> Bound {
        let threads = network.waitingThreads
        do {
            let terminal = try await threads.runIfActive { try Pseudoterminal.open(link: link) }
            do {
                let channel = try await channel(
                    duplicating: { try terminal.duplicate() },
                    speed: { terminal.baud },
                    ended: { threads.submit { _ in terminal.close() } }
                )
                return (channel, terminal.path)
            } catch {
                terminal.close()
                throw error
            }
        } catch {
            throw error as? TransportError ?? TransportError(.notBound(code: 0))
        }
    }

    private func open(_ settings: SerialSettings) async throws(TransportError) -> Bound {
        let threads = network.waitingThreads
        do {
            let port = try await threads.runIfActive { try SerialPort.open(settings) }
            do {
                let channel = try await channel(
                    duplicating: { try port.duplicate() },
                    speed: { nil },
                    ended: { port.close() }
                )
                return (channel, settings.device)
            } catch {
                port.close()
                throw error
            }
        } catch {
            guard let fault = error as? PortFault else { throw TransportError(.notBound(code: 0)) }
            throw TransportError(.portNotOpened(device: settings.device, fault))
        }
    }

    private func channel(
        duplicating duplicate: () throws -> Int32,
        speed: @escaping @Sendable () -> UInt32?,
        ended: @escaping @Sendable () -> Void
    ) async throws -> any Channel {
        try await DescriptorChannel.open(on: loop, duplicating: duplicate) { channel in
            let handler = MeterServerHandler(meters: served(LineWire(channel: channel, speed: speed)))
            try addModem(to: channel)
            try channel.pipeline.syncOperations.addHandler(handler)
            channel.closeFuture.whenComplete { _ in ended() }
            return channel
        }
    }
}
