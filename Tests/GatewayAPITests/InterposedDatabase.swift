// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore
import Synchronization

/// A database before whose next write something happens.
final class InterposedDatabase: DatabaseInFront {
    /// A function of its own type: a lock around the bare function would wrap it once more at each look.
    private struct Event {
        var body: (@Sendable () async throws -> Void)?
    }

    let database: any SQLDatabase
    private let event: Mutex<Event>

    init(_ database: any SQLDatabase, beforeNextWrite event: @escaping @Sendable () async throws -> Void) {
        self.database = database
        self.event = Mutex(Event(body: event))
    }

    func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        let event = self.event.withLock { event in
            defer { event.body = nil }
            return event.body
        }
        try await event?()
        return try await database.write(isolation, body)
    }
}
