// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore

/// A database in front of another one: what a test does not change goes through.
protocol DatabaseInFront: SQLDatabase {
    /// The database behind it.
    var database: any SQLDatabase { get }
}

extension DatabaseInFront {
    var dialect: Dialect { database.dialect }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await database.read(body)
    }

    func notifications(on channel: String) -> AsyncStream<SQLNotification> { database.notifications(on: channel) }

    func close() async throws(SQLError) { try await database.close() }
}
