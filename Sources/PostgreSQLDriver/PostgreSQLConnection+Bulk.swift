// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CLibPQ
import SQLStore

extension PostgreSQLConnection {
    /// From this many rows on, COPY pays off although it takes more round trips.
    private static let leastForCopy = 500
    /// How many rows one INSERT takes.
    private static let mostPerInsert = 1000

    func insert(_ rows: SQLRows, into table: String, conflict: SQLConflict) throws(SQLError) -> Int {
        guard rows.count > 0 else { return 0 }
        do throws(ServerFailure) {
            guard rows.count >= Self.leastForCopy else { return try insert(rows, into: table, conflict) }
            switch conflict {
            case .fail: return try copy(rows, into: table)
            // COPY is three times as fast as passing over single rows, and mostly all rows are new.
            case .ignore:
                if let count = try copyIfNew(rows, into: table) { return count }
            case .replace: break
            }
            return try insert(rows, into: table, conflict)
        } catch {
            throw session.fail(error).error
        }
    }

    /// Copies rows unless one of them is there already, which gives nil.
    private func copyIfNew(_ rows: SQLRows, into table: String) throws(ServerFailure) -> Int? {
        try session.simple("SAVEPOINT bulk")
        do throws(ServerFailure) {
            let count = try copy(rows, into: table)
            try session.simple("RELEASE SAVEPOINT bulk")
            return count
        } catch {
            guard error.state == "23505" else { throw error }
            session.overcome()
            try session.simple("ROLLBACK TO SAVEPOINT bulk; RELEASE SAVEPOINT bulk")
            return nil
        }
    }

    private func copy(_ rows: SQLRows, into table: String) throws(ServerFailure) -> Int {
        try session.copy("COPY \(table) (\(rows.columns.joined(separator: ", "))) FROM STDIN") { send in
            let width = rows.columns.count
            var buffer = BulkText()
            for start in stride(from: 0, to: rows.values.count, by: width) {
                for index in start..<(start + width) {
                    buffer.appendForCopy(rows.values[index], isLast: index == start + width - 1)
                }
                if buffer.octets.count > 60_000 {
                    guard send(buffer.octets) else { return }
                    buffer.octets.removeAll(keepingCapacity: true)
                }
            }
            _ = send(buffer.octets)
        }
    }

    /// Inserts rows by one array for each column, so that the statement is the same for any number of rows.
    private func insert(_ rows: SQLRows, into table: String, _ conflict: SQLConflict) throws(ServerFailure) -> Int {
        let names = rows.columns.joined(separator: ", ")
        let types = try columnTypes(table, names)
        let arrays = types.enumerated().map {
            "$\($0.offset + 1)::\((ColumnType(rawValue: $0.element) ?? .text).array)"
        }
        let statement = try session.prepare(
            """
            INSERT INTO \(table) (\(names)) SELECT * FROM unnest(\(arrays.joined(separator: ", ")))
            \(conflict.clause(table: table, columns: rows.columns))
            """
        )
        var written = 0
        for first in stride(from: 0, to: rows.count, by: Self.mostPerInsert) {
            var parameters = ParameterBuffer()
            for column in rows.columns.indices {
                var array = BulkText()
                for row in first..<min(first + Self.mostPerInsert, rows.count) {
                    try array.appendToArray(rows.values[row * rows.columns.count + column])
                }
                parameters.append(array.array)
            }
            let result = try session.run(statement, parameters)
            defer { PQclear(result) }
            written += Self.changedRows(result)
        }
        return written
    }

    private func columnTypes(_ table: String, _ names: String) throws(ServerFailure) -> [Oid] {
        let sql = "SELECT \(names) FROM \(table) LIMIT 0"
        if let known = session.columnTypes[sql] { return known }
        let types = try session.resultTypes(of: session.prepare(sql))
        session.columnTypes[sql] = types
        return types
    }
}

extension ServerSession {
    /// Runs a COPY from here; gives how many rows were copied.
    ///
    /// - Parameter write: gets a function that sends octets and tells whether to go on.
    func copy(_ sql: String, _ write: ((_ octets: [UInt8]) -> Bool) -> Void) throws(ServerFailure) -> Int {
        let handle: OpaquePointer
        do throws(SQLError) {
            handle = try connection()
        } catch {
            throw ServerFailure(state: "", message: "the connection was lost", isConnectionLost: true)
        }
        PQclear(try checked(PQexec(handle, sql)))
        write { octets in
            octets.withUnsafeBytes { buffer in
                PQputCopyData(handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count)) == 1
            }
        }
        // A failure in between is told with the result.
        PQputCopyEnd(handle, nil)
        let result = PQgetResult(handle)
        while let further = PQgetResult(handle) { PQclear(further) }
        let copied = try checked(result)
        defer { PQclear(copied) }
        return PostgreSQLConnection.changedRows(copied)
    }
}
