// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet

extension GatewayError {
    /// What callers come to know of a failure of the store.
    ///
    /// - Parameter what: what kind of record is not removed because others need it.
    init(_ error: StoreError, removing what: String = "channel") {
        switch error {
        case .preconditionFailed(let current): self = .etagMismatch(current: current)
        case .referenceUnknown(let text): self = .channelUnknown(text: text)
        case .inUse(let others): self = .inUse(what: what, by: others)
        case .badCursor:
            self = .badParameter(name: "cursor", reason: "it was not given out here", suggestion: nil)
        case .sealing, .damaged: self = .internal(reason: "\(error)")
        case .unavailable(let reason): self = .storeUnavailable(reason: reason)
        }
    }
}
