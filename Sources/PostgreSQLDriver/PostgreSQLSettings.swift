// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CLibPQ

/// How the gateway uses a PostgreSQL database.
public struct PostgreSQLSettings: Sendable {
    /// Where it is.
    public var address: PostgreSQLAddress
    /// How many connections transactions use at most, 1 or more; one more listens for messages.
    public var connections: Int
    /// How long connecting to one host may take, whole seconds, 2 or more.
    public var connectTimeout: Int
    /// How long one statement may take, in seconds.
    public var statementTimeout: Int

    /// Makes settings.
    public init(
        address: PostgreSQLAddress,
        connections: Int = 8,
        connectTimeout: Int = 5,
        statementTimeout: Int = 30
    ) {
        self.address = address
        self.connections = max(connections, 1)
        self.connectTimeout = max(connectTimeout, 2)
        self.statementTimeout = max(statementTimeout, 1)
    }

    /// What each connection is told first.
    ///
    /// A transaction of ours never pauses, so that one which does is of a gateway that has stopped; the server ends it
    /// and gives its locks free.
    var sessionScript: String {
        """
        SET statement_timeout = '\(statementTimeout)s'; SET lock_timeout = '\(statementTimeout)s';
        SET idle_in_transaction_session_timeout = '60s'
        """
    }

    /// Opens a connection; the caller looks at its status and finishes it.
    ///
    /// A dead server or network is noticed within half a minute: by probes while nothing is sent, and by a limit for
    /// what was sent.
    func connect() -> OpaquePointer? {
        // What comes later counts more; the URL stands where its `dbname` does.
        let options: [(String, String)] = [
            ("fallback_application_name", "cosem-gateway"),
            ("connect_timeout", "\(connectTimeout)"),
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
            ("dbname", address.url),
            ("client_encoding", "UTF8"),
        ]
        var keywords = ParameterBuffer()
        var values = ParameterBuffer()
        for (keyword, value) in options {
            keywords.append(keyword.utf8)
            values.append(value.utf8)
        }
        keywords.appendEnd()
        values.appendEnd()
        return keywords.withPointers { keywords in
            values.withPointers { values in
                guard let keywords = keywords.baseAddress, let values = values.baseAddress else { return nil }
                return PQconnectdbParams(keywords, values, 1)
            }
        }
    }
}
