// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs

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

/// Has the store do something; what it fails with comes out in words for callers.
///
/// - Parameter what: what kind of record is not removed because others need it.
nonisolated(nonsending) func translating<Value: Sendable>(
    _ work: @autoclosure () async throws(StoreError) -> Value,
    removing what: String = "channel"
) async throws(GatewayError) -> Value {
    do throws(StoreError) {
        return try await work()
    } catch {
        throw GatewayError(error, removing: what)
    }
}

/// Has the store of jobs do something; what it fails with comes out in words for callers.
///
/// - Parameters:
///   - job: the job that it is about, as the caller names it; empty when there is none.
///   - operation: what the caller wants of the job.
nonisolated(nonsending) func translating<Value: Sendable>(
    _ work: @autoclosure () async throws(JobStoreError) -> Value,
    job: String = "",
    operation: String
) async throws(GatewayError) -> Value {
    do throws(JobStoreError) {
        return try await work()
    } catch {
        throw GatewayError(error, job: job, operation: operation)
    }
}
