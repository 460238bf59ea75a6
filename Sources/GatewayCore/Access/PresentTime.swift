// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// One moment on both clocks, so that instants of the connection manager can be told as times of day.
struct PresentTime: Sendable {
    let instant: ContinuousClock.Instant
    let timestamp: Timestamp

    /// Looks at both clocks.
    init(_ clock: any WallClock = SystemWallClock()) {
        instant = .now
        timestamp = clock.now()
    }

    /// The time of day of an instant.
    func timestamp(of other: ContinuousClock.Instant) -> Timestamp {
        timestamp + instant.duration(to: other)
    }

    /// The instant of a time of day.
    func instant(of other: Timestamp) -> ContinuousClock.Instant {
        instant + (other - timestamp)
    }
}
