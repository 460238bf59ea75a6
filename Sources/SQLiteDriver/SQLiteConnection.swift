// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GRDB
import SQLStore

/// The database inside a transaction.
struct SQLiteConnection: SQLConnection {
    let database: Database
    private let outbox: Outbox

    init(_ database: Database, outbox: Outbox) {
        self.database = database
        self.outbox = outbox
    }

    func query(_ sql: String, _ binds: SQLBinds) throws(SQLError) -> [SQLRow] {
        do {
            let statement = try prepare(sql, binds)
            let columns = statement.columnNames
            var rows: [SQLRow] = []
            let cursor = try Row.fetchCursor(statement)
            while let row = try cursor.next() {
                rows.append(SQLRow(columns: columns, values: try columns.indices.map { try Self.value(row[$0]) }))
            }
            return rows
        } catch {
            throw SQLError(sqlite: error)
        }
    }

    func execute(_ sql: String, _ binds: SQLBinds) throws(SQLError) -> Int {
        do {
            try prepare(sql, binds).execute()
            return database.changesCount
        } catch {
            throw SQLError(sqlite: error)
        }
    }

    func runScript(_ sql: String) throws(SQLError) {
        do {
            try database.execute(sql: sql)
        } catch {
            throw SQLError(sqlite: error)
        }
    }

    func notify(_ channel: String, _ payload: String) throws(SQLError) {
        outbox.messages.append((channel, payload))
    }

    private func prepare(_ sql: String, _ binds: SQLBinds) throws -> Statement {
        let statement = try database.cachedStatement(sql: sql)
        try statement.setArguments(StatementArguments(binds.mapValues(Self.value)))
        return statement
    }

    private static func value(_ value: SQLValue) -> DatabaseValue {
        switch value {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        }
    }

    private static func value(_ value: DatabaseValue) throws(SQLError) -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .double(let number): .real(number)
        case .string(let text): .text(text)
        case .blob: throw .unexpectedResult(reason: "a column holds octets, which no column does")
        }
    }
}

/// The messages that a transaction sends when it commits.
final class Outbox {
    var messages: [(channel: String, payload: String)] = []
}

extension SQLError {
    /// Takes an error that is ours already as it is, and puts GRDB's errors in our words.
    static func translating(_ error: any Error) -> any Error {
        error is DatabaseError ? SQLError(sqlite: error) : error
    }

    /// Puts an error of GRDB's in our words; statements and values stay out of it.
    init(sqlite error: any Error) {
        guard let error = error as? DatabaseError else {
            self = (error as? SQLError) ?? .unavailable(reason: "\(type(of: error))")
            return
        }
        let reason = "\(error.message ?? "no message") (\(error.extendedResultCode.rawValue))"
        self =
            switch error.resultCode {
            case .SQLITE_CONSTRAINT: .constraint(reason: reason)
            case .SQLITE_BUSY: .locked(reason: reason)
            case .SQLITE_ERROR, .SQLITE_MISUSE, .SQLITE_RANGE: .badStatement(reason: reason)
            default: .unavailable(reason: reason)
            }
    }
}
