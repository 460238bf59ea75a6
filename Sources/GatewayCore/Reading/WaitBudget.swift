// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Who waits, and for how long, counted from the arrival of the request.
public struct WaitBudget: Hashable, Sendable {
    /// When the waiting ends.
    public let deadline: ContinuousClock.Instant
    /// How long it was to begin with.
    public let length: Duration
    /// On whose behalf meters are asked; callers with work of the same priority take turns on a line.
    public let caller: String

    /// Begins to wait now.
    public init(_ length: Duration, caller: String = "", from now: ContinuousClock.Instant = .now) {
        deadline = now + length
        self.length = length
        self.caller = caller
    }
}
