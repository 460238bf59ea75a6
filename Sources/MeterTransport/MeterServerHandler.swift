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

    init(machine: ServerMachine, state: ListenerState) {
        self.machine = machine
        self.state = state
    }

    func channelActive(context: ChannelHandlerContext) {
        state.opened(context.channel)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.closed(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for action in machine.received(Array(unwrapInboundIn(data).readableBytesView)) {
            switch action {
            case .send(let octets): answer(octets, context.channel)
            case .served(let kind): state.served(kind)
            case .close: context.close(promise: nil)
            }
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
