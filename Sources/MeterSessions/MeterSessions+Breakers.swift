// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterTransport

/// Leaving alone what keeps failing: a meter that does not answer, a line that cannot be opened.
///
/// One dead meter does not keep a line from the others on it, because only its own requests are refused.
extension MeterSessions {
    /// Until when a piece of work is refused; nil if it may be tried.
    ///
    /// Urgent work and checks always may.
    func refusal(of work: PendingWork, _ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard work.priority < PriorityLanes<PendingWork>.highest, !work.isCheck else { return nil }
        let meter = meters[work.route.meter]?.breaker?.refusal(now)
        let line = lineBreakers[work.route.medium]?.refusal(now)
        guard let meter, let line else { return meter ?? line }
        return max(meter, line)
    }

    /// Takes note of a failure, which may be one too many.
    func noteBlame(_ work: PendingWork, _ error: SessionError, _ channel: ChannelState) {
        let policy = work.route.breaker ?? options.breaker
        let now = clock.now()
        let hasOpened: Bool
        switch error.blame {
        case .line:
            hasOpened = lineBreakers[work.route.medium, default: Breaker()]
                .failed(policy, now: now, chance: chance())
        case .meter:
            noteLineOpened(work)
            var breaker = meters[work.route.meter]?.breaker ?? Breaker()
            hasOpened = breaker.failed(policy, now: now, chance: chance())
            if hasOpened, breaker.pauses == 1 { pausedMeters += 1 }
            meters[work.route.meter]?.breaker = breaker
        case .nobody:
            noteAnswer(work)
            hasOpened = false
        case .unknown: hasOpened = false
        }
        guard hasOpened else { return }
        counts.breakersOpened += 1
        for other in withdraw(channel, where: { refusal(of: $0, now) != nil }) {
            refuse(other, channel, now)
        }
    }

    /// The line was opened.
    func noteLineOpened(_ work: PendingWork) {
        if !lineBreakers.isEmpty { lineBreakers[work.route.medium] = nil }
    }

    /// The meter answered.
    func noteAnswer(_ work: PendingWork) {
        noteLineOpened(work)
        guard let breaker = meters[work.route.meter]?.breaker else { return }
        if breaker.pauses > 0 { pausedMeters -= 1 }
        meters[work.route.meter]?.breaker = nil
    }

    /// Fails a piece of work that is not to be tried.
    func refuse(_ work: PendingWork, _ channel: ChannelState, _ now: ContinuousClock.Instant) {
        counts.breakerRefusals += 1
        end(work, channel, with: .breakerOpen(until: refusal(of: work, now) ?? now))
    }
}

extension SessionError {
    /// What a failure says about a meter and its line.
    enum Blame {
        /// The line could not be opened.
        case line
        /// The line was open, and the meter did not answer on it.
        case meter
        /// The meter answered, though not as it was wished.
        case nobody
        /// Nothing can be said.
        case unknown
    }

    /// What the failure says about meter and line.
    var blame: Blame {
        switch self {
        case .transport(let error): error.blame
        case .counters(.objectUnreadable(_, _, .transport(let error))): error.blame
        case .counters, .deadlinePassed, .cancelled, .queueFull, .breakerOpen, .channelHeld, .channelDraining,
            .draining, .heldElsewhere, .unknownAssociation:
            .unknown
        }
    }
}

extension TransportError {
    fileprivate var blame: SessionError.Blame {
        switch reason {
        case .nameNotResolved, .refused, .connectTimeout, .unreachable, .portNotOpened, .tlsRefused, .converterRefused,
            .modem:
            .line
        case .answerTimeout, .closedByPeer: .meter
        case .engine(let error): error.precedesRequest ? .unknown : .nobody
        // To see that a meter has not dialled in costs nothing, and it may do so any moment.
        case .notDialledIn: .unknown
        case .notBound, .cancelled: .unknown
        }
    }
}
