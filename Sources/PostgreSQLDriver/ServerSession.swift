// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CLibPQ
import SQLStore

/// One connection to the server with its prepared statements, used by one thread only.
///
/// It is opened when it is needed, and again after it was lost.
final class ServerSession {
    /// A statement that the server knows by a name.
    final class Prepared {
        let name: String
        let text: StatementText
        /// Names and types of the columns, once it has given rows.
        var columns: (names: [String], types: [Oid])?
        /// When it was used last, in statements.
        var lastUse = 0

        init(name: String, text: StatementText) {
            self.name = name
            self.text = text
        }
    }

    /// How many statements are kept prepared.
    private static let mostStatements = 400

    /// What went wrong last since ``begin(_:)``.
    private(set) var failure: ServerFailure?

    private let settings: PostgreSQLSettings
    private let outage: Outage
    private var handle: OpaquePointer?
    private var statements: [String: Prepared] = [:]
    private var uses = 0
    /// Types of columns, for insertions in bulk.
    var columnTypes: [String: [Oid]] = [:]

    init(settings: PostgreSQLSettings, outage: Outage) {
        self.settings = settings
        self.outage = outage
    }

    deinit {
        if let handle { PQfinish(handle) }
    }

    /// The socket, to wait for messages; -1 when there is none.
    var socket: Int32 { handle.map { PQsocket($0) } ?? -1 }

    /// The connection for calls of libpq; only inside a transaction.
    func connection() throws(SQLError) -> OpaquePointer {
        guard let handle else { throw .unavailable(reason: "the connection was lost") }
        return handle
    }

    /// Connects unless there is a connection.
    func open() throws(ServerFailure) {
        if let handle {
            if PQstatus(handle) == CONNECTION_OK { return }
            close()
        }
        if let failure = outage.present() { throw failure }
        let opened = settings.connect()
        guard let opened, PQstatus(opened) == CONNECTION_OK else {
            let failure = ServerFailure(
                state: "",
                message: Self.firstLine(opened.flatMap { PQerrorMessage($0) }, without: settings.address.password),
                isConnectionLost: true
            )
            if let opened { PQfinish(opened) }
            outage.begin(failure)
            throw failure
        }
        handle = opened
        outage.end()
        // What the server has to tell besides results is of no use to anybody here.
        PQsetNoticeReceiver(opened, { _, _ in }, nil)
        _ = try simple(settings.sessionScript)
    }

    /// Ends the connection.
    func close() {
        if let handle { PQfinish(handle) }
        handle = nil
        forgetStatements(onServer: false)
    }

    /// Begins a transaction, or anything else that starts anew.
    func begin(_ sql: String) throws(ServerFailure) {
        failure = nil
        try open()
        _ = try simple(sql)
    }

    /// Runs statements without parameters; gives the tag of the last.
    @discardableResult
    func simple(_ sql: String) throws(ServerFailure) -> String {
        let result = try checked(handle.flatMap { PQexec($0, sql) })
        defer { PQclear(result) }
        return PQcmdStatus(result).map { String(cString: $0) } ?? ""
    }

    /// Runs a prepared statement; the caller clears the result.
    func run(_ sql: String, _ binds: SQLBinds) throws(ServerFailure) -> (result: OpaquePointer, statement: Prepared) {
        let statement = try prepare(sql)
        var parameters = ParameterBuffer()
        for name in statement.text.names {
            guard let value = binds[name] else {
                throw ServerFailure(state: "42P02", message: "there is no parameter \(name)", isConnectionLost: false)
            }
            try parameters.append(value)
        }
        return (try run(statement, parameters), statement)
    }

    /// Runs a prepared statement with these parameters; the caller clears the result.
    func run(_ statement: Prepared, _ parameters: ParameterBuffer) throws(ServerFailure) -> OpaquePointer {
        uses += 1
        statement.lastUse = uses
        return try checked(
            handle.flatMap { handle in
                parameters.withPointers { pointers in
                    PQexecPrepared(handle, statement.name, Int32(pointers.count), pointers.baseAddress, nil, nil, 0)
                }
            }
        )
    }

    /// The statement as the server knows it.
    func prepare(_ sql: String) throws(ServerFailure) -> Prepared {
        if let known = statements[sql] { return known }
        if statements.count >= Self.mostStatements { try forgetOldStatements() }
        uses += 1
        let statement = Prepared(name: "s\(uses)", text: StatementText(sql))
        PQclear(try checked(handle.flatMap { PQprepare($0, statement.name, statement.text.numbered, 0, nil) }))
        statements[sql] = statement
        return statement
    }

    /// The types of the columns that a statement is going to give.
    func resultTypes(of statement: Prepared) throws(ServerFailure) -> [Oid] {
        let result = try checked(handle.flatMap { PQdescribePrepared($0, statement.name) })
        defer { PQclear(result) }
        return (0..<PQnfields(result)).map { PQftype(result, $0) }
    }

    /// Forgets all prepared statements, which are prepared again when they are needed.
    func forgetStatements(onServer: Bool) {
        statements = [:]
        columnTypes = [:]
        if onServer { _ = try? simple("DEALLOCATE ALL") }
    }

    /// A result that is none of an error; everything else is remembered as the failure.
    func checked(_ result: OpaquePointer?) throws(ServerFailure) -> OpaquePointer {
        if let result {
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_IN: return result
            default: break
            }
        }
        let isLost = handle.map { PQstatus($0) != CONNECTION_OK } ?? true
        let found = ServerFailure(
            state: result.flatMap { Self.field("C", of: $0) } ?? "",
            message: result.flatMap { Self.field("M", of: $0) }
                ?? Self.firstLine(handle.flatMap { PQerrorMessage($0) }, without: settings.address.password),
            isConnectionLost: isLost,
            constraint: result.flatMap { Self.field("n", of: $0) }
        )
        if let result { PQclear(result) }
        throw fail(found)
    }

    /// Remembers a failure; the first one of a transaction tells more than those that follow from it.
    func fail(_ found: ServerFailure) -> ServerFailure {
        if failure == nil { failure = found }
        return found
    }

    /// Forgets the failure after the transaction went back to a savepoint.
    func overcome() {
        failure = nil
    }

    private func forgetOldStatements() throws(ServerFailure) {
        let old = statements.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(Self.mostStatements / 4)
        for (sql, statement) in old {
            statements[sql] = nil
            try simple("DEALLOCATE \(statement.name)")
        }
    }

    private static func field(_ code: Unicode.Scalar, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }

    private static func firstLine(_ message: UnsafeMutablePointer<CChar>?, without password: String?) -> String {
        let text = message.map { String(cString: $0) } ?? ""
        let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "the connection was lost"
        guard let password, !password.isEmpty else { return line }
        return line.split(separator: password, omittingEmptySubsequences: false).joined(separator: "***")
    }
}
