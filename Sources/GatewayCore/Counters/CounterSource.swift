// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import MeterTransport

/// The counters of one association, which come from the custodian.
struct CounterSource: InvocationCounterSource {
    let custodian: CounterCustodian
    let id: InvocationCounterID

    func reserve(_ count: Int) async throws(InvocationCounterError) -> Range<UInt64> {
        do throws(CounterStoreError) {
            return try await custodian.reserve(id, count: count)
        } catch {
            switch error {
            case .exhausted: throw InvocationCounterError(.exhausted)
            case .beyondLimit, .store: throw InvocationCounterError(.notStored)
            }
        }
    }
}
