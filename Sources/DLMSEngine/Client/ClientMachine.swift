// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The client's side of one connection to a meter, without any input or output of its own.
///
/// Events go in as past-tense calls, actions come out in the order in which they are to be done. Time is an argument.
/// Layers nest: the link frames APDUs, the association is opened and released through it, and a request is carried out
/// by exchanges, each of which has its own block transfer.
///
/// ```
///  idle ─connected─► associating ─AARE accepted─► associated ◄──────────┐
///                        │                          │    │   completed / │
///                        │                  release │    └─perform─► exchanging
///                 failed │                          ▼                   │ failed
///                        └───────► closed ◄──── releasing               │
///                                    ▲──────────────────────────────────┘
/// ```
///
/// A cancelled request is *abandoned* in between: its answer is awaited, then the machine is associated again or closed.
///
/// A request that fails in a way that leaves an answer on its way ends the connection, so that nothing of it can be
/// taken for the answer to another. Only a caller who leaves does not: the answer is waited for and dropped.
public struct ClientMachine: Sendable {
    private enum State: Sendable {
        case idle
        case associating
        case associated
        case exchanging(ClientExchange, Awaited)
        /// The caller has left, the answer is still on its way.
        case abandoned(ClientExchange)
        case releasing
        case closed
    }

    private var state = State.idle
    private var link: ClientLink
    private var association: ClientAssociation
    /// Whether the request in progress ends with the next answer, complete or not.
    private var isInterrupted = false
    /// When the request in progress has to be done as a whole.
    private var requestDeadline: ContinuousClock.Instant?
    /// When the wait in progress ends.
    private var deadline: ContinuousClock.Instant?

    /// Makes a machine that has no connection yet.
    public init(settings: AssociationSettings) {
        link = ClientLink(settings.link)
        association = ClientAssociation(settings)
    }

    /// What was agreed and learned; meaningful once the association is open.
    public var info: AssociationInfo { association.info }

    /// Whether a request may be made now.
    public var isReady: Bool {
        if case .associated = state { true } else { false }
    }

    /// Whether the answer to a request that was cancelled is still waited for.
    public var isAbandoning: Bool {
        if case .abandoned = state { true } else { false }
    }

    /// The transport is connected: the association is asked for.
    public mutating func connected(now: ContinuousClock.Instant) -> [ClientAction] {
        guard case .idle = state else { return [] }
        state = .associating
        _ = link.connected()
        return transmit(association.request(), now: now)
    }

    /// Somebody wants a request done.
    ///
    /// - Parameters:
    ///   - request: what to do.
    ///   - deadline: when it has to be done as a whole; nil = only the time-out of each answer counts.
    ///   - streams: whether the value of a GET of one attribute is handed over in parts as they come.
    ///   - now: the time.
    public mutating func perform(
        _ request: ServiceRequest,
        deadline: ContinuousClock.Instant? = nil,
        streams: Bool = false,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        guard case .associated = state else { return [.failed(.notReady)] }
        requestDeadline = deadline
        let (exchange, step) = ClientExchange.start(request, streams: streams, &association)
        return follow(step, exchange, now: now)
    }

    /// Octets came from the meter.
    public mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        let output = link.received(octets)
        var actions: [ClientAction] = []
        for apdu in output.apdus {
            actions += apduReceived(apdu, now: now)
        }
        if let fault = output.fault { actions += linkFailed(fault) }
        return actions
    }

    /// The time given by the last ``ClientAction/deadline(_:)`` has come.
    public mutating func deadlineReached(now: ContinuousClock.Instant) -> [ClientAction] {
        guard let deadline, deadline <= now else { return [] }
        self.deadline = nil
        switch state {
        case .associating: return failAssociation(.timeout(waitingFor: .associationResponse))
        case .exchanging(_, let awaited): return fail(.timeout(waitingFor: awaited))
        case .abandoned: return endAbandoned(isUsable: false)
        case .releasing: return endRelease()
        case .idle, .associated, .closed: return []
        }
    }

    /// The caller does not want the request in progress any more.
    ///
    /// Its answer is waited for until the deadline and dropped; no request is possible before. Opening an association is
    /// just ended.
    public mutating func cancel() -> [ClientAction] {
        switch state {
        case .associating: return failAssociation(.cancelled)
        case .exchanging(let exchange, _):
            state = .abandoned(exchange)
            return [.failed(.cancelled)]
        case .idle, .associated, .abandoned, .releasing, .closed: return []
        }
    }

    /// Something more urgent waits: a read in progress ends with the answer on its way.
    ///
    /// It completes if that was the last answer, and else fails with `.cancelled`, ready for the next request at once;
    /// then no part of its value was handed over. Writes go on to their end, and so does a value that is handed over in
    /// parts and has begun.
    public mutating func interrupt() {
        guard case .exchanging(let exchange, _) = state, exchange.isRepeatable else { return }
        isInterrupted = true
    }

    /// The association is to be released, and the connection closed.
    public mutating func release(now: ContinuousClock.Instant) -> [ClientAction] {
        switch state {
        case .associated:
            guard association.settings.release else { return endRelease() }
            state = .releasing
            return transmit(association.releaseRequest(), now: now)
        case .idle, .associating, .exchanging, .abandoned:
            let cancelled = cancel().filter { $0 != .close }
            return cancelled + endRelease()
        case .releasing, .closed: return []
        }
    }

    /// The connection ended, by whatever side.
    public mutating func connectionClosed() -> [ClientAction] {
        switch state {
        case .associating: return failAssociation(.connectionClosed(waitingFor: .associationResponse))
        case .exchanging(_, let awaited): return fail(.connectionClosed(waitingFor: awaited))
        case .releasing: return endRelease()
        case .abandoned:
            state = .closed
            return endWait()
        case .idle, .associated:
            state = .closed
            return []
        case .closed: return []
        }
    }

    /// Invocation counters were reserved, as ``ClientAction/reserveCounters(minimum:)`` asked for.
    ///
    /// - Parameter counters: counters that nobody else has or will ever get.
    public mutating func countersReserved(
        _ counters: Range<UInt64>,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        []
    }

    /// No invocation counters could be reserved: the request that waits for them fails.
    public mutating func countersRefused(
        _ refusal: CounterRefusal,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        []
    }

    private mutating func linkFailed(_ fault: DecodeError) -> [ClientAction] {
        switch state {
        case .associating: return failAssociation(.malformed(fault, waitingFor: .associationResponse))
        case .exchanging(_, let awaited): return fail(.malformed(fault, waitingFor: awaited))
        case .releasing: return endRelease()
        case .abandoned: return endAbandoned(isUsable: false)
        case .idle, .associated:
            state = .closed
            return [.close]
        case .closed: return []
        }
    }

    private mutating func apduReceived(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        switch state {
        case .associating:
            guard !Notification.isNotification(apdu) else { return [.unsolicited(apdu)] }
            switch association.responseReceived(apdu) {
            case .success(let info):
                state = .associated
                return endWait() + [.associated(info)]
            case .failure(let error): return failAssociation(error)
            }
        case .exchanging(var exchange, let awaited):
            guard !Notification.isNotification(apdu) else { return [.unsolicited(apdu)] }
            if let error = ServerRefusal.error(in: apdu, awaiting: awaited) {
                return follow(exchange.refused(error, &association), exchange, now: now)
            }
            // Gives up the copy in the state, so that a long value is not copied for every block.
            state = .associated
            var (step, delivery) = exchange.received(apdu, &association)
            switch step {
            case .ignored: state = .exchanging(exchange, awaited)
            // What makes way is begun again from its start.
            case .send where isInterrupted: delivery = nil
            case .send, .completed, .failed: break
            }
            return (delivery.map { [.delivered($0)] } ?? []) + follow(step, exchange, now: now)
        case .abandoned(var exchange):
            guard !Notification.isNotification(apdu) else { return [.unsolicited(apdu)] }
            if let error = ServerRefusal.error(in: apdu, awaiting: .getResponse) {
                return endAbandoned(isUsable: !error.endsConnection)
            }
            switch exchange.received(apdu, &association).0 {
            case .ignored: return []
            case .completed: return endAbandoned(isUsable: true)
            // A long read may be left half-way, a long write not.
            case .send: return endAbandoned(isUsable: exchange.isRead)
            case .failed(let error): return endAbandoned(isUsable: !error.endsConnection)
            }
        case .releasing:
            // Observed: releases answered with wrong inner lengths, with exceptions, or not at all; any answer will do.
            return Notification.isNotification(apdu) ? [.unsolicited(apdu)] : endRelease()
        case .associated: return [.unsolicited(apdu)]
        case .idle, .closed: return []
        }
    }

    private mutating func follow(
        _ step: ClientExchange.Step,
        _ exchange: ClientExchange?,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        switch step {
        case .send(let apdu, let awaited):
            guard let exchange else { return fail(.notReady) }
            guard !isInterrupted else { return fail(.cancelled) }
            state = .exchanging(exchange, awaited)
            return transmit(apdu, now: now)
        case .completed(let response):
            state = .associated
            return endWait() + [.completed(response)]
        case .failed(let error): return fail(error)
        case .ignored: return []
        }
    }

    /// Sends an APDU down through the layers and waits for its answer.
    private mutating func transmit(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        var limit = now + association.settings.responseTimeout
        switch state {
        case .releasing: limit = now + association.settings.releaseTimeout
        case .exchanging: if let requestDeadline { limit = min(limit, requestDeadline) }
        case .idle, .associating, .associated, .abandoned, .closed: break
        }
        deadline = limit
        return [.send(link.frame(apdu).send), .deadline(limit)]
    }

    private mutating func fail(_ error: EngineError) -> [ClientAction] {
        state = error.endsConnection ? .closed : .associated
        return endWait() + [.failed(error)] + (error.endsConnection ? [.close] : [])
    }

    private mutating func endAbandoned(isUsable: Bool) -> [ClientAction] {
        state = isUsable ? .associated : .closed
        return endWait() + (isUsable ? [] : [.close])
    }

    private mutating func failAssociation(_ error: EngineError) -> [ClientAction] {
        state = .closed
        return endWait() + [.associationFailed(error), .close]
    }

    private mutating func endRelease() -> [ClientAction] {
        state = .closed
        return endWait() + [.released, .close]
    }

    private mutating func endWait() -> [ClientAction] {
        isInterrupted = false
        requestDeadline = nil
        deadline = nil
        return [.deadline(nil)]
    }
}
