// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore

/// Who has a line for now; called on its event loop.
protocol LineUser: AnyObject {
    /// Octets came.
    func received(_ octets: [UInt8])
    /// The line is closed, or somebody else's; nothing comes any more.
    func lineEnded()
}

/// The end of a line on our side: counts, lets the tap watch, and hands octets to who has the line.
///
/// One user after the other has the line; octets that come in between are dropped. A user who left while something was on
/// its way to it leaves the line *unsettled*: the next one gets it when nothing has come for a while.
///
/// Everything here runs on the line's event loop.
final class LineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long nothing may come before a line is taken as settled.
    static let silence = TimeAmount.milliseconds(200)
    /// How long a line is waited for that does not become silent; link layers cope with what comes then.
    static let patience = TimeAmount.seconds(2)

    /// What came of asking for the line.
    enum Attachment {
        /// The line is the user's.
        case attached
        /// Somebody else has the line, or waits for it.
        case inUse
        /// The line is closed.
        case closed
    }

    private let tally: LineTally
    var tap: (any LineTap)?
    private(set) var context: ChannelHandlerContext?
    private var user: (any LineUser)?
    private var isUnsettled = false
    /// Who gets the line once it is silent.
    private var waiter: Waiter?

    /// Somebody who waits for silence.
    private struct Waiter {
        var done: () -> Void
        var silence: Scheduled<Void>
        var limit: Scheduled<Void>
    }

    init(tally: LineTally, tap: (any LineTap)?) {
        self.tally = tally
        self.tap = tap
    }

    var isActive: Bool { context?.channel.isActive == true }

    /// Gives the line to a user, at once or when what was on its way to another has come.
    func attach(_ newcomer: any LineUser, _ done: @escaping (Attachment) -> Void) {
        guard isActive else { return done(.closed) }
        guard user == nil, waiter == nil else { return done(.inUse) }
        guard isUnsettled else {
            user = newcomer
            return done(.attached)
        }
        awaitSilence { [self] in
            guard isActive else { return done(.closed) }
            isUnsettled = false
            user = newcomer
            done(.attached)
        }
    }

    /// The user leaves the line to others.
    ///
    /// - Parameter isSettled: whether nothing can come any more that was meant for it.
    func detach(_ leaver: any LineUser, isSettled: Bool) {
        guard user === leaver else { return }
        user = nil
        if !isSettled { isUnsettled = true }
    }

    /// Sends octets, in the order of the calls.
    func send(_ octets: [UInt8]) {
        guard let context, context.channel.isActive else { return }
        tally.sent(octets: octets.count)
        tap?.note(.sent(octets), at: .now)
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)), promise: nil)
    }

    /// Closes the line without a word.
    func close() {
        context?.close(promise: nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let octets = Array(unwrapInboundIn(data).readableBytesView)
        tally.received(octets: octets.count)
        guard let user else {
            tally.dropped(octets: octets.count)
            tap?.note(.dropped(octets), at: .now)
            return heard()
        }
        tap?.note(.received(octets), at: .now)
        user.received(octets)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end() {
        endWaiting()
        let user = self.user
        self.user = nil
        user?.lineEnded()
        tap?.note(.closed, at: .now)
        tap = nil
    }

    private func awaitSilence(_ done: @escaping () -> Void) {
        guard let loop = context?.eventLoop.assumeIsolated() else { return done() }
        waiter = Waiter(
            done: done,
            silence: loop.scheduleTask(in: Self.silence) { [self] in endWaiting() },
            limit: loop.scheduleTask(in: Self.patience) { [self] in endWaiting() }
        )
    }

    /// Something came while silence was waited for.
    private func heard() {
        guard waiter != nil, let loop = context?.eventLoop.assumeIsolated() else { return }
        waiter?.silence.cancel()
        waiter?.silence = loop.scheduleTask(in: Self.silence) { [self] in endWaiting() }
    }

    private func endWaiting() {
        guard let waiter else { return }
        self.waiter = nil
        waiter.silence.cancel()
        waiter.limit.cancel()
        waiter.done()
    }
}
