// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

/// Drives a ``ModemMachine`` between a line and the modem at its end; lets octets pass while there is a call.
///
/// Closing the line hangs up first. Everything here runs on the line's event loop.
final class ModemHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var machine: ModemMachine
    private let tap: (any LineTap)?
    private var context: ChannelHandlerContext?
    private var opened: ((Result<Void, ModemFault>) -> Void)?
    /// Who waits for the line to be closed.
    private var closing: EventLoopPromise<Void>?
    private var timer: Scheduled<Void>?

    init(_ settings: ModemSettings, tap: (any LineTap)?) {
        machine = ModemMachine(settings)
        self.tap = tap
    }

    /// Has the modem dial.
    func start(_ done: @escaping (Result<Void, ModemFault>) -> Void) {
        guard let context, context.channel.isActive else { return done(.failure(.notAnswering)) }
        opened = done
        run(machine.start(now: .now))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stopTimer()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = Array(unwrapInboundIn(data).readableBytesView)
        if !machine.isConnected { tap?.note(.received(octets), at: .now) }
        run(machine.received(octets, now: .now))
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .all, !machine.hasEnded, context.channel.isActive else {
            return context.close(mode: mode, promise: promise)
        }
        let promise = promise ?? context.eventLoop.makePromise()
        if let closing {
            closing.futureResult.cascade(to: promise)
        } else {
            closing = promise
            run(machine.hangUp(now: .now))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        stopTimer()
        end(.failure(.notAnswering))
        closing?.succeed()
        closing = nil
        context.fireChannelInactive()
    }

    private func run(_ actions: [ModemAction]) {
        guard let context else { return }
        for action in actions {
            switch action {
            case .send(let octets):
                tap?.note(.sent(octets), at: .now)
                context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)), promise: nil)
            case .deadline(let instant): schedule(instant)
            case .connected: end(.success(()))
            case .received(let octets):
                context.fireChannelRead(wrapInboundOut(context.channel.allocator.buffer(bytes: octets)))
            case .failed(let fault):
                if opened == nil { context.fireErrorCaught(TransportError(.modem(fault))) }
                end(.failure(fault))
                // Closing that was asked for while the machine worked need not wait any more.
                if closing != nil { finishClosing(context) }
            case .hungUp:
                end(.failure(.noResult))
                finishClosing(context)
            }
        }
    }

    private func finishClosing(_ context: ChannelHandlerContext) {
        let promise = closing
        closing = nil
        context.close(mode: .all, promise: promise)
    }

    private func end(_ result: Result<Void, ModemFault>) {
        let done = opened
        opened = nil
        done?(result)
    }

    private func schedule(_ instant: ContinuousClock.Instant?) {
        stopTimer()
        guard let instant, let context else { return }
        let delay = max(ContinuousClock.Instant.now.duration(to: instant), .zero)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in
            run(machine.deadlineReached(now: .now))
        }
    }

    private func stopTimer() {
        timer?.cancel()
        timer = nil
    }
}
