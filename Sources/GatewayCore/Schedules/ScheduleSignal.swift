// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Tells the scheduler of this process that a schedule was changed.
public final class ScheduleSignal: Sendable {
    let changes: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Makes the scheduler look.
    func raise() {
        continuation.yield()
    }
}
