// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Who has a line for now; called on its event loop.
protocol LineUser: AnyObject {
    /// Octets came.
    func received(_ octets: [UInt8])
    /// The line is closed, or somebody else's; nothing comes any more.
    ///
    /// - Parameter reason: why, where more is known than that it is closed.
    func lineEnded(_ reason: TransportError.Reason?)
    /// Whether it has done what it wanted and only takes leave of the meter.
    var isLeaving: Bool { get }
}

extension LineUser {
    var isLeaving: Bool { false }
}

/// The end of a line on our side: counts, lets the tap watch, and hands octets to who has the line.
///
/// One user after the other has the line; octets that come in between are dropped. A user who left while something was on
/// its way to it leaves the line *unsettled*: the next one gets it when nothing has come for a while.
///
/// A change of the format waits until everything sent before it has left, and what is sent after it waits for the change.
/// Who leaves the line leaves it with the format that it had at first.
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

    /// How much longer than the octets take we wait before a change of the format.
    static let margin = Duration.milliseconds(5)

    private let tally: LineTally
    private let control: (any LineControl)?
    /// The format at first; nil for lines without one.
    private let standardFormat: LineFormat?
    private var format: LineFormat?
    /// When what was sent has left, by the speed of the line.
    private var busyUntil = ContinuousClock.Instant.now
    private var lastWrite: EventLoopFuture<Void>?
    /// What waits for a change of the format; nil while there is none.
    private var held: [Held]?
    private var echo: EchoRemoval?
    /// Why the line was closed, or is about to be, where more is known.
    private(set) var reason: TransportError.Reason?
    /// Whether the format stays as it is, because a modem at the end of the line goes by it.
    var hasFixedFormat = false
    var tap: (any LineTap)?
    private(set) var context: ChannelHandlerContext?
    private var user: (any LineUser)?
    private var isUnsettled = false
    /// Who gets the line once it is silent.
    private var waiter: Waiter?
    /// Who gets the line once its user, who is leaving, has left.
    private var next: (newcomer: any LineUser, done: (Attachment) -> Void)?

    /// Somebody who waits for silence.
    private struct Waiter {
        var done: () -> Void
        var silence: Scheduled<Void>
        var limit: Scheduled<Void>
    }

    /// What waits for a change of the format.
    private enum Held {
        case octets([UInt8])
        case format(LineFormat)
    }

    /// - Parameters:
    ///   - control: changes the format; nil for lines without one.
    ///   - format: the format that the line has.
    ///   - removesEcho: whether our own octets come back and are to be dropped.
    init(
        tally: LineTally,
        tap: (any LineTap)?,
        control: (any LineControl)? = nil,
        format: LineFormat? = nil,
        removesEcho: Bool = false
    ) {
        self.tally = tally
        self.tap = tap
        self.control = control
        self.format = format
        standardFormat = format
        if removesEcho { echo = EchoRemoval() }
    }

    var isActive: Bool { context?.channel.isActive == true && !tally.isEnding }

    /// Gives the line to a user, at once or when what was on its way to another has come, and the other has left.
    func attach(_ newcomer: any LineUser, _ done: @escaping (Attachment) -> Void) {
        guard isActive else { return done(.closed) }
        guard waiter == nil, next == nil else { return done(.inUse) }
        if let user {
            guard user.isLeaving else { return done(.inUse) }
            next = (newcomer, done)
            return
        }
        guard isUnsettled else {
            control?.flushInput()
            user = newcomer
            return done(.attached)
        }
        awaitSilence { [self] in
            guard isActive else { return done(.closed) }
            isUnsettled = false
            control?.flushInput()
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
        echo?.forget()
        if let standardFormat, format != standardFormat || held != nil { setFormat(standardFormat) }
        admitNext()
    }

    /// Lets who waits for the line have it, or know that there is none any more.
    private func admitNext() {
        guard let next else { return }
        self.next = nil
        attach(next.newcomer, next.done)
    }

    /// Sends octets, in the order of the calls.
    func send(_ octets: [UInt8]) {
        guard let context, context.channel.isActive else { return }
        guard held == nil else {
            held = (held ?? []) + [.octets(octets)]
            return
        }
        tally.sent(octets: octets.count)
        tap?.note(.sent(octets), at: .now)
        echo?.sent(octets)
        let data = wrapOutboundOut(context.channel.allocator.buffer(bytes: octets))
        guard let format else { return context.writeAndFlush(data, promise: nil) }
        busyUntil = max(busyUntil, .now) + format.duration(ofOctets: octets.count)
        lastWrite = context.writeAndFlush(data)
    }

    /// Changes the format as soon as everything sent before has left.
    func setFormat(_ new: LineFormat) {
        guard let context, context.channel.isActive else { return }
        guard let control, !hasFixedFormat else {
            tap?.note(.formatIgnored(new), at: .now)
            return
        }
        guard held == nil else {
            held = (held ?? []) + [.format(new)]
            return
        }
        guard new != format else { return }
        held = []
        let loop = context.eventLoop.assumeIsolated()
        let written = lastWrite ?? context.eventLoop.makeSucceededVoidFuture()
        written.assumeIsolated().whenComplete { [self] _ in
            // Drivers and converters call sent what they have taken, so the time that it takes counts, too.
            let wait = max(ContinuousClock.Instant.now.duration(to: busyUntil), .zero) + Self.margin
            loop.scheduleTask(in: TimeAmount(wait)) { [self] in
                control.change(to: new).assumeIsolated().whenComplete { [self] in changed(to: new, $0) }
            }
        }
    }

    private func changed(to new: LineFormat, _ result: Result<Void, any Error>) {
        let waiting = held ?? []
        held = nil
        switch result {
        case .success:
            format = new
            tap?.note(.formatChanged(new), at: .now)
            for item in waiting {
                switch item {
                case .octets(let octets): send(octets)
                case .format(let next): setFormat(next)
                }
            }
        case .failure(let error): fail((error as? TransportError)?.reason)
        }
    }

    /// Closes the line and tells its user why.
    private func fail(_ reason: TransportError.Reason?) {
        self.reason = self.reason ?? reason
        close()
    }

    /// Closes the line without a word.
    func close() {
        tally.end()
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
        var octets = Array(unwrapInboundIn(data).readableBytesView)
        tally.received(octets: octets.count)
        if let rest = echo?.received(octets) { octets = rest }
        guard !octets.isEmpty else { return }
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
        // Where there are no connections, this is how we hear that nobody listens.
        let isRefusal = (error as? IOError)?.errnoCode == ECONNREFUSED
        fail(TransportError(onChannel: error)?.reason ?? (isRefusal ? .refused : nil))
    }

    private func end() {
        endWaiting()
        let user = self.user
        self.user = nil
        user?.lineEnded(reason)
        held = nil
        tap?.note(.closed, at: .now)
        tap = nil
        admitNext()
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
