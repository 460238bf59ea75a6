// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore

/// What the server or libpq said when something failed.
struct ServerFailure: Error {
    /// The SQLSTATE of five characters; empty when the server could say nothing.
    var state: String
    /// The first line of the message; of data errors it may hold values.
    var message: String
    /// Whether the connection is of no more use.
    var isConnectionLost: Bool
    /// The constraint that would have been violated, if it has a name.
    var constraint: String?

    /// Why running the transaction again from its beginning may succeed.
    enum Repetition {
        /// Another transaction was in the way.
        case contention
        /// Another transaction may have made the row that this one then found in its way.
        case duplicate
        /// The connection was lost before anything could be committed.
        case connection
        /// The prepared statement is of no more use.
        case statement
    }

    /// Why it may succeed when it is tried again; nil when it will not.
    var repetition: Repetition? {
        switch state {
        case "40001", "40P01": .contention
        case "23505", "23503": .duplicate
        // The constraint of a partition has no name: the rows have another partition since they began to wait.
        case "23514" where constraint == nil: .contention
        // Not prepared any more, or prepared for columns that have changed; messages are not in English everywhere.
        case "26000", "0A000": .statement
        default: isConnectionLost ? .connection : nil
        }
    }

    /// The failure in the words of the stores; nothing in it is a value, a password or the text of a statement.
    var error: SQLError {
        let code = state.isEmpty ? "" : " (\(state))"
        if isConnectionLost { return .unavailable(reason: message + code) }
        return switch state.prefix(2) {
        case "23": .constraint(reason: message + code)
        // These messages quote the value.
        case "22": .constraint(reason: "a value does not fit its column" + code)
        case "40": .contention(reason: message + code)
        // A lock that was not given in time, and a statement that took too long, as it may for one.
        case "55" where state == "55P03", "57" where state == "57014": .contention(reason: message + code)
        case "42",
            "25" where state != "25006", "26", "0A":
            .badStatement(reason: message + code)
        default: .unavailable(reason: message + code)
        }
    }
}
