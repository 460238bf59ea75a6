// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// Tells the time of day and wakes at a time of day; passed in, so that tests own the time.
public protocol WallClock: Sendable {
    /// The present moment.
    func now() -> Timestamp

    /// Returns when `deadline` has passed.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    func sleep(until deadline: Timestamp) async throws
}

/// The clock of the machine.
public struct SystemWallClock: WallClock {
    /// Makes the clock of the machine.
    public init() {}

    /// The present moment, as the operating system has it.
    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Returns when `deadline` has passed, also when the machine's clock is set meanwhile.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    public func sleep(until deadline: Timestamp) async throws {
        while true {
            let remaining = deadline - now()
            guard remaining > .zero else { return }
            // In pieces, so that a clock set forward is noticed within a minute.
            try await Task.sleep(for: min(remaining, Duration.seconds(60)), clock: .continuous)
        }
    }
}
