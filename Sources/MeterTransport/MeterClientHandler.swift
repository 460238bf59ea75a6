// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// Drives a ``ClientMachine`` on its event loop; everything here runs on that loop.
final class MeterClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    typealias Opened = (Result<AssociationInfo, TransportError>) -> Void
    typealias PerformResult = Result<(response: ServiceResponse, info: AssociationInfo), TransportError>
    typealias Performed = (PerformResult) -> Void

    /// The request in progress.
    private struct Waiter {
        var token: UInt64
        var done: Performed
        var block: (@Sendable ([UInt8]) -> Void)?
        var pacing: StreamPacing?
        var transmission = TransportError.Transmission.notSent
        var partial: PartialOutcome?
    }

    private let settings: AssociationSettings
    private var machine: ClientMachine
    private let counters: (any InvocationCounterSource)?
    /// The meter's invocation counter that was reported last.
    private var lastPeerCounter: UInt32?
    private let tally: ConnectionTally
    private let onUnsolicited: (@Sendable (UnsolicitedMessage) -> Void)?
    private var context: ChannelHandlerContext?
    /// What wakes the machine, and when: at its deadline or before it.
    private var timer: (task: Scheduled<Void>, instant: ContinuousClock.Instant)?
    /// When the machine is to be woken, or would be if reading were not stopped.
    private var deadline: ContinuousClock.Instant?
    /// Since when reading is stopped; nil while it is not.
    private var pausedAt: ContinuousClock.Instant?
    private var opened: Opened?
    /// Whether nobody wants the association any more that is to be opened.
    private var isOpeningCancelled = false
    private var waiter: Waiter?
    private var isInactive = false
    /// Who waits for the answer to a cancelled request to come.
    private var settling: [() -> Void] = []
    private var lastToken: UInt64 = 0
    /// Requests that were cancelled before they got here.
    private var cancelledEarly: Set<UInt64> = []

    init(
        settings: AssociationSettings,
        counters: (any InvocationCounterSource)?,
        tally: ConnectionTally,
        onUnsolicited: (@Sendable (UnsolicitedMessage) -> Void)?
    ) {
        self.settings = settings
        machine = ClientMachine(settings: settings)
        self.counters = counters
        self.tally = tally
        self.onUnsolicited = onUnsolicited
    }

    /// How many invocation counters opening the association takes.
    var countersToOpen: Int { counters == nil ? 0 : machine.countersToOpen }

    /// Opens the association over the connected channel.
    ///
    /// - Parameter first: invocation counters that were reserved for it; without them the machine asks for some.
    func associate(counters first: Range<UInt64>?, _ done: @escaping Opened) {
        guard !isOpeningCancelled else {
            context?.close(promise: nil)
            return done(.failure(TransportError(.cancelled)))
        }
        guard !isInactive, context != nil else {
            return done(.failure(TransportError(.closedByPeer(waitingFor: .associationResponse))))
        }
        opened = done
        if let first { run(machine.countersReserved(first, now: .now)) }
        // Without randomness the machine says why it cannot go on.
        let randomness = settings.needsRandomness ? try? AssociationRandomness.drawn(for: settings) : nil
        run(machine.connected(now: .now, randomness: randomness))
    }

    func perform(
        _ request: ServiceRequest,
        token: UInt64,
        deadline: ContinuousClock.Instant?,
        block: (@Sendable ([UInt8]) -> Void)?,
        pacing: StreamPacing? = nil,
        _ done: @escaping Performed
    ) {
        lastToken = max(lastToken, token)
        guard cancelledEarly.remove(token) == nil else { return done(.failure(TransportError(.cancelled))) }
        // Between our closing and the news of it the machine is closed, too: a lost connection, not a fault of ours.
        guard !isInactive, context?.channel.isActive == true else {
            return done(.failure(TransportError(.closedByPeer(waitingFor: nil))))
        }
        guard waiter == nil, machine.isReady else { return done(.failure(TransportError(.engine(.notReady)))) }
        waiter = Waiter(token: token, done: done, block: block, pacing: pacing)
        if let pacing, let loop = context?.eventLoop {
            let bound = NIOLoopBound(self, eventLoop: loop)
            pacing.observe { isPaused in loop.execute { bound.value.setPaused(isPaused, token: token) } }
        }
        run(machine.perform(request, deadline: deadline, streams: block != nil, now: .now))
    }

    func cancel(token: UInt64) {
        if waiter?.token == token {
            // The answer that is on its way has to be read, whoever lags behind.
            setPaused(false, token: token)
            run(machine.cancel())
        } else if token > lastToken {
            cancelledEarly.insert(token)
        }
    }

    /// Stops or goes on reading because the taker of a streamed value lags behind, or does not any more.
    private func setPaused(_ isPaused: Bool, token: UInt64) {
        guard waiter?.token == token, isPaused != (pausedAt != nil), let context else { return }
        context.channel.setOption(.autoRead, value: !isPaused).whenFailure { _ in }
        if isPaused {
            pausedAt = .now
            stopTimer()
        } else {
            let lost = pausedAt?.duration(to: .now) ?? .zero
            pausedAt = nil
            schedule(deadline.map { $0 + lost })
        }
    }

    /// Takes the request that has ended.
    private func endRequest() -> Waiter? {
        guard let waiter else { return nil }
        waiter.pacing?.observe(nil)
        setPaused(false, token: waiter.token)
        self.waiter = nil
        return waiter
    }

    func interrupt() {
        machine.interrupt()
    }

    func cancelOpening() {
        isOpeningCancelled = true
        if opened != nil { run(machine.cancel()) }
    }

    /// Calls back when no answer to a cancelled request can come any more.
    func settle(_ done: @escaping () -> Void) {
        guard machine.isAbandoning else { return done() }
        settling.append(done)
    }

    func release() {
        run(machine.release(now: .now))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        let octets = Array(buffer.readableBytesView)
        tally.received(octets: octets.count)
        run(machine.received(octets, now: .now))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func end() {
        isInactive = true
        run(machine.connectionClosed())
        stopTimer()
    }

    private func run(_ actions: [ClientAction]) {
        for action in actions {
            switch action {
            case .send(let octets):
                guard !isInactive, let context else { continue }
                waiter?.transmission = .sent
                tally.sent(octets: octets.count)
                context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: octets)), promise: nil)
            case .deadline(let instant): schedule(instant)
            case .associated(let info): take(&opened)?(.success(info))
            case .associationFailed(let error):
                take(&opened)?(.failure(TransportError(error, transmission: .notSent)))
            case .reserveCounters(let minimum): reserve(minimum)
            case .delivered(let octets): waiter?.block?(octets)
            case .completed(let response):
                tally.learned(machine.info.learned)
                endRequest()?.done(.success((response, machine.info)))
            case .failed(let error):
                tally.learned(machine.info.learned)
                if let waiter = endRequest() {
                    var error = TransportError(error, transmission: waiter.transmission)
                    error.partial = waiter.partial
                    waiter.done(.failure(error))
                }
            case .partlyDone(let partial): waiter?.partial = partial
            case .unsolicited(let message): onUnsolicited?(message)
            case .released: break
            case .close: context?.close(promise: nil)
            }
        }
        reportPeerCounter()
        guard !settling.isEmpty, !machine.isAbandoning else { return }
        let settled = settling
        settling = []
        for done in settled { done() }
    }

    /// Empties a place before its content is used, because using it may come back here.
    private func take<Value>(_ place: inout Value?) -> Value? {
        defer { place = nil }
        return place
    }

    private func reportPeerCounter() {
        guard counters != nil else { return }
        guard let counter = machine.info.lastServerCounter, counter != lastPeerCounter else { return }
        lastPeerCounter = counter
        counters?.accepted(peerCounter: counter)
    }

    private func reserve(_ minimum: Int) {
        guard let context else { return }
        guard let counters else { return run(machine.countersRefused(.noSource, now: .now)) }
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        Task {
            let result: Result<Range<UInt64>, InvocationCounterError>
            do throws(InvocationCounterError) {
                result = .success(try await counters.reserve(minimum))
            } catch {
                result = .failure(error)
            }
            loop.execute { bound.value.reserved(result) }
        }
    }

    private func reserved(_ result: Result<Range<UInt64>, InvocationCounterError>) {
        switch result {
        case .success(let range): run(machine.countersReserved(range, now: .now))
        case .failure(let error): run(machine.countersRefused(error.refusal, now: .now))
        }
    }

    private func schedule(_ instant: ContinuousClock.Instant?) {
        deadline = instant
        guard let instant, !isInactive, pausedAt == nil else { return }
        // Answers move nearly every deadline on. A timer that comes too early finds that out by itself; to drop one and
        // make another for each block of a long read costs more than to wake once in vain.
        if let timer, timer.instant <= instant { return }
        stopTimer()
        startTimer(instant)
    }

    private func startTimer(_ instant: ContinuousClock.Instant) {
        guard let context else { return }
        let delay = max(ContinuousClock.Instant.now.duration(to: instant), .zero)
        let task = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in
            timer = nil
            guard let deadline, !isInactive else { return }
            let now = max(ContinuousClock.Instant.now, instant)
            guard deadline <= now else { return startTimer(deadline) }
            run(machine.deadlineReached(now: now))
        }
        timer = (task, instant)
    }

    private func stopTimer() {
        timer?.task.cancel()
        timer = nil
    }
}
