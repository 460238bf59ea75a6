// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// Passes what happens on a connection to all meters that hear it, on the connection's event loop.
final class MeterServerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let meters: [ServedMeter]
    private let isTurnedAway: () -> Bool

    /// - Parameter isTurnedAway: whether the connection is to be closed at once, asked when it is made.
    init(meters: [ServedMeter], isTurnedAway: @escaping () -> Bool = { false }) {
        self.meters = meters
        self.isTurnedAway = isTurnedAway
    }

    func channelActive(context: ChannelHandlerContext) {
        let isTurnedAway = isTurnedAway()
        for meter in meters { meter.accepted() }
        if isTurnedAway { return context.close(promise: nil) }
        for meter in meters { meter.connected() }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        for meter in meters { meter.disconnected() }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = Array(unwrapInboundIn(data).readableBytesView)
        for meter in meters { meter.received(octets) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
