// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// Drives a ``ServerMachine`` on the event loop of its connection.
final class MeterServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine: ServerMachine
    private let state: ListenerState
    /// When the machine is to be woken, and what does it at that time or before.
    private var deadline: ContinuousClock.Instant?
    private var timer: Scheduled<Void>?

    init(machine: ServerMachine, state: ListenerState) {
        self.machine = machine
        self.state = state
    }

    func channelActive(context: ChannelHandlerContext) {
        state.opened(context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        state.closed(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        run(machine.received(Array(unwrapInboundIn(data).readableBytesView), now: .now), context.channel)
    }

    /// Sends a message that nobody asked for to all clients of the connection.
    func notify(_ message: UnsolicitedMessage, _ channel: any Channel) {
        run(machine.notify(message), channel)
    }

    private func run(_ actions: [ServerAction], _ channel: any Channel) {
        for action in actions {
            switch action {
            case .send(let octets): answer(octets, channel)
            case .deadline(let instant): schedule(instant, channel)
            case .served(let kind): state.served(kind)
            case .close: channel.close(promise: nil)
            }
        }
    }

    private func schedule(_ instant: ContinuousClock.Instant?, _ channel: any Channel) {
        deadline = instant
        guard timer == nil else { return }
        startTimer(channel)
    }

    /// Frames move nearly every deadline on: a timer that comes too early finds that out by itself.
    private func startTimer(_ channel: any Channel) {
        guard let deadline else { return }
        let delay = max(ContinuousClock.Instant.now.duration(to: deadline), .zero)
        timer = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in
            timer = nil
            guard let due = self.deadline else { return }
            guard due <= .now else { return startTimer(channel) }
            self.deadline = nil
            run(machine.deadlineReached(now: .now), channel)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ octets: [UInt8], _ channel: any Channel) {
        guard let delay = state.delay(of: octets, channel) else { return }
        guard delay > .zero else { return write(octets, channel) }
        channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in write(octets, channel) }
    }

    private func write(_ octets: [UInt8], _ channel: any Channel) {
        channel.writeAndFlush(channel.allocator.buffer(bytes: octets), promise: nil)
    }
}
