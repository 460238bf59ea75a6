// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import MeterSessions

extension GatewayError {
    /// What callers come to know when a connection got no counters.
    init(_ refusal: CounterRefusal, _ meter: MeterID) {
        self =
            switch refusal {
            case .exhausted: .invocationCounterRejected(meter, .exhausted)
            case .notStored: .storeUnavailable(reason: "invocation counters could not be reserved")
            case .late: .storeUnavailable(reason: "invocation counters were not reserved in time")
            case .noSource: .internal(reason: "nobody keeps invocation counters for this association")
            }
    }

    /// What callers come to know when there are no counters for an association.
    init(_ fault: CounterFault, _ context: ExchangeContext) {
        let meter = context.meter
        let association = context.association
        switch fault {
        case .exhausted: self = .invocationCounterRejected(meter, .exhausted)
        case .notStored(let reason): self = .storeUnavailable(reason: reason)
        case .jumpTooLong(let from, let to, let allowed), .jumpsTooLongTogether(let from, let to, let allowed):
            self = .invocationCounterRejected(
                meter,
                .tooFarAhead(association: association, next: from, expected: to, allowed: allowed)
            )
        case .jumpsTooFrequent(let perDay):
            self = .invocationCounterRejected(meter, .tooOftenAhead(association: association, perDay: perDay))
        case .objectUnreadable(let object, let client, let reason):
            let words =
                switch reason {
                case .refused(let result): result
                case .noCounter: "its value is no counter"
                case .transport(let error): GatewayError(error, context).detail
                }
            self = .invocationCounterRejected(
                meter,
                .objectUnreadable(object: object, client: client, reason: words)
            )
        }
    }
}
