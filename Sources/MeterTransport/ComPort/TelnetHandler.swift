// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// Speaks ``TelnetComPort`` on a channel, so that what is above it sees the octets of the serial line only.
final class TelnetHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long the server may take to set a format.
    private static let patience = TimeAmount.seconds(5)

    /// A format that is being set.
    private struct Change {
        var format: LineFormat
        var missing: [UInt8: [UInt8]]
        var done: EventLoopPromise<Void>
        var limit: Scheduled<Void>
    }

    private var telnet = TelnetComPort()
    private let format: LineFormat
    private let ready: EventLoopPromise<Void>
    private var isAgreed = false
    private var change: Change?
    private var context: ChannelHandlerContext?

    /// - Parameters:
    ///   - format: what is set first.
    ///   - ready: fulfilled when that is done.
    init(format: LineFormat, ready: EventLoopPromise<Void>) {
        self.format = format
        self.ready = ready
    }

    /// Sets a format; one change at a time.
    func change(to format: LineFormat, _ done: EventLoopPromise<Void>) {
        guard let context, change == nil else { return done.fail(TransportError(.converterRefused(.silent))) }
        let commands = TelnetComPort.commands(for: format)
        var missing: [UInt8: [UInt8]] = [:]
        for (command, value) in commands { missing[command.rawValue] = value }
        let limit = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [self] in
            end(with: TransportError(.converterRefused(.silent)))
        }
        change = Change(format: format, missing: missing, done: done, limit: limit)
        write(commands.flatMap { TelnetComPort.message($0.command, $0.value) })
    }

    /// Lets the server forget what it has received on the serial line.
    func purgeInput() {
        write(TelnetComPort.message(.purgeData, [1]))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(with: ChannelError.eof)
        ready.fail(ChannelError.eof)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        begin()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(with: ChannelError.eof)
        ready.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for event in telnet.received(Array(unwrapInboundIn(data).readableBytesView)) {
            switch event {
            case .data(let octets):
                context.fireChannelRead(wrapInboundOut(context.channel.allocator.buffer(bytes: octets)))
            case .reply(let octets): write(octets)
            case .agreed: agreed()
            case .refused:
                ready.fail(TransportError(.converterRefused(.notSpoken)))
            case .answered(let command, let value): answered(command, value)
            }
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let octets = Array(unwrapOutboundIn(data).readableBytesView)
        let escaped = context.channel.allocator.buffer(bytes: TelnetComPort.escaped(octets))
        context.write(wrapOutboundOut(escaped), promise: promise)
    }

    private func begin() {
        write(telnet.begin())
    }

    private func agreed() {
        guard !isAgreed else { return }
        isAgreed = true
        let nothing: [UInt8] = [0]
        let noFlowControl: [UInt8] = [1]
        let bothBuffers: [UInt8] = [3]
        write(
            TelnetComPort.message(.setControl, noFlowControl) + TelnetComPort.message(.setLineStateMask, nothing)
                + TelnetComPort.message(.setModemStateMask, nothing) + TelnetComPort.message(.purgeData, bothBuffers)
        )
        change(to: format, ready)
    }

    private func answered(_ command: UInt8, _ value: [UInt8]) {
        guard let wanted = change?.missing.removeValue(forKey: command), let change else { return }
        // Some servers answer with more octets than the value has.
        guard value.suffix(wanted.count) == wanted[...] else {
            return end(with: TransportError(.converterRefused(.formatRefused(change.format))))
        }
        guard change.missing.isEmpty else { return }
        self.change = nil
        change.limit.cancel()
        change.done.succeed()
    }

    private func end(with error: any Error) {
        guard let change else { return }
        self.change = nil
        change.limit.cancel()
        change.done.fail(error)
    }

    private func write(_ octets: [UInt8]) {
        guard let context, context.channel.isActive else { return }
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)), promise: nil)
    }
}

/// Changes the format of a serial port behind RFC 2217.
struct TelnetControl: LineControl {
    let handler: TelnetHandler
    let eventLoop: any EventLoop

    func change(to format: LineFormat) -> EventLoopFuture<Void> {
        let done = eventLoop.makePromise(of: Void.self)
        handler.change(to: format, done)
        return done.futureResult
    }

    func flushInput() {
        handler.purgeInput()
    }
}
