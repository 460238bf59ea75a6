// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// Takes what comes on one connection that a meter opened to push; everything runs on its event loop.
final class PushStreamHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let intake: PushIntake
    private let address: String
    private let transport: PushTransport
    private let silence: Duration
    private let idle: Duration
    private var machine: PushMachine
    private var held = 0
    private var isAccepted = false
    private var isPaused = false
    private var wantsToRead = false
    private var lastRead = ContinuousClock.Instant.now
    private var timer: Scheduled<Void>?

    /// - Parameter address: what the sender is known by.
    init(_ intake: PushIntake, address: String, transport: PushTransport) {
        self.intake = intake
        self.address = address
        self.transport = transport
        silence = intake.settings.silence
        idle = intake.settings.idle
        machine = PushMachine(longest: intake.settings.longestMessage)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard intake.connected(address, now: .now) else { return context.close(promise: nil) }
        isAccepted = true
        watch(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        if isAccepted {
            take([], machine.silence(), context)
            intake.disconnected(address)
        }
        _ = intake.held(-held)
        held = 0
        isAccepted = false
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard isAccepted else { return }
        lastRead = .now
        take(buffer.readableBytesView, machine.received(buffer.readableBytesView), context)
        let count = machine.pendingCount
        let hasRoom = intake.held(count - held)
        held = count
        if !hasRoom { context.close(promise: nil) }
    }

    /// Reads no more while the sender has to wait.
    func read(context: ChannelHandlerContext) {
        if isPaused {
            wantsToRead = true
        } else {
            context.read()
        }
    }

    /// A connection that breaks has ended; its sender comes again.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func take(
        _ octets: some Collection<UInt8>,
        _ actions: [PushMachine.Action],
        _ context: ChannelHandlerContext
    ) {
        var arrivals: [PushArrival] = []
        var losses: [PushLoss] = []
        for action in actions {
            switch action {
            case .send(let octets):
                context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)), promise: nil)
            case .deliver(let message): arrivals.append(arrival(of: message, context))
            case .lose(let loss, _): losses.append(loss)
            }
        }
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        let pace = intake.tookStream(
            octets,
            arrivals,
            losses,
            from: address,
            by: transport,
            now: lastRead,
            resume: { loop.execute { bound.value.0.resume(bound.value.1) } }
        )
        switch pace {
        case .goOn: break
        case .untilTold: isPaused = true
        case .wait(let pause):
            isPaused = true
            loop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) { bound.value.0.resume(bound.value.1) }
        }
    }

    private func resume(_ context: ChannelHandlerContext) {
        isPaused = false
        guard wantsToRead, context.channel.isActive else { return }
        wantsToRead = false
        // Not taken for silence of the sender.
        lastRead = .now
        context.read()
    }

    private func arrival(of message: PushedMessage, _ context: ChannelHandlerContext) -> PushArrival {
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        return PushArrival(address: address, transport: transport, message: message, receivedAt: .now) { apdu, route in
            loop.execute { bound.value.0.answer(apdu, route, bound.value.1) }
        }
    }

    private func answer(_ apdu: [UInt8], _ route: PushRoute, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        for octets in machine.answer(apdu, to: route) {
            context.write(wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)), promise: nil)
        }
        context.flush()
    }

    /// Looks every now and then whether the rest of a message, or anything at all, still comes.
    private func watch(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(silence)) {
            let (handler, context) = bound.value
            guard handler.isAccepted else { return }
            let quiet = ContinuousClock.Instant.now - handler.lastRead
            if !handler.isPaused, quiet >= handler.silence, handler.machine.isOpen {
                handler.take([], handler.machine.silence(), context)
                _ = handler.intake.held(-handler.held)
                handler.held = 0
            }
            guard handler.isPaused || quiet < handler.idle else { return context.close(promise: nil) }
            handler.watch(context)
        }
    }
}
