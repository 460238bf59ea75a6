// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore
import Synchronization

/// A database that a test can keep from writing, as a slow disk does; who reads is not kept.
final class HeldDatabase: DatabaseInFront {
    private struct State {
        var isHeld = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let database: any SQLDatabase
    private let state = Mutex(State())
    private let writers = AsyncStream<Void>.makeStream()

    init(_ database: any SQLDatabase) {
        self.database = database
    }

    /// Lets no transaction begin that writes.
    func hold() { state.withLock { $0.isHeld = true } }

    /// Waits until somebody wants to write while it is held.
    func someoneWrites() async {
        for await _ in writers.stream { return }
    }

    /// Lets them begin again.
    func letGo() {
        let waiting = state.withLock { state in
            state.isHeld = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for writer in waiting { writer.resume() }
    }

    func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                if state.isHeld { state.waiting.append(continuation) }
                return state.isHeld
            }
            if isHeld { writers.continuation.yield() } else { continuation.resume() }
        }
        return try await database.write(isolation, body)
    }
}
