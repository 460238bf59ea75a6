// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where the gateway keeps what it must not forget.
enum DatabaseLocation: Equatable, Sendable {
    /// A file of the embedded SQLite; its folder also holds the key file.
    case sqlite(path: String)

    /// Parses `sqlite:///PATH`.
    ///
    /// - Throws: `SettingsError.invalid` for another scheme, naming what this version can open.
    init(_ text: String) throws {
        let scheme = "sqlite://"
        guard text.hasPrefix(scheme), text.count > scheme.count else {
            throw SettingsError.invalid(
                option: "database",
                value: text.hasPrefix("postgres") ? "postgres://..." : text,
                hint: "this version opens sqlite:///PATH, for example sqlite:///var/lib/cosem-gateway/gateway.sqlite"
            )
        }
        let path = String(text.dropFirst(scheme.count))
        // sqlite:////absolute and sqlite:///absolute both name a path from the root; sqlite://relative a relative one.
        self = .sqlite(path: path.hasPrefix("//") ? String(path.dropFirst()) : path)
    }

    /// The folder of the database file.
    var folder: String {
        switch self {
        case .sqlite(let path):
            guard let slash = path.lastIndex(of: "/") else { return "." }
            return slash == path.startIndex ? "/" : String(path[..<slash])
        }
    }
}
