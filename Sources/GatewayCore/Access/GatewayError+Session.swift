// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import MeterSessions
import MeterTransport

extension GatewayError {
    /// What callers come to know of a failure of the connection manager.
    ///
    /// - Parameter waited: how long the caller wanted to wait.
    init(_ error: SessionError, _ context: ExchangeContext, waited: Duration) {
        let mayHaveActed = context.service != .get && error.transmission == .sent
        if mayHaveActed, error.leavesOutcomeOpen {
            self = .outcomeUnknown(context.meter, operation: context.service.rawValue)
            return
        }
        switch error {
        case .transport(let error): self.init(error, context)
        case .counters(let fault): self.init(fault, context)
        case .deadlinePassed(.queued, _): self = .lineBusy(context.meter, channel: context.channel)
        case .deadlinePassed, .cancelled: self = .waitExceeded(context.meter, waited: waited)
        case .queueFull(let limit): self = .queueFull(context.meter, limit: limit)
        case .breakerOpen(let until): self = .circuitOpen(context.meter, until: context.present.timestamp(of: until))
        case .channelHeld(let until, let reason):
            let moment = until.map { context.present.timestamp(of: $0) }
            let words = [moment.map { " until \($0.rfc3339)" }, reason.map { ", because \($0)" }].compactMap { $0 }
            self = .meterLocked(
                context.meter,
                reason: "the line \(context.channel) is held" + words.joined(),
                until: moment
            )
        case .channelDraining:
            self = .meterLocked(context.meter, reason: "the line \(context.channel) takes nothing new")
        case .draining: self = .draining
        case .heldElsewhere: self = .heldElsewhere(context.meter)
        case .unknownAssociation(let name): self = .associationUnknown(context.meter, name: name, known: [])
        }
    }
}

extension SessionError {
    /// Whether nobody waited for the answer any more.
    fileprivate var leavesOutcomeOpen: Bool {
        switch self {
        case .deadlinePassed, .cancelled: true
        case .transport, .counters, .queueFull, .breakerOpen, .channelHeld, .channelDraining, .draining,
            .heldElsewhere, .unknownAssociation:
            false
        }
    }
}
