// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore
import Synchronization

/// A database that counts how often it is read and written.
final class CountingDatabase: SQLDatabase {
    private let database: any SQLDatabase
    private let readCount = Atomic<Int>(0)
    private let writeCount = Atomic<Int>(0)
    private let listening = AsyncStream.makeStream(of: Void.self)

    init(_ database: any SQLDatabase) {
        self.database = database
    }

    var reads: Int { readCount.load(ordering: .relaxed) }
    var writes: Int { writeCount.load(ordering: .relaxed) }

    var dialect: Dialect { database.dialect }

    /// Returns when somebody listens to what happens in the database.
    func awaitListener() async {
        for await _ in listening.stream { return }
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        readCount.add(1, ordering: .relaxed)
        return try await database.read(body)
    }

    func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        writeCount.add(1, ordering: .relaxed)
        return try await database.write(isolation, body)
    }

    func notifications(on channel: String) -> AsyncStream<SQLNotification> {
        listening.continuation.yield()
        return database.notifications(on: channel)
    }

    func close() async throws(SQLError) {
        try await database.close()
    }
}
