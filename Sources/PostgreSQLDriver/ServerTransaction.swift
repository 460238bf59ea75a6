// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import SQLStore

/// One transaction of a session, run again where the database asks for it.
struct ServerTransaction {
    /// What the transaction is for.
    enum Kind {
        case reading
        case writing(SQLIsolation)

        fileprivate var begin: String {
            switch self {
            case .reading: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            case .writing(.serial): "BEGIN ISOLATION LEVEL SERIALIZABLE"
            case .writing(.rowLocks): "BEGIN ISOLATION LEVEL READ COMMITTED"
            }
        }
    }

    /// A failure after which the transaction may be run again.
    private struct Undone: Error {
        let cause: ServerFailure.Repetition
        let error: any Error
    }

    /// How often a transaction runs again because others were in its way.
    private static let mostContentions = 30
    /// From which repetition on those that failed wait for each other.
    private static let contentionsBeforeQueue = 3
    /// The advisory lock they wait for; one for each database.
    private static let queue = "4848545246420002"

    private let session: ServerSession
    private let kind: Kind

    init(_ session: ServerSession, _ kind: Kind) {
        self.session = session
        self.kind = kind
    }

    /// Runs the body in a transaction, until it was committed or failed for good.
    func run<Result>(_ body: (any SQLConnection) throws -> Result) throws -> Result {
        var contentions = 0
        var others = 0
        while true {
            let isQueued = contentions >= Self.contentionsBeforeQueue
            do {
                return try attempt(isQueued: isQueued, body)
            } catch let undone as Undone {
                switch undone.cause {
                case .contention:
                    contentions += 1
                    guard contentions <= Self.mostContentions else { throw undone.error }
                    // Not all at once again.
                    usleep(.random(in: 0...UInt32(min(contentions, 5) * 2000)))
                case .duplicate, .connection, .statement:
                    others += 1
                    guard others <= 2 else { throw undone.error }
                    if undone.cause == .statement { session.forgetStatements(onServer: true) }
                }
            }
        }
    }

    private func attempt<Result>(isQueued: Bool, _ body: (any SQLConnection) throws -> Result) throws -> Result {
        do throws(ServerFailure) {
            // Before the transaction: what it sees is settled with its first statement.
            if isQueued { try session.begin("SELECT pg_advisory_lock(\(Self.queue))") }
            try session.begin(kind.begin)
        } catch {
            throw Self.undone(error, error.error)
        }
        defer {
            if isQueued { _ = try? session.simple("SELECT pg_advisory_unlock(\(Self.queue))") }
        }
        let result: Result
        do {
            result = try body(PostgreSQLConnection(session: session))
            // A statement failed and the body went on: nothing can be committed any more.
            if let failure = session.failure { throw failure.error }
        } catch {
            let failure = session.failure
            rollBack()
            throw failure.map { Self.undone($0, error) } ?? error
        }
        try commit()
        return result
    }

    private func commit() throws {
        do throws(ServerFailure) {
            guard try session.simple("COMMIT") == "COMMIT" else {
                throw ServerFailure(state: "25P02", message: "the transaction was undone", isConnectionLost: false)
            }
        } catch {
            // Even a server that says why it goes may have committed before.
            switch (kind, error.isConnectionLost) {
            case (.writing, true):
                throw SQLError.unavailable(
                    reason: "the connection was lost at the commit; whether it happened is unknown"
                )
            default:
                rollBack()
                throw Self.undone(error, error.error)
            }
        }
    }

    private func rollBack() {
        do throws(ServerFailure) {
            try session.simple("ROLLBACK")
        } catch {
            session.close()
        }
    }

    private static func undone(_ failure: ServerFailure, _ error: any Error) -> any Error {
        failure.repetition.map { Undone(cause: $0, error: error) } ?? error
    }
}
