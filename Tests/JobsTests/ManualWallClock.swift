// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Foundation
import Timekeeping

/// A clock that stands still until a test moves it; sleepers wake when their moment is reached.
final class ManualWallClock: WallClock, @unchecked Sendable {
    private struct Sleeper {
        let deadline: Timestamp
        let continuation: CheckedContinuation<Void, any Error>
    }

    // Every access to the three is made while holding the lock.
    private let lock = NSLock()
    private var time: Timestamp
    private var sleepers: [UUID: Sleeper] = [:]

    init(at start: Timestamp) {
        time = start
    }

    func now() -> Timestamp { lock.withLock { time } }

    func sleep(until deadline: Timestamp) async throws {
        let id = UUID()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver: Bool? = lock.withLock {
                    if Task.isCancelled { return nil }
                    if deadline <= time { return true }
                    sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    return false
                }
                switch isOver {
                case nil: continuation.resume(throwing: CancellationError())
                case true?: continuation.resume()
                case false?: break
                }
            }
        } onCancel: {
            lock.withLock { sleepers.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
        }
    }

    func advance(by duration: Duration) {
        let woken = lock.withLock {
            time = time + duration
            let due = sleepers.filter { $0.value.deadline <= time }
            for id in due.keys { sleepers[id] = nil }
            return due.values
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }
}
