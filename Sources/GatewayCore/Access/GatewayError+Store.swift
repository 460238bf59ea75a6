// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet

extension GatewayError {
    /// What callers come to know of a failure of the store.
    init(_ error: StoreError) {
        switch error {
        case .preconditionFailed(let current): self = .etagMismatch(current: current)
        case .referenceUnknown(let text): self = .channelUnknown(text: text)
        case .inUse(let others): self = .inUse(what: "channel", by: others)
        case .badCursor:
            self = .badParameter(name: "cursor", reason: "it was not given out here", suggestion: nil)
        case .sealing, .damaged: self = .internal(reason: "\(error)")
        case .unavailable(let reason): self = .storeUnavailable(reason: reason)
        }
    }
}
