// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The way of APDUs through the layers.
///
/// ```
///  exchange ──transmit──► protection ──sendUnprotected──► link ──► transport
///  exchange ◄─apduReceived─ protection ◄─linkReceived─── link ◄── transport
/// ```
extension ClientMachine {
    /// Octets came from the meter.
    public mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        let output = link.received(octets)
        var actions: [ClientAction] = []
        for apdu in output.apdus {
            actions += linkReceived(apdu, now: now)
        }
        if let fault = output.fault { actions += linkFailed(fault) }
        return actions
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
        case .associationRequest: return sendAssociationRequest(now: now)
        case .apdu(let apdu): return protectAndSend(apdu, now: now)
        }
    }

    /// No invocation counters could be reserved: the request that waits for them fails.
    public mutating func countersRefused(
        _ refusal: CounterRefusal,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        protection.refused()
        guard waiting != nil else { return [] }
        return failCurrent { _ in .countersRefused(refusal) }
    }

    /// Sends an APDU of a service down through all layers and waits for its answer.
    mutating func transmit(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        deadline = answerLimit(now)
        return protectAndSend(apdu, now: now)
    }

    /// Sends an APDU that is complete, whatever protects it, and waits for its answer.
    mutating func sendUnprotected(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        let limit = answerLimit(now)
        deadline = limit
        return [.send(link.frame(apdu).send), .deadline(limit)]
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
            return sendUnprotected(octets, now: now) + refill
        case .needsCounters(let count): return waitForCounters(.apdu(apdu), count: count, now: now)
        case .failed(let error): return failCurrent { _ in error }
        }
    }

    /// Takes an APDU as it came, protected or not.
    private mutating func linkReceived(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        switch protection.unprotect(apdu) {
        case .apdu(let plain, let applied):
            noteAnswer(applied)
            return apduReceived(plain, now: now)
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
        case .idle, .associating, .authenticating, .associated, .abandoned, .closed: return limit
        }
    }

    private mutating func linkFailed(_ fault: DecodeError) -> [ClientAction] {
        switch state {
        case .idle, .associated:
            state = .closed
            return [.close]
        case .associating, .authenticating, .exchanging, .abandoned, .releasing, .closed:
            return failCurrent { .malformed(fault, waitingFor: $0) }
        }
    }
}
