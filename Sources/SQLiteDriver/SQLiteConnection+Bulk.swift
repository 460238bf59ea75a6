// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GRDB
import GRDBSQLite
import SQLStore

extension SQLiteConnection {
    func insert(_ rows: SQLRows, into table: String, conflict: SQLConflict) throws(SQLError) -> Int {
        guard rows.count > 0 else { return 0 }
        let columns = rows.columns
        let sql = """
            INSERT INTO \(table) (\(columns.joined(separator: ", ")))
            VALUES (\(columns.map { _ in "?" }.joined(separator: ", "))) \(conflict.clause(table: table, columns: columns))
            """
        let statement: Statement
        do {
            statement = try database.cachedStatement(sql: sql)
        } catch {
            throw SQLError(sqlite: error)
        }
        // GRDB's own binding costs more than the insertion itself; it is asked again for its next use of the statement.
        let handle = statement.sqliteStatement
        let access = sqlite3_db_handle(handle)
        defer {
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        let before = sqlite3_total_changes(access)
        try rows.values.withUnsafeBufferPointer { values throws(SQLError) in
            for start in stride(from: 0, to: values.count, by: columns.count) {
                sqlite3_reset(handle)
                for column in columns.indices {
                    guard Self.bind(values[start + column], at: Int32(column + 1), of: handle) == SQLITE_OK else {
                        throw Self.failure(access)
                    }
                }
                guard sqlite3_step(handle) == SQLITE_DONE else { throw Self.failure(access) }
            }
        }
        return Int(sqlite3_total_changes(access) - before)
    }

    private static func bind(_ value: SQLValue, at index: Int32, of statement: OpaquePointer) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(statement, index)
        case .integer(let number): return sqlite3_bind_int64(statement, index, number)
        case .real(let number): return sqlite3_bind_double(statement, index, number)
        case .text(var text):
            return text.withUTF8 { octets in
                // An empty buffer may have no address, which SQLite would take for null.
                guard let base = octets.baseAddress else {
                    return sqlite3_bind_text(statement, index, "", 0, transient)
                }
                return base.withMemoryRebound(to: CChar.self, capacity: octets.count) { characters in
                    sqlite3_bind_text(statement, index, characters, Int32(clamping: octets.count), transient)
                }
            }
        }
    }

    /// Tells SQLite to take a copy.
    private static var transient: sqlite3_destructor_type {
        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }

    private static func failure(_ access: OpaquePointer?) -> SQLError {
        SQLError(
            sqlite: DatabaseError(
                resultCode: ResultCode(rawValue: sqlite3_extended_errcode(access)),
                message: String(cString: sqlite3_errmsg(access))
            )
        )
    }
}
