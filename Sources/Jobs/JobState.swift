// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where a job stands.
///
/// ```
///  awaiting-confirmation ─┬─> scheduled ──> queued ──> running ──> succeeded | partially-succeeded | failed
///                         └──────────────────┘  ^  └─────┬─┘
///                                               └ paused ┘
///  every state on the left ──> cancelled | expired
/// ```
public enum JobState: String, CaseIterable, Hashable, Sendable {
    /// Somebody has to confirm it first.
    case awaitingConfirmation = "awaiting-confirmation"
    /// Its time has not come.
    case scheduled
    /// None of its executions has begun.
    case queued
    /// At least one execution has begun.
    case running
    /// Held by an operator; what has begun is finished, nothing begins.
    case paused
    /// Every execution succeeded.
    case succeeded
    /// Some executions succeeded, others did not or are unknown for good.
    case partiallySucceeded = "partially-succeeded"
    /// No execution succeeded, or too many failed.
    case failed
    /// Cancelled before all executions were done.
    case cancelled
    /// Its time ran out before anything was done.
    case expired

    /// Whether the state never changes again.
    public var isFinal: Bool {
        switch self {
        case .awaitingConfirmation, .scheduled, .queued, .running, .paused: false
        case .succeeded, .partiallySucceeded, .failed, .cancelled, .expired: true
        }
    }

    /// Whether its executions may begin.
    public var isActive: Bool { self == .queued || self == .running }
}

/// Where one execution of a job stands: the job's work on one target.
public enum ExecutionState: String, CaseIterable, Hashable, Sendable {
    /// Not begun, or given back untouched.
    case queued
    /// A runner works on it.
    case running
    /// To be tried again: the line was busy, the meter left alone, or a failure was safe to repeat.
    case waitingForMeter = "waiting-for-meter"
    /// Something was sent that changes the meter and no answer came; to be resolved by reading, never by repeating.
    case outcomeUnknown = "outcome-unknown"
    /// Done.
    case succeeded
    /// Failed for good.
    case failed
    /// Cancelled before it began.
    case cancelled
    /// Its time ran out before anything was sent.
    case expired
}
