// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Foundation
import SQLStore

/// A database one of whose transactions stands still after a statement, until it is let go on.
final class HeldDatabase: DatabaseInFront {
    let database: any SQLDatabase
    private let holdsAfter: @Sendable (String) -> Bool
    private let isHeld = Protected(false)
    private let runs = Protected(0)
    private let arrival = AsyncStream.makeStream(of: Void.self)
    private let gate = DispatchSemaphore(value: 0)

    /// Makes one that holds the first transaction with such a statement.
    init(_ database: any SQLDatabase, after statement: @escaping @Sendable (String) -> Bool) {
        self.database = database
        holdsAfter = statement
    }

    /// How many transactions were run; what the database undid and was run again counts each time.
    var transactions: Int { runs.value }

    /// Returns when a transaction stands still.
    func awaitStandstill() async {
        for await _ in arrival.stream { return }
    }

    /// Lets the transaction go on.
    func letGo() {
        gate.signal()
    }

    /// Returns when a transaction of PostgreSQL waits for another one, or is over already.
    func awaitLock(orEndOf isOver: Protected<Bool>) async throws {
        while !isOver.value {
            try Task.checkCancellation()
            let waiting = try await database.read { connection in
                try connection.query(
                    """
                    SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """,
                    [:]
                )
            }
            if !waiting.isEmpty { return }
        }
    }

    func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await database.write(isolation) { [self] connection in
            runs.change { $0 += 1 }
            return try body(HeldConnection(connection: connection, database: self))
        }
    }

    fileprivate func hold(after statement: String) {
        guard holdsAfter(statement) else { return }
        var isFirst = false
        isHeld.change {
            isFirst = !$0
            $0 = true
        }
        guard isFirst else { return }
        arrival.continuation.yield()
        gate.wait()
    }
}

private struct HeldConnection: SQLConnection {
    let connection: any SQLConnection
    let database: HeldDatabase

    func query(_ sql: String, _ binds: SQLBinds) throws(SQLError) -> [SQLRow] {
        let rows = try connection.query(sql, binds)
        database.hold(after: sql)
        return rows
    }

    func execute(_ sql: String, _ binds: SQLBinds) throws(SQLError) -> Int {
        let count = try connection.execute(sql, binds)
        database.hold(after: sql)
        return count
    }

    func runScript(_ sql: String) throws(SQLError) {
        try connection.runScript(sql)
    }

    func insert(_ rows: SQLRows, into table: String, conflict: SQLConflict) throws(SQLError) -> Int {
        try connection.insert(rows, into: table, conflict: conflict)
    }

    func notify(_ channel: String, _ payload: String) throws(SQLError) {
        try connection.notify(channel, payload)
    }
}
