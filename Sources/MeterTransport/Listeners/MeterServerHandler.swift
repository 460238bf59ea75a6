// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// Passes what happens on a connection to the meter that serves it, on the connection's event loop.
final class MeterServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let meter: ServedMeter
    private let state: ListenerState
    private let isExclusive: Bool

    /// - Parameter isExclusive: whether the connection is closed when there is another one.
    init(meter: ServedMeter, state: ListenerState, isExclusive: Bool) {
        self.meter = meter
        self.state = state
        self.isExclusive = isExclusive
    }

    func channelActive(context: ChannelHandlerContext) {
        state.opened(context.channel)
        if isExclusive, state.counters.open > 1 { return context.close(promise: nil) }
        meter.connected()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.closed(context.channel)
        meter.disconnected()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        meter.received(Array(unwrapInboundIn(data).readableBytesView))
    }

    /// Sends a message that nobody asked for to all clients of the connection.
    func notify(_ message: UnsolicitedMessage) {
        meter.notify(message)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
