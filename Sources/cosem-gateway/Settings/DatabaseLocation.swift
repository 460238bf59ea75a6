// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import PostgreSQLDriver

/// Where the gateway keeps what it must not forget.
enum DatabaseLocation: Equatable, Sendable {
    /// A file of the embedded SQLite; its folder also holds the key file.
    case sqlite(path: String)
    /// A database of a PostgreSQL server, which several gateways may share.
    case postgreSQL(PostgreSQLAddress)

    /// What is used where nothing is said.
    static let usual = "sqlite://./cosem-gateway.sqlite"

    /// Parses `sqlite:///PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME`.
    ///
    /// - Throws: `SettingsError.invalid` for anything else; it repeats nothing of what may hold a password.
    init(_ text: String) throws {
        if text.hasPrefix("postgres") {
            do throws(PostgreSQLAddress.Refusal) {
                self = .postgreSQL(try PostgreSQLAddress(text))
            } catch {
                throw SettingsError.invalid(option: "database", value: "postgres://...", hint: error.hint)
            }
            return
        }
        let scheme = "sqlite://"
        guard text.hasPrefix(scheme), text.count > scheme.count else {
            throw SettingsError.invalid(
                option: "database",
                value: text.contains("@") ? "..." : text,
                hint: "write sqlite:///PATH, for example sqlite:///var/lib/cosem-gateway/gateway.sqlite, "
                    + "or postgres://USER:PASSWORD@HOST:PORT/NAME"
            )
        }
        let path = String(text.dropFirst(scheme.count))
        // sqlite:////absolute and sqlite:///absolute both name a path from the root; sqlite://relative a relative one.
        self = .sqlite(path: path.hasPrefix("//") ? String(path.dropFirst()) : path)
    }

    /// The file that holds all orders of this gateway as long as it is there; nil where the settings have to name one.
    var holdFile: String? {
        switch self {
        case .sqlite(let path): path + ".orders-hold"
        case .postgreSQL: nil
        }
    }

    /// Whether several gateways may work on it.
    var isShared: Bool {
        switch self {
        case .sqlite: false
        case .postgreSQL: true
        }
    }

    /// Where the key of the secrets is kept unless the settings name another place; nil when they have to.
    var usualKeyFile: String? {
        switch self {
        case .sqlite(let path): path + ".key"
        case .postgreSQL: nil
        }
    }
}
