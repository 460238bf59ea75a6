// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

/// Turns what is sent at once into datagrams, and datagrams of the peer into octets.
///
/// The socket is connected, so that the system drops what others send.
final class DatagramHandler: ChannelDuplexHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let datagram = unwrapInboundIn(data).data
        guard DatagramFraming.isWhole(Array(datagram.readableBytesView)) else { return }
        context.fireChannelRead(wrapInboundOut(datagram))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let datagrams = DatagramFraming.datagrams(Array(unwrapOutboundIn(data).readableBytesView))
        for (index, octets) in datagrams.enumerated() {
            let isLast = index == datagrams.count - 1
            let buffer = context.channel.allocator.buffer(bytes: octets)
            context.write(wrapOutboundOut(buffer), promise: isLast ? promise : nil)
        }
    }
}
