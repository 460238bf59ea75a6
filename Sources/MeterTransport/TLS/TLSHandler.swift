// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

package import DLMSSecurity
package import NIOCore

/// Runs a ``TLSSession`` on a channel, so that what is above it sees octets in clear.
package final class TLSHandler: ChannelDuplexHandler {
    /// Octets.
    package typealias InboundIn = ByteBuffer
    /// Octets.
    package typealias InboundOut = ByteBuffer
    /// Octets.
    package typealias OutboundIn = ByteBuffer
    /// Octets.
    package typealias OutboundOut = ByteBuffer

    private let session: TLSSession
    /// Fulfilled when the handshake is done.
    private let ready: EventLoopPromise<Void>?

    /// Runs a session.
    ///
    /// - Parameter ready: fulfilled when the handshake is done, failed when it will not be.
    package init(_ session: TLSSession, ready: EventLoopPromise<Void>? = nil) {
        self.session = session
        self.ready = ready
    }

    /// An event of the channel.
    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { perform(session.connected(), context) }
    }

    /// An event of the channel.
    package func handlerRemoved(context: ChannelHandlerContext) {
        ready?.fail(ChannelError.eof)
    }

    /// An event of the channel.
    package func channelActive(context: ChannelHandlerContext) {
        perform(session.connected(), context)
        context.fireChannelActive()
    }

    /// An event of the channel.
    package func channelInactive(context: ChannelHandlerContext) {
        ready?.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    /// An event of the channel.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(session.received(Array(unwrapInboundIn(data).readableBytesView)), context)
    }

    /// An event of the channel.
    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let output = session.send(Array(unwrapOutboundIn(data).readableBytesView))
        context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: output.send)), promise: promise)
        if let fault = output.fault { fail(fault, context) }
    }

    /// An event of the channel.
    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
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
