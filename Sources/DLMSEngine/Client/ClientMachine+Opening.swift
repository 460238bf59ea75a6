// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Opening an association: request, response, and the answers to challenges.
extension ClientMachine {
    /// The transport is connected: the link is set up if it has to be, and the association is asked for.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - randomness: what challenge and keys are made of; nil when ``AssociationSettings/needsRandomness`` is false.
    public mutating func connected(
        now: ContinuousClock.Instant,
        randomness: AssociationRandomness? = nil
    ) -> [ClientAction] {
        guard case .idle = state else { return [] }
        state = .linking
        switch protection.prepare(randomness) {
        case .success(let challenge): association.challenge = challenge
        case .failure(let error): return failAssociation(error)
        }
        return settled(linkDid(link.connected(now: now), now: now), now: now)
    }

    /// The link is open: the association is asked for.
    mutating func linkOpened(now: ContinuousClock.Instant) -> [ClientAction] {
        state = .associating
        guard !association.settings.isPreEstablished else {
            association.presume(protection)
            state = .associated
            return [.associated(association.info)]
        }
        return requestAssociation(now: now)
    }

    /// Asks for the association, as soon as there are invocation counters for it.
    private mutating func requestAssociation(now: ContinuousClock.Instant) -> [ClientAction] {
        let counters = protection.countersToOpen
        guard counters <= protection.countersLeft else {
            return waitForCounters(.associationRequest, count: counters, now: now)
        }
        return sendAssociationRequest(now: now)
    }

    /// Sends the AARQ.
    mutating func sendAssociationRequest(now: ContinuousClock.Instant) -> [ClientAction] {
        switch association.request(&protection) {
        case .success(let apdu): return sendUnprotected(apdu, now: now)
        case .failure(let error): return failAssociation(error)
        }
    }

    /// Takes the answer to the AARQ.
    mutating func associationResponseReceived(_ apdu: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        switch association.responseReceived(apdu, &protection) {
        case .success(.open):
            state = .associated
            return endWait() + [.associated(association.info)]
        case .success(.challenged(let request)):
            let (exchange, step) = ClientExchange.start(request, streams: false, &association)
            guard let exchange, case .send(let proof, _) = step else { return failAssociation(.notReady) }
            state = .authenticating(exchange)
            return transmit(proof, now: now)
        case .failure(let error):
            guard association.mayUseShortNames(after: error) else { return failAssociation(error) }
            // There is no association after a rejection, so that the connection may serve for another attempt.
            association.useShortNames()
            return endWait() + requestAssociation(now: now)
        }
    }

    /// Takes the answer to our proof, which is the server's own proof.
    mutating func authenticationReceived(
        _ apdu: [UInt8],
        _ exchange: ClientExchange,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        if let error = ServerRefusal.error(in: apdu, awaiting: .authenticationResponse) {
            return failAssociation(error)
        }
        var exchange = exchange
        switch exchange.received(apdu, &association).0 {
        case .ignored: return []
        case .send(let next, _):
            state = .authenticating(exchange)
            return transmit(next, now: now)
        case .failed(let error): return failAssociation(error)
        case .completed(let response):
            if let error = association.proofReceived(response) { return failAssociation(error) }
            state = .associated
            return endWait() + [.associated(association.info)]
        }
    }
}
