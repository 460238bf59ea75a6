// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The time as sessions see it; tests pass one that they move by hand.
public struct SessionClock: Sendable {
    /// The time.
    public var now: @Sendable () -> ContinuousClock.Instant
    /// Returns at an instant, or throws when its task is cancelled before.
    public var sleep: @Sendable (ContinuousClock.Instant) async throws -> Void

    /// Makes a clock.
    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (ContinuousClock.Instant) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The system's clock.
    public static let continuous = SessionClock(
        now: { .now },
        sleep: { try await ContinuousClock().sleep(until: $0) }
    )
}
