// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import NIOCore

/// Drives a ``ProtocolClient`` over a line; everything here runs on the line's event loop.
final class MeterClientHandler: LineUser {
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
    private var machine: any ProtocolClient
    private let counters: (any InvocationCounterSource)?
    private let tally: ConnectionTally
    private let onUnsolicited: (@Sendable (UnsolicitedMessage) -> Void)?
    /// Wants to know how far opening has come.
    private let onStage: (@Sendable (OpeningStage) -> Void)?
    private var stage: OpeningStage?
    private let line: LineHandler
    /// Whether the line is left to others when the association ends.
    private var keepsLine: Bool
    /// Who wants to know that the connection has ended.
    private var ended: [() -> Void] = []
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
    private(set) var isInactive = false
    /// Why the line ended, where more is known than that it did.
    private var endReason: TransportError.Reason?
    /// Whether nothing is on its way to us any more when the machine is done.
    private var isSettled = false
    /// Whether the line is ours.
    private var isAttached = false
    /// Who waits for the answer to a cancelled request to come.
    private var settling: [() -> Void] = []
    private var lastToken: UInt64 = 0
    /// Requests that were cancelled before they got here.
    private var cancelledEarly: Set<UInt64> = []

    init(
        machine: any ProtocolClient,
        settings: AssociationSettings,
        counters: (any InvocationCounterSource)?,
        tally: ConnectionTally,
        line: LineHandler,
        keepsLine: Bool,
        onUnsolicited: (@Sendable (UnsolicitedMessage) -> Void)?,
        onStage: (@Sendable (OpeningStage) -> Void)? = nil
    ) {
        self.settings = settings
        self.line = line
        self.keepsLine = keepsLine
        self.machine = machine
        self.counters = counters
        self.tally = tally
        self.onUnsolicited = onUnsolicited
        self.onStage = onStage
    }

    /// Opens the association over the line.
    ///
    /// - Parameter first: invocation counters that were reserved for it; without them the machine asks for some.
    func associate(counters first: Range<UInt64>?, _ done: @escaping Opened) {
        guard !isOpeningCancelled else {
            leave(isSettled: true)
            return done(.failure(TransportError(.cancelled)))
        }
        opened = done
        line.attach(self) { [self] attachment in
            isAttached = attachment == .attached
            if isAttached, !isOpeningCancelled { return begin(counters: first) }
            let reason: TransportError.Reason =
                switch attachment {
                case .attached: .cancelled
                case .closed: line.reason ?? .closedByPeer(waitingFor: .associationResponse)
                case .inUse: .engine(.notReady)
                }
            if isAttached { leave(isSettled: true) } else { lineEnded(nil) }
            take(&opened)?(.failure(TransportError(reason)))
        }
    }

    private func begin(counters first: Range<UInt64>?) {
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
        guard !isInactive, !machine.isLeaving, line.isActive else {
            return done(.failure(TransportError(.closedByPeer(waitingFor: nil))))
        }
        guard waiter == nil, machine.isReady else { return done(.failure(TransportError(.engine(.notReady)))) }
        waiter = Waiter(token: token, done: done, block: block, pacing: pacing)
        if let pacing, let loop = line.context?.eventLoop {
            let bound = NIOLoopBound(self, eventLoop: loop)
            // What holds when the loop comes to it: news of two threads may overtake each other.
            pacing.observe { loop.execute { bound.value.setPaused(pacing.isPaused, token: token) } }
        }
        run(machine.perform(request, deadline: deadline, streams: block != nil, now: .now))
    }

    func cancel(token: UInt64) {
        if waiter?.token == token {
            // The answer that is on its way has to be read, whoever lags behind.
            setPaused(false, token: token)
            run(machine.cancel(now: .now))
        } else if token > lastToken {
            cancelledEarly.insert(token)
        }
    }

    /// Stops or goes on reading because the taker of a streamed value lags behind, or does not any more.
    private func setPaused(_ isPaused: Bool, token: UInt64) {
        guard waiter?.token == token, isPaused != (pausedAt != nil), let context = line.context else { return }
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

    func interrupt(endsStream: Bool) {
        machine.interrupt(endsStream: endsStream)
    }

    func cancelOpening() {
        isOpeningCancelled = true
        if isAttached, opened != nil { run(machine.cancel(now: .now)) }
    }

    /// Calls back when no answer to a cancelled request can come any more.
    func settle(_ done: @escaping () -> Void) {
        guard machine.isAbandoning else { return done() }
        settling.append(done)
    }

    /// Releases the association, then leaves the line to others or closes it.
    func release(keepingLine: Bool) {
        keepsLine = keepingLine
        guard !isInactive else { return }
        isSettled = machine.isReady
        run(machine.release(now: .now))
    }

    /// Ends the connection without a word.
    func drop(keepingLine: Bool) {
        keepsLine = keepingLine
        leave(isSettled: machine.isReady)
    }

    /// Calls back when the connection has ended; at once when it has already.
    func whenEnded(_ done: @escaping () -> Void) {
        guard !isInactive else { return done() }
        ended.append(done)
    }

    var isLeaving: Bool { machine.isLeaving }

    func received(_ octets: [UInt8]) {
        tally.received(octets: octets.count)
        run(machine.received(octets, now: .now))
    }

    func lineEnded(_ reason: TransportError.Reason?) {
        guard !isInactive else { return }
        isInactive = true
        endReason = reason
        tally.ended()
        run(machine.connectionClosed())
        stopTimer()
        for done in ended { done() }
        ended = []
    }

    /// Whether frames of the link tell an answer that comes late from the answers to what is asked next.
    private var tellsOldAnswers: Bool {
        if case .hdlc = settings.link { true } else { false }
    }

    /// The machine is done with the line.
    ///
    /// A line is only kept after a failure where frames tell old answers from new ones, which those of the wrapper and texts do not.
    private func leave(isSettled: Bool) {
        guard !isInactive else { return }
        if keepsLine, isSettled || tellsOldAnswers {
            line.detach(self, isSettled: isSettled)
            lineEnded(nil)
        } else {
            line.close()
            if !isAttached { lineEnded(nil) }
        }
    }

    private func run(_ actions: [ClientAction]) {
        // Before anybody who waits for the answer goes on.
        reportStage()
        for action in actions {
            switch action {
            case .send(let octets):
                guard !isInactive else { continue }
                waiter?.transmission = .sent
                tally.sent(octets: octets.count)
                line.send(octets)
            case .setLine(let format): line.setFormat(format)
            case .deadline(let instant): schedule(instant)
            case .associated(let info): take(&opened)?(.success(info))
            case .associationFailed(let error):
                isSettled = error.isRefusalOfAssociation
                take(&opened)?(.failure(transportError(error, .notSent)))
            case .reserveCounters(let minimum): reserve(minimum)
            case .delivered(let octets): waiter?.block?(octets)
            case .completed(let response):
                tally.learned(machine.info.learned)
                endRequest()?.done(.success((response, machine.info)))
            case .failed(let error):
                tally.learned(machine.info.learned)
                if let waiter = endRequest() {
                    var error = transportError(error, waiter.transmission)
                    error.partial = waiter.partial
                    waiter.done(.failure(error))
                }
            case .partlyDone(let partial): waiter?.partial = partial
            case .unsolicited(let message): onUnsolicited?(message)
            case .released: break
            case .close: leave(isSettled: isSettled)
            }
        }
        guard !settling.isEmpty, !machine.isAbandoning else { return }
        let settled = settling
        settling = []
        for done in settled { done() }
    }

    private func transportError(
        _ error: EngineError,
        _ transmission: TransportError.Transmission
    ) -> TransportError {
        if case .connectionClosed = error, let endReason {
            return TransportError(endReason, transmission: transmission)
        }
        return TransportError(error, transmission: transmission)
    }

    /// Empties a place before its content is used, because using it may come back here.
    private func take<Value>(_ place: inout Value?) -> Value? {
        defer { place = nil }
        return place
    }

    private func reportStage() {
        guard let onStage, let reached = machine.openingStage, reached != stage else { return }
        stage = reached
        onStage(reached)
    }

    private func reserve(_ minimum: Int) {
        guard let context = line.context else { return }
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
        guard let context = line.context else { return }
        let delay = max(ContinuousClock.Instant.now.duration(to: instant), .zero)
        let task = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in
            timer = nil
            guard let deadline, !isInactive else { return }
            let now = max(ContinuousClock.Instant.now, instant)
            guard deadline <= now else { return startTimer(deadline) }
            isSettled = false
            run(machine.deadlineReached(now: now))
        }
        timer = (task, instant)
    }

    private func stopTimer() {
        timer?.task.cancel()
        timer = nil
    }
}

extension EngineError {
    /// Whether the meter has answered that it does not want the association, so that nothing more is on its way.
    fileprivate var isRefusalOfAssociation: Bool {
        switch self {
        case .associationRejected, .shortNamesOnly, .exceptionResponse, .confirmedServiceError: true
        default: false
        }
    }
}
