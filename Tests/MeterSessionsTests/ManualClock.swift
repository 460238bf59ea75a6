// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterSessions
import Synchronization

/// A clock that stands still until it is moved.
final class ManualClock: Sendable {
    private struct Sleeper {
        var instant: ContinuousClock.Instant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Content {
        var now = ContinuousClock.now
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
    }

    private let content = Mutex(Content())

    var now: ContinuousClock.Instant { content.withLock { $0.now } }

    var sessionClock: SessionClock {
        SessionClock(now: { self.now }, sleep: { try await self.sleep(until: $0) })
    }

    func advance(by duration: Duration) {
        let due = content.withLock { content in
            content.now += duration
            let due = content.sleepers.filter { $0.value.instant <= content.now }
            for id in due.keys { content.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    private func sleep(until instant: ContinuousClock.Instant) async throws {
        let id = content.withLock { content in
            content.nextID += 1
            return content.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result: Result<Void, any Error>? = content.withLock { content in
                    if content.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if instant <= content.now { return .success(()) }
                    content.sleepers[id] = Sleeper(instant: instant, continuation: continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let sleeper = content.withLock { content in
                if content.sleepers[id] == nil { content.cancelled.insert(id) }
                return content.sleepers.removeValue(forKey: id)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
