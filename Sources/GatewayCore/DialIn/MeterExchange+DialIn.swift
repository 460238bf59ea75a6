// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import MeterSessions
import MeterTransport

extension MeterExchange {
    /// What callers come to know when a meter that dials in has not; nil for every other failure.
    func notConnected(_ error: SessionError, _ memory: MeterMemory) -> GatewayError? {
        guard case .standing(let identity) = memory.route.medium, let lines = access.standingLines else { return nil }
        switch error {
        case .transport(let failure):
            guard case .notDialledIn = failure.reason else { return nil }
        case .deadlinePassed(.queued, .notSent), .deadlinePassed(.connecting, .notSent): break
        default: return nil
        }
        let status = lines.status(of: identity)
        guard !status.isConnected else { return nil }
        return .meterNotConnected(
            memory.id,
            identity: identity,
            lastSeen: status.lastSeen.map { PresentTime(clock).timestamp(of: $0) }
        )
    }
}
