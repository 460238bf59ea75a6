// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

/// Keeps the heartbeats of a modem from everything behind it.
final class HeartbeatHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var filter: HeartbeatFilter

    init(_ patterns: [OctetPattern]) {
        filter = HeartbeatFilter(patterns)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = filter.received(Array(unwrapInboundIn(data).readableBytesView))
        guard !octets.isEmpty else { return }
        context.fireChannelRead(wrapInboundOut(context.channel.allocator.buffer(bytes: octets)))
    }
}
