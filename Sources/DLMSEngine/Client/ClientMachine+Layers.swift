// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The way of APDUs through the layers.
///
/// ```
///  exchange ──transmit──► protection ──sendUnprotected──► general blocks ──► gateway ──► link ──► transport
///  exchange ◄─apduReceived─ protection ◄─wholeReceived─── general blocks ◄── gateway ◄── link ◄── transport
/// ```
extension ClientMachine {
    /// Octets came from the meter.
    public mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        settled(linkDid(link.received(octets, now: now), now: now), now: now)
    }

    /// Carries on with what the link made of an event.
    mutating func linkDid(_ output: ClientLink.Output, now: ContinuousClock.Instant) -> [ClientAction] {
        var actions: [ClientAction] = []
        for apdu in output.unsolicited {
            guard let gateway else {
                actions += outOfTurnReceived(apdu)
                continue
            }
            if case .meter(let inner) = gateway.received(apdu) { actions += outOfTurnReceived(inner) }
        }
        for apdu in output.apdus {
            actions += gateway.map { gatewayReceived($0.received(apdu), now: now) } ?? linkReceived(apdu, now: now)
        }
        if let fault = output.fault { actions += linkFailed(fault) }
        if actions.isEmpty, output.hasProgressed { actions += extendWait(now: now) }
        if case .linking = state, link.isOpen { actions += linkOpened(now: now) }
        return commands(output) + actions
    }

    private func commands(_ output: ClientLink.Output) -> [ClientAction] {
        output.commands.map { command in
            switch command {
            case .send(let octets): .send(octets)
            case .setLine(let format): .setLine(format)
            }
        }
    }

    /// Hands APDUs to the link.
    private mutating func handDown(_ apdus: [[UInt8]], now: ContinuousClock.Instant) -> [ClientAction] {
        commands(link.send(gateway.map { apdus.map($0.prefixed) } ?? apdus, now: now))
    }

    /// Takes an APDU that the gateway before the meter sent.
    private mutating func gatewayReceived(
        _ received: GatewayLayer.Received,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        switch received {
        case .meter(let apdu), .refusal(let apdu): linkReceived(apdu, now: now)
        case .otherMeter: []
        case .unprefixed(let tag): failCurrent { .unexpectedAPDU(tag: tag, waitingFor: $0) }
        case .malformed(let fault): failCurrent { .malformed(fault, waitingFor: $0) }
        }
    }

    /// What an event comes to, once the link has its say: it is taken leave of before the connection is closed, and it
    /// has a deadline of its own.
    mutating func settled(_ actions: [ClientAction], now: ContinuousClock.Instant) -> [ClientAction] {
        guard link.hasDialogue else { return actions }
        var actions = actions.filter { if case .deadline = $0 { false } else { true } }
        if actions.last == .close {
            let leave = link.release(now: now)
            if !link.isClosed {
                state = .leaving(isReleased: actions.contains(.released))
                actions.removeAll { $0 == .close || $0 == .released }
            }
            // Before callers are told, who may close the connection then.
            let told = actions.firstIndex { if case .send = $0 { false } else { true } } ?? actions.endIndex
            actions.insert(contentsOf: commands(leave), at: told)
        } else if case .leaving(let isReleased) = state, link.isClosed {
            state = .closed
            actions += isReleased ? [.released, .close] : [.close]
        } else {
            let output = link.awaits(isWaitingForServer, now: now)
            actions += commands(output)
            if let fault = output.fault { return settled(actions + linkFailed(fault), now: now) }
        }
        let next = [deadline, link.deadline].compactMap(\.self).min()
        guard next != announcedDeadline else { return actions }
        announcedDeadline = next
        return [.deadline(next)] + actions
    }

    /// Whether the server owes an answer.
    private var isWaitingForServer: Bool {
        guard waiting == nil else { return false }
        return switch state {
        case .associating, .authenticating, .exchanging, .abandoned, .releasing: true
        case .idle, .linking, .associated, .leaving, .closed: false
        }
    }

    /// Takes an APDU that came outside of the dialogue, so that it cannot be an answer.
    private mutating func outOfTurnReceived(_ apdu: [UInt8]) -> [ClientAction] {
        switch state {
        case .idle, .closed: return []
        case .linking, .associating, .authenticating, .associated, .exchanging, .abandoned, .releasing, .leaving:
            guard case .apdu(let plain, _) = protection.unprotect(apdu), !plain.isEmpty else { return [] }
            return [.unsolicited(association.unsolicited(plain))]
        }
    }

    /// A part of an answer has come: a slow line gets more time for the rest.
    private mutating func extendWait(now: ContinuousClock.Instant) -> [ClientAction] {
        switch state {
        case .associating, .authenticating, .exchanging:
            let limit = answerLimit(now)
            deadline = limit
            return [.deadline(limit)]
        case .idle, .linking, .associated, .abandoned, .releasing, .leaving, .closed: return []
        }
    }

    /// Invocation counters were reserved, as ``ClientAction/reserveCounters(minimum:)`` asked for.
    ///
    /// - Parameter counters: counters that nobody else has or will ever get.
    public mutating func countersReserved(
        _ counters: Range<UInt64>,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        protection.reserved(counters)
        guard let waiting else { return [] }
        self.waiting = nil
        switch waiting {
        case .associationRequest: return settled(sendAssociationRequest(now: now), now: now)
        case .apdu(let apdu): return settled(protectAndSend(apdu, now: now), now: now)
        }
    }

    /// No invocation counters could be reserved: the request that waits for them fails.
    public mutating func countersRefused(
        _ refusal: CounterRefusal,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        protection.refused()
        guard waiting != nil else { return [] }
        return settled(failCurrent { _ in .countersRefused(refusal) }, now: now)
    }

    /// Sends an APDU of a service down through all layers and waits for its answer.
    mutating func transmit(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        replay = nil
        deadline = answerLimit(now)
        return protectAndSend(apdu, now: now)
    }

    /// Sends an APDU that is complete, whatever protects it, and waits for its answer.
    mutating func sendUnprotected(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        let limit = answerLimit(now)
        deadline = limit
        guard goesInBlocks(apdu) else { return handDown([apdu], now: now) + [.deadline(limit)] }
        let length = blockLength
        return handDown(withBlocks { $0.begin(apdu, blockLength: length) }, now: now) + [.deadline(limit)]
    }

    /// Whether a request goes in general blocks.
    private func goesInBlocks(_ apdu: [UInt8]) -> Bool {
        guard case .exchanging = state else { return false }
        let longest = association.info.shortRequestLimit + association.info.protectionOverhead
        return switch association.info.generalBlockTransfer {
        case .never: false
        case .whereNeeded, .forLongRequests: apdu.count > longest
        case .always: true
        }
    }

    /// The most octets of content in a general block.
    private var blockLength: Int {
        let longest = association.info.shortRequestLimit + association.info.protectionOverhead
        return min(longest, WrapperFrame.longestPayload) - GeneralBlockTransferLayer.overhead
    }

    /// Asks for lost general blocks once more; nil when there is nothing to ask for, or no time.
    mutating func repeatBlocks(now: ContinuousClock.Instant) -> [ClientAction]? {
        guard case .exchanging = state, requestDeadline.map({ $0 > now }) ?? true, isInBlockTransfer,
            let repeated = withBlocks({ $0.silence() })
        else { return nil }
        let limit = answerLimit(now)
        deadline = limit
        return handDown(repeated, now: now) + [.deadline(limit)]
    }

    /// Passes a notification on, and confirms it if its sender wants that.
    ///
    /// Without an invocation counter at hand the confirmation is left out: the sender will repeat the notification.
    mutating func notified(_ message: UnsolicitedMessage, now: ContinuousClock.Instant) -> [ClientAction] {
        guard let confirmation = message.confirmation, case .ready(let octets) = protection.protect(confirmation.octets)
        else { return [.unsolicited(message)] }
        if isInBlocks, case .associated = state, isInBlockTransfer {
            let length = blockLength
            return handDown(withBlocks { $0.answer(octets, blockLength: length) }, now: now) + [.unsolicited(message)]
        }
        return handDown([octets], now: now) + [.unsolicited(message)]
    }

    /// Waits for invocation counters, if they are not on their way.
    mutating func waitForCounters(_ waiting: Waiting, count: Int, now: ContinuousClock.Instant) -> [ClientAction] {
        let limit = deadline ?? answerLimit(now)
        deadline = limit
        self.waiting = waiting
        return protection.reserve(count).map { [.reserveCounters(minimum: $0), .deadline(limit)] }
            ?? [.deadline(limit)]
    }

    private mutating func protectAndSend(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        switch protection.protect(apdu) {
        case .ready(let octets):
            let refill = protection.refill().map { [ClientAction.reserveCounters(minimum: $0)] } ?? []
            let sent = sendUnprotected(octets, now: now) + refill
            guard case .exchanging(let exchange, _) = state, exchange.isUnanswered else { return sent }
            state = .associated
            return sent + endWait() + [.completed(.sent)]
        case .needsCounters(let count): return waitForCounters(.apdu(apdu), count: count, now: now)
        case .failed(let error): return failCurrent { _ in error }
        }
    }

    /// Takes an APDU as it came from the link: whole, or a general block.
    private mutating func linkReceived(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        guard apdu.first == 0xE0 else { return wholeReceived(apdu, now: now) }
        let output = withBlocks { $0.received(apdu) }
        var actions = handDown(output.send, now: now)
        if let fault = output.fault {
            withBlocks { $0.reset() }
            return actions + failCurrent { _ in fault }
        }
        if let whole = output.apdu {
            guard !whole.isEmpty else { return actions }
            isInBlocks = true
            defer { isInBlocks = false }
            return actions + wholeReceived(whole, now: now)
        }
        // Each block is an answer, so the wait begins anew.
        if case .exchanging = state {
            let limit = answerLimit(now)
            deadline = limit
            actions.append(.deadline(limit))
        }
        return actions
    }

    /// Takes an APDU, protected or not.
    private mutating func wholeReceived(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        switch protection.unprotect(apdu) {
        case .apdu(let plain, let applied):
            // Protection may hold nothing at all, which layers above take for granted that it does not.
            guard !plain.isEmpty else { return failCurrent { .malformed(.emptyProtection, waitingFor: $0) } }
            noteAnswer(applied)
            return apduReceived(plain, isProven: applied.isAtLeast(protection.required), now: now)
        case .replayed(let error):
            if replay == nil { replay = error }
            return []
        case .ignored: return []
        case .failed(let error): return failCurrent { _ in error }
        }
    }

    private mutating func noteAnswer(_ applied: AppliedProtection) {
        association.info.lastServerCounter = protection.lastServerCounter
        guard case .exchanging = state else { return }
        let all = hasAnswer ? association.info.answerProtection.intersection(applied) : applied
        association.info.answerProtection = all
        hasAnswer = true
    }

    private func answerLimit(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let limit = now + association.settings.responseTimeout
        switch state {
        case .releasing: return now + association.settings.releaseTimeout
        case .exchanging: return requestDeadline.map { min(limit, $0) } ?? limit
        case .idle, .linking, .associating, .authenticating, .associated, .abandoned, .leaving, .closed: return limit
        }
    }

    private mutating func linkFailed(_ fault: ClientLink.Fault) -> [ClientAction] {
        switch state {
        case .idle, .associated:
            state = .closed
            return [.close]
        case .leaving, .closed: return []
        case .linking, .associating, .authenticating, .exchanging, .abandoned, .releasing:
            if fault == .silence { return silenceEnded() }
            return failCurrent { awaited in
                switch fault {
                case .octets(let error): .malformed(error, waitingFor: awaited)
                case .silence: .timeout(waitingFor: awaited)
                case .link(let fault): .linkFailed(fault, waitingFor: awaited)
                case .signOn(let error): error
                }
            }
        }
    }
}
