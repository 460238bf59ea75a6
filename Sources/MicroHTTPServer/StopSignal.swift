// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// An event that happens once; whoever waits for it goes on when it has happened, cancelled or not.
final class StopSignal: Sendable {
    private struct State {
        var hasHappened = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// The event happens.
    func signal() {
        let waiting = state.withLock { state in
            state.hasHappened = true
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when the event has happened.
    func wait() async {
        await withCheckedContinuation { continuation in
            let hasHappened = state.withLock { state in
                if !state.hasHappened { state.waiting.append(continuation) }
                return state.hasHappened
            }
            if hasHappened { continuation.resume() }
        }
    }
}
