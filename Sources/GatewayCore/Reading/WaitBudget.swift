// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How long a caller waits, counted from the arrival of the request.
public struct WaitBudget: Hashable, Sendable {
    /// When the waiting ends.
    public let deadline: ContinuousClock.Instant
    /// How long it was to begin with.
    public let length: Duration

    /// Begins to wait now.
    public init(_ length: Duration, from now: ContinuousClock.Instant = .now) {
        deadline = now + length
        self.length = length
    }
}
