// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CLibPQ
import Glibc
import SQLStore

/// The database inside a transaction.
struct PostgreSQLConnection: SQLConnection {
    let session: ServerSession

    func query(_ sql: String, _ binds: SQLBinds) throws(SQLError) -> [SQLRow] {
        let result: OpaquePointer
        let statement: ServerSession.Prepared
        do throws(ServerFailure) {
            (result, statement) = try session.run(sql, binds)
        } catch {
            throw session.fail(error).error
        }
        defer { PQclear(result) }
        let columns = statement.columns ?? Self.columns(of: result)
        statement.columns = columns
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(PQntuples(result)))
        for row in 0..<PQntuples(result) {
            var values: [SQLValue] = []
            values.reserveCapacity(columns.types.count)
            for column in columns.types.indices {
                values.append(Self.value(result, row, Int32(column), columns.types[column]))
            }
            rows.append(SQLRow(columns: columns.names, values: values))
        }
        return rows
    }

    func execute(_ sql: String, _ binds: SQLBinds) throws(SQLError) -> Int {
        do throws(ServerFailure) {
            let (result, _) = try session.run(sql, binds)
            defer { PQclear(result) }
            return Self.changedRows(result)
        } catch {
            throw session.fail(error).error
        }
    }

    func runScript(_ sql: String) throws(SQLError) {
        do throws(ServerFailure) {
            try session.simple(sql)
        } catch {
            throw session.fail(error).error
        }
    }

    func notify(_ channel: String, _ payload: String) throws(SQLError) {
        _ = try query(
            "SELECT pg_notify(:channel, :payload) AS sent",
            ["channel": .text(channel), "payload": .text(payload)]
        )
    }

    /// How many rows a statement changed.
    static func changedRows(_ result: OpaquePointer) -> Int {
        PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    private static func columns(of result: OpaquePointer) -> (names: [String], types: [Oid]) {
        let range = 0..<PQnfields(result)
        return (
            range.map { PQfname(result, $0).map { String(cString: $0) } ?? "" },
            range.map { PQftype(result, $0) }
        )
    }

    private static func value(_ result: OpaquePointer, _ row: Int32, _ column: Int32, _ type: Oid) -> SQLValue {
        guard PQgetisnull(result, row, column) == 0, let text = PQgetvalue(result, row, column) else { return .null }
        switch ColumnType(rawValue: type) {
        case .bigint, .integer, .smallint: return .integer(Int64(strtoll(text, nil, 10)))
        case .double, .real: return .real(strtod(text, nil))
        case .boolean: return .flag(text.pointee == CChar(bitPattern: UInt8(ascii: "t")))
        case .numeric:
            // A sum of BIGINT is one.
            let digits = String(cString: text)
            return Int64(digits).map { .integer($0) } ?? .real(strtod(text, nil))
        case .text, nil:
            let octets = UnsafeRawBufferPointer(start: text, count: Int(PQgetlength(result, row, column)))
            return .text(String(decoding: octets, as: UTF8.self))
        }
    }
}

/// The types of PostgreSQL that the stores use or get, by their identifiers in `pg_type`.
enum ColumnType: Oid {
    case boolean = 16
    case bigint = 20
    case smallint = 21
    case integer = 23
    case text = 25
    case real = 700
    case double = 701
    case numeric = 1700

    /// The type of an array of them, for a cast.
    var array: String {
        switch self {
        case .boolean: "boolean[]"
        case .bigint: "bigint[]"
        case .smallint: "smallint[]"
        case .integer: "integer[]"
        case .text: "text[]"
        case .real: "real[]"
        case .double: "double precision[]"
        case .numeric: "numeric[]"
        }
    }
}
