// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

/// Passes datagrams to the meters, which have a connection of their own for each client.
///
/// Nobody says goodbye over UDP, so that the client that was heard least recently is forgotten when there are too many.
final class ServedDatagrams: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private static let mostClients = 256

    private struct Client {
        var meters: [ServedMeter]
        var lastHeard: ContinuousClock.Instant
    }

    private let makeMeters: (any ServedWire) -> [ServedMeter]
    private var clients: [SocketAddress: Client] = [:]

    init(_ makeMeters: @escaping (any ServedWire) -> [ServedMeter]) {
        self.makeMeters = makeMeters
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let octets = Array(envelope.data.readableBytesView)
        guard DatagramFraming.isWhole(octets) else { return }
        for meter in meters(for: envelope.remoteAddress, context.channel) { meter.received(octets) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        for address in clients.keys { forget(address) }
        context.fireChannelInactive()
    }

    /// What a client hears of having sent to nobody is none of a meter's business.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    private func meters(for address: SocketAddress, _ channel: any Channel) -> [ServedMeter] {
        if let client = clients[address] {
            clients[address]?.lastHeard = .now
            return client.meters
        }
        if clients.count >= Self.mostClients,
            let oldest = clients.min(by: { $0.value.lastHeard < $1.value.lastHeard })
        {
            forget(oldest.key)
        }
        let wire = DatagramWire(channel: channel, peer: address) { [weak self] in self?.forget(address) }
        let meters = makeMeters(wire)
        clients[address] = Client(meters: meters, lastHeard: .now)
        for meter in meters {
            meter.accepted()
            meter.connected()
        }
        return meters
    }

    private func forget(_ address: SocketAddress) {
        for meter in clients.removeValue(forKey: address)?.meters ?? [] { meter.disconnected() }
    }
}
