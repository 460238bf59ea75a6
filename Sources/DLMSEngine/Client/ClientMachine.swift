// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The client's side of one connection to a meter, without any input or output of its own.
///
/// Events go in as past-tense calls, actions come out in the order in which they are to be done. Time is an argument.
/// Layers nest: the link frames APDUs, a gateway on the way wants a prefix, general block transfer cuts long ones, the protection ciphers them, the association
/// is opened and released through all of them, and a request is carried out by exchanges, each of which has its own block
/// transfer.
///
/// ```
///  idle ─connected─► linking ─link open─► associating ─AARE accepted─► associated ◄──────────┐
///                     │                    │  │ AARE with a challenge    ▲ │  │   completed / │
///                     │                    │  └──► authenticating ─proof─┘ │  └─perform─► exchanging
///              failed │             failed │             │ failed  release ▼                 │ failed
///                     └────────────────────┴──────────►leaving ◄────── releasing             │
///                                                      │ ▲───────────────────────────────────┘
///                                                      ▼ link ended
///                                                    closed
/// ```
///
/// A link without a dialogue of its own (the wrapper) is open at once and left at once.
///
/// Protected requests take invocation counters. What cannot be sent because there are none waits in ``waiting``.
///
/// A cancelled request is *abandoned* in between: its answer is awaited, then the machine is associated again or closed.
///
/// A request that fails in a way that leaves an answer on its way ends the connection, so that nothing of it can be
/// taken for the answer to another. Only a caller who leaves does not: the answer is waited for and dropped.
public struct ClientMachine: Sendable {
    enum State: Sendable {
        case idle
        /// The link is being set up.
        case linking
        case associating
        /// The server accepted, if the answers to the challenges are right.
        indirect case authenticating(ClientExchange)
        case associated
        indirect case exchanging(ClientExchange, Awaited)
        /// The caller has left, the answer is still on its way.
        indirect case abandoned(ClientExchange)
        case releasing
        /// The link is being ended, after the association was released or something failed.
        case leaving(isReleased: Bool)
        case closed
    }

    /// What is to be sent once there are invocation counters.
    enum Waiting: Sendable {
        /// The AARQ, which is made then.
        case associationRequest
        /// An APDU of a service, before its protection.
        case apdu([UInt8])
    }

    var state = State.idle
    var link: ClientLink
    /// What passes APDUs on to the meter; nil when the link leads to the meter itself.
    let gateway: GatewayLayer?
    /// What came and goes in general blocks; nil before any has.
    private var blocks: Boxed<GeneralBlockTransferLayer>?
    /// Whether the APDU that is being handled came in general blocks.
    var isInBlocks = false
    var protection: ClientProtection
    var association: ClientAssociation
    /// What waits for invocation counters.
    var waiting: Waiting?
    /// Whether an answer to the request in progress has come.
    var hasAnswer = false
    /// What is told in place of a time-out: only old messages came, which were dropped.
    var replay: EngineError?
    /// Whether the request in progress ends with the next answer, complete or not.
    var isInterrupted = false
    /// When the request in progress has to be done as a whole.
    var requestDeadline: ContinuousClock.Instant?
    /// When the wait in progress ends; the link has waits of its own.
    var deadline: ContinuousClock.Instant?
    /// The deadline that was handed out last for a link that keeps time.
    var announcedDeadline: ContinuousClock.Instant?

    /// Makes a machine that has no connection yet.
    public init(settings: AssociationSettings) {
        var settings = settings
        gateway = settings.gateway.map { GatewayLayer($0) }
        if let gateway {
            let longest = WrapperFrame.longestPayload - gateway.overhead
            settings.maxSendPDUSize = min(settings.maxSendPDUSize ?? .max, UInt16(clamping: longest))
        }
        link = ClientLink(settings.link, longest: settings.maximumResponseLength)
        protection = ClientProtection(settings)
        association = ClientAssociation(settings)
    }

    /// Whether a transfer in general blocks is in progress.
    var isInBlockTransfer: Bool { blocks?.value.isActive ?? false }

    /// Lets the layer of general blocks do something; it is made when it is needed first.
    mutating func withBlocks<Result>(_ change: (inout GeneralBlockTransferLayer) -> Result) -> Result {
        var layer =
            blocks
            ?? Boxed(
                GeneralBlockTransferLayer(
                    .client,
                    association.settings.blockTransfer,
                    limit: association.settings.maximumResponseLength
                )
            )
        // Given up while it changes, so that it is not copied.
        blocks = nil
        defer { blocks = layer }
        return change(&layer.value)
    }

    /// What was agreed and learned; meaningful once the association is open.
    public var info: AssociationInfo { association.info }

    /// How many invocation counters opening the association takes, so that they can be reserved ahead of it.
    ///
    /// Those that are handed over by ``countersReserved(_:now:)`` before ``connected(now:randomness:)`` are not asked for.
    public var countersToOpen: Int { protection.countersToOpen }

    /// Whether a request may be made now.
    public var isReady: Bool {
        if case .associated = state { true } else { false }
    }

    /// Whether the answer to a request that was cancelled is still waited for.
    public var isAbandoning: Bool {
        if case .abandoned = state { true } else { false }
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
        hasAnswer = false
        association.info.answerProtection = .none
        let (exchange, step) = ClientExchange.start(request, streams: streams, &association)
        return settled(follow(step, exchange, now: now), now: now)
    }

    /// The time given by the last ``ClientAction/deadline(_:)`` has come.
    public mutating func deadlineReached(now: ContinuousClock.Instant) -> [ClientAction] {
        var actions: [ClientAction] = []
        if link.deadline.map({ $0 <= now }) == true {
            actions += linkDid(link.deadlineReached(now: now), now: now)
        }
        return settled(actions + waitEnded(now: now), now: now)
    }

    /// Ends the wait in progress if its time has come.
    private mutating func waitEnded(now: ContinuousClock.Instant) -> [ClientAction] {
        guard let deadline, deadline <= now else { return [] }
        self.deadline = nil
        guard waiting == nil else { return failCurrent { _ in .countersRefused(.late) } }
        if let repeated = repeatBlocks(now: now) { return repeated }
        return silenceEnded()
    }

    /// Fails what is in progress because no answer has come, or only old ones.
    mutating func silenceEnded() -> [ClientAction] {
        if let replay { return failCurrent { _ in replay } }
        noteSilence()
        return failCurrent { .timeout(waitingFor: $0) }
    }

    /// The caller does not want the request in progress any more.
    ///
    /// Its answer is waited for until the deadline and dropped; no request is possible before. Opening an association is
    /// just ended.
    public mutating func cancel(now: ContinuousClock.Instant) -> [ClientAction] {
        settled(cancelled(), now: now)
    }

    private mutating func cancelled() -> [ClientAction] {
        switch state {
        case .linking, .associating, .authenticating: return failAssociation(.cancelled)
        case .exchanging(let exchange, _):
            // Nothing is on its way while counters are waited for; but a long write is left half done.
            if waiting != nil {
                let isUsable = exchange.isRead || !hasAnswer
                return partlyDone(exchange) + [.failed(.cancelled)] + endAbandoned(isUsable: isUsable)
            }
            state = .abandoned(exchange)
            return partlyDone(exchange) + [.failed(.cancelled)]
        case .idle, .associated, .abandoned, .releasing, .leaving, .closed: return []
        }
    }

    /// Something more urgent waits: a read in progress ends with the answer on its way.
    ///
    /// It completes if that was the last answer, and else fails with `.cancelled`, ready for the next request at once;
    /// then no part of its value was handed over. Writes go on to their end.
    /// - Parameter endsStream: whether a value that is handed over in parts and has begun ends, too, after the part that
    ///   is on its way was handed over; else it goes on to its end.
    public mutating func interrupt(endsStream: Bool = false) {
        guard case .exchanging(let exchange, _) = state, exchange.isRepeatable || (endsStream && exchange.isRead)
        else { return }
        isInterrupted = true
    }

    /// The association is to be released, and the connection closed.
    public mutating func release(now: ContinuousClock.Instant) -> [ClientAction] {
        settled(released(now: now), now: now)
    }

    private mutating func released(now: ContinuousClock.Instant) -> [ClientAction] {
        switch state {
        case .associated:
            // Nobody opened a pre-established association, so nobody releases it.
            guard association.settings.release, !association.settings.isPreEstablished else { return endRelease() }
            state = .releasing
            return sendUnprotected(association.releaseRequest(&protection), now: now)
        case .idle, .linking, .associating, .authenticating, .exchanging, .abandoned:
            let cancelled = cancelled().filter { $0 != .close }
            return cancelled + endRelease()
        case .releasing, .leaving, .closed: return []
        }
    }

    /// The connection ended, by whatever side.
    public mutating func connectionClosed() -> [ClientAction] {
        link.connectionClosed()
        switch state {
        case .abandoned:
            state = .closed
            return endWait()
        case .idle, .associated:
            state = .closed
            return []
        case .leaving(let isReleased):
            state = .closed
            return endWait() + (isReleased ? [.released, .close] : [.close])
        case .linking, .associating, .authenticating, .exchanging, .releasing, .closed:
            noteSilence()
            return failCurrent { .connectionClosed(waitingFor: $0) }
        }
    }

    /// Takes an APDU in clear, whatever protected it.
    ///
    /// - Parameter isProven: whether it was protected as requests are; errors need not be.
    mutating func apduReceived(
        _ apdu: [UInt8],
        isProven: Bool,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        guard !UnsolicitedMessage.isNotification(apdu) else {
            switch state {
            case .idle, .closed: return []
            default: return notified(association.unsolicited(apdu), now: now)
            }
        }
        switch state {
        case .associating: return associationResponseReceived(apdu, now: now)
        // The answer to the association request came twice, on a line that repeats messages.
        case .authenticating where apdu.first == 0x61, .associated where apdu.first == 0x61,
            .exchanging where apdu.first == 0x61, .abandoned where apdu.first == 0x61:
            return []
        case .authenticating(let exchange): return authenticationReceived(apdu, exchange, now: now)
        case .exchanging(var exchange, let awaited):
            if let error = ServerRefusal.error(in: apdu, awaiting: awaited) {
                return follow(exchange.refused(error, isProven: isProven, &association), exchange, now: now)
            }
            let isRepeatable = exchange.isRepeatable
            // Gives up the copy in the state, so that a long value is not copied for every block.
            state = .associated
            var (step, delivery) = exchange.received(apdu, &association)
            switch step {
            case .ignored: state = .exchanging(exchange, awaited)
            // What makes way is begun again from its start.
            case .send where isInterrupted && isRepeatable: delivery = nil
            case .send, .completed, .failed: break
            }
            return (delivery.map { [.delivered($0)] } ?? []) + follow(step, exchange, now: now)
        case .abandoned(var exchange):
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
        // Observed: releases answered with wrong inner lengths, with exceptions, or not at all; any answer will do.
        case .releasing: return endRelease()
        case .associated: return [.unsolicited(association.unsolicited(apdu))]
        case .idle, .linking, .leaving, .closed: return []
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
            guard !isInterrupted else { return fail(.cancelled, exchange) }
            state = .exchanging(exchange, awaited)
            return transmit(apdu, now: now)
        case .completed(let response):
            state = .associated
            return endWait() + [.completed(response)]
        case .failed(let error): return fail(error, exchange)
        case .ignored: return []
        }
    }

    /// Ends whatever is in progress with an error that may name what was awaited.
    mutating func failCurrent(_ error: (Awaited) -> EngineError) -> [ClientAction] {
        switch state {
        case .linking: return failAssociation(error(.linkResponse))
        case .associating:
            return failAssociation(association.attemptFailed(error(.associationResponse)))
        case .authenticating: return failAssociation(error(.authenticationResponse))
        case .exchanging(let exchange, let awaited): return fail(error(awaited), exchange)
        case .abandoned: return endAbandoned(isUsable: false)
        case .releasing: return endRelease()
        case .idle, .associated, .leaving, .closed: return []
        }
    }

    private mutating func fail(_ error: EngineError, _ exchange: ClientExchange? = nil) -> [ClientAction] {
        state = error.endsConnection ? .closed : .associated
        return endWait() + partlyDone(exchange) + [.failed(error)] + (error.endsConnection ? [.close] : [])
    }

    /// What is known of several writes or invocations that fail now.
    private func partlyDone(_ exchange: ClientExchange?) -> [ClientAction] {
        guard let partial = exchange?.partialOutcome, !partial.isEmpty else { return [] }
        return [.partlyDone(partial)]
    }

    /// Nothing came in time, or nothing can come any more: that may teach something about lists.
    mutating func noteSilence() {
        guard case .exchanging(let exchange, let awaited) = state else { return }
        exchange.unanswered(awaited, &association.info)
    }

    private mutating func endAbandoned(isUsable: Bool) -> [ClientAction] {
        state = isUsable ? .associated : .closed
        return endWait() + (isUsable ? [] : [.close])
    }

    mutating func failAssociation(_ error: EngineError) -> [ClientAction] {
        state = .closed
        return endWait() + [.associationFailed(error), .close]
    }

    private mutating func endRelease() -> [ClientAction] {
        state = .closed
        return endWait() + [.released, .close]
    }

    mutating func endWait() -> [ClientAction] {
        isInterrupted = false
        requestDeadline = nil
        deadline = nil
        waiting = nil
        return [.deadline(nil)]
    }
}
