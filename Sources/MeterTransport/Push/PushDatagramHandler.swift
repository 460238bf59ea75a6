// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// Takes datagrams that meters push; everything runs on the event loop of the socket.
///
/// A machine is kept only for senders whose segments or blocks go on in the next datagram, and for a while only.
final class PushDatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private struct Open {
        var machine: PushMachine
        let address: String
        /// The octets that were counted as held.
        let held: Int
        var lastHeard: ContinuousClock.Instant
    }

    /// How many senders may have begun a message; of one address as many as it may have connections.
    private static let mostOpen = 1000

    private let intake: PushIntake
    private var open: [SocketAddress: Open] = [:]
    private var timer: RepeatedTask?

    init(_ intake: PushIntake) {
        self.intake = intake
    }

    func channelActive(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let period = TimeAmount(intake.settings.silence)
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
            bound.value.forgetOld(.now)
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        for kept in open.values { _ = intake.held(-kept.held) }
        open = [:]
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let peer = envelope.remoteAddress
        let address = PushListener.text(of: peer)
        let octets = Array(envelope.data.readableBytesView)
        let now = ContinuousClock.Instant.now
        guard !octets.isEmpty, intake.admits(octets, from: address, now: now) else { return }
        var machine = open[peer]?.machine ?? PushMachine(longest: intake.settings.longestMessage)
        let actions = machine.receivedDatagram(octets)
        keep(machine, of: peer, address, now)
        var arrivals: [PushArrival] = []
        var losses: [PushLoss] = []
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        for action in actions {
            switch action {
            case .send(let octets): send(octets, to: peer, context)
            case .lose(let loss, _): losses.append(loss)
            case .deliver(let message):
                arrivals.append(
                    PushArrival(address: address, transport: .udp, message: message, receivedAt: now) { apdu, route in
                        loop.execute { bound.value.0.answer(apdu, route, to: peer, bound.value.1) }
                    }
                )
            }
        }
        intake.tookDatagram(octets, arrivals, losses, from: address, now: now)
    }

    /// What a sender hears of having left is none of the others' business.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    private func keep(
        _ machine: PushMachine,
        of peer: SocketAddress,
        _ address: String,
        _ now: ContinuousClock.Instant
    ) {
        let before = open.removeValue(forKey: peer)
        guard machine.isOpen || machine.answersInBlocks else {
            _ = intake.held(-(before?.held ?? 0))
            return
        }
        if before == nil { makeRoom(for: address, now) }
        let held = machine.pendingCount
        open[peer] = Open(machine: machine, address: address, held: held, lastHeard: now)
        if !intake.held(held - (before?.held ?? 0)) { forget(peer, now) }
    }

    /// Forgets the oldest of an address that has begun many messages, or of all, so that nobody shuts others out.
    private func makeRoom(for address: String, _ now: ContinuousClock.Instant) {
        let ofAddress = open.values.count { $0.address == address }
        let isCrowded = ofAddress >= intake.settings.connectionsPerAddress
        guard isCrowded || open.count >= Self.mostOpen else { return }
        let leaver = open.lazy.filter { !isCrowded || $0.value.address == address }
            .min { $0.value.lastHeard < $1.value.lastHeard }?.key
        if let leaver { forget(leaver, now) }
    }

    private func forgetOld(_ now: ContinuousClock.Instant) {
        let silence = intake.settings.silence
        for peer in open.filter({ now - $0.value.lastHeard >= silence }).keys { forget(peer, now) }
    }

    /// Gives up what a sender has begun, and tells of it.
    private func forget(_ peer: SocketAddress, _ now: ContinuousClock.Instant) {
        guard let forgotten = open.removeValue(forKey: peer) else { return }
        _ = intake.held(-forgotten.held)
        guard forgotten.machine.isOpen else { return }
        intake.tookDatagram([], [], [.incomplete], from: forgotten.address, now: now)
    }

    private func answer(_ apdu: [UInt8], _ route: PushRoute, to peer: SocketAddress, _ context: ChannelHandlerContext) {
        var machine = open[peer]?.machine ?? PushMachine()
        for octets in machine.answer(apdu, to: route) { send(octets, to: peer, context) }
        if open[peer] != nil { open[peer]?.machine = machine }
    }

    private func send(_ octets: [UInt8], to peer: SocketAddress, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let buffer = context.channel.allocator.buffer(bytes: octets)
        context.writeAndFlush(wrapOutboundOut(AddressedEnvelope(remoteAddress: peer, data: buffer)), promise: nil)
    }
}
