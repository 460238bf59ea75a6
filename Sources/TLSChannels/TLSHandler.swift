// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import NIOCore

/// Runs a `TLSSession` on a channel, so that what is above it sees octets in clear.
///
/// When there is no TLS, or it ends with a fault, that `TLSFault` goes up the channel as an error.
public final class TLSHandler: ChannelDuplexHandler {
    /// What comes from the network, enciphered.
    public typealias InboundIn = ByteBuffer
    /// The same in clear.
    public typealias InboundOut = ByteBuffer
    /// What is to be sent, in clear.
    public typealias OutboundIn = ByteBuffer
    /// The same enciphered.
    public typealias OutboundOut = ByteBuffer

    private let session: TLSSession
    /// Fulfilled when the handshake is done.
    private let ready: EventLoopPromise<Void>?

    /// Runs a session.
    ///
    /// - Parameter ready: fulfilled when the handshake is done, failed with a `TLSFault` or `ChannelError.eof` when it will
    ///   not be.
    public init(_ session: TLSSession, ready: EventLoopPromise<Void>? = nil) {
        self.session = session
        self.ready = ready
    }

    /// Begins the handshake where the connection is there already.
    public func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { perform(session.connected(), context) }
    }

    /// Ends the wait for the handshake.
    public func handlerRemoved(context: ChannelHandlerContext) {
        ready?.fail(ChannelError.eof)
    }

    /// Begins the handshake.
    public func channelActive(context: ChannelHandlerContext) {
        perform(session.connected(), context)
        context.fireChannelActive()
    }

    /// Ends the wait for the handshake.
    public func channelInactive(context: ChannelHandlerContext) {
        ready?.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    /// Takes records of TLS, and hands on what is in them.
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(session.received(Array(unwrapInboundIn(data).readableBytesView)), context)
    }

    /// Sends octets in records of TLS; not before the handshake is done.
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let output = session.send(Array(unwrapOutboundIn(data).readableBytesView))
        context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: output.send)), promise: promise)
        if let fault = output.fault { fail(fault, context) }
    }

    /// Says goodbye by TLS, and closes.
    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
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
        ready?.fail(fault)
        context.fireErrorCaught(fault)
    }
}
