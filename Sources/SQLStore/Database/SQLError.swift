// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why a database did not do what it was told; reasons are for the log and hold no values.
public enum SQLError: Error, Hashable, Sendable {
    /// The database cannot be opened or does not answer.
    case unavailable(reason: String)
    /// Another process has kept the database to itself for longer than was waited.
    case locked(reason: String)
    /// Another transaction was in the way for longer than was waited; of other rows the database may do the same.
    case contention(reason: String)
    /// A constraint of the schema would be violated.
    case constraint(reason: String)
    /// A statement is wrong; a fault of this program.
    case badStatement(reason: String)
    /// A result does not have the expected columns or values; the schema was changed by other hands.
    case unexpectedResult(reason: String)
    /// The database was written by a newer version of the gateway.
    case schemaTooNew(found: Int, known: Int)
}

extension SQLError: CustomStringConvertible {
    /// What happened and, where there is something, what the operator can do.
    public var description: String {
        switch self {
        case .unavailable(let reason): "the database is not available: \(reason)"
        case .locked(let reason): "another process keeps the database to itself: \(reason)"
        case .contention(let reason): "another transaction was in the way: \(reason)"
        case .constraint(let reason): "the database refuses the change: \(reason)"
        case .badStatement(let reason): "a statement is wrong: \(reason)"
        case .unexpectedResult(let reason): "the database holds something unexpected: \(reason)"
        case .schemaTooNew(let found, let known):
            "the database has schema version \(found), but this gateway knows only up to \(known); "
                + "start a gateway at least as new as the last one, or restore a backup from before"
        }
    }
}
