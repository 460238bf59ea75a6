// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import NIOCore

/// Runs a ``TLSSession`` on a channel, so that what is above it sees octets in clear.
final class TLSHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let session: TLSSession
    /// Fulfilled when the handshake is done.
    private let ready: EventLoopPromise<Void>?

    init(_ session: TLSSession, ready: EventLoopPromise<Void>? = nil) {
        self.session = session
        self.ready = ready
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { perform(session.connected(), context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        ready?.fail(ChannelError.eof)
    }

    func channelActive(context: ChannelHandlerContext) {
        perform(session.connected(), context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        ready?.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(session.received(Array(unwrapInboundIn(data).readableBytesView)), context)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let output = session.send(Array(unwrapOutboundIn(data).readableBytesView))
        context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: output.send)), promise: promise)
        if let fault = output.fault { fail(fault, context) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        perform(session.close(), context)
        context.close(mode: mode, promise: promise)
    }

    private func perform(_ output: TLSSession.Output, _ context: ChannelHandlerContext) {
        if !output.send.isEmpty {
            context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: output.send)), promise: nil)
        }
        if session.isOpen { ready?.succeed() }
        if !output.received.isEmpty {
            context.fireChannelRead(wrapInboundOut(context.channel.allocator.buffer(bytes: output.received)))
        }
        if let fault = output.fault { fail(fault, context) }
        if output.isEnded { context.close(promise: nil) }
    }

    private func fail(_ fault: TLSFault, _ context: ChannelHandlerContext) {
        let error = TransportError(.tlsRefused(fault))
        ready?.fail(error)
        context.fireErrorCaught(error)
    }
}
