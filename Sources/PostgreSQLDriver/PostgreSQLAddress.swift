// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CLibPQ

/// Where a PostgreSQL database is and how to log in, as a connection URL of libpq.
///
/// The password may stand in it, or come from `PGPASSWORD`, `PGPASSFILE` or `~/.pgpass`. It is in no description.
public struct PostgreSQLAddress: Hashable, Sendable {
    /// Why a text is no address; holds nothing of the text.
    public struct Refusal: Error, Hashable, Sendable {
        /// What to write instead.
        public let hint: String
    }

    /// What libpq is given.
    let url: String
    /// The password of the URL, to keep it out of messages.
    let password: String?
    /// Where it is, without who logs in.
    private let place: String

    /// Takes `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=...`, also with `postgresql://`.
    ///
    /// - Throws: ``Refusal``, also for what libpq would take and then misunderstand, such as an `@` in a password.
    public init(_ url: String) throws(Refusal) {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://"), !url.utf8.contains(0) else {
            throw Refusal(hint: "write postgres://USER:PASSWORD@HOST:PORT/NAME")
        }
        guard let options = PQconninfoParse(url, nil) else {
            throw Refusal(
                hint: "write postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full with only options that libpq "
                    + "knows, and special characters of user and password as %40 for @, %3A for : and %2F for /"
            )
        }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        let name = values["dbname"] ?? ""
        // A password with an @ or / that is not escaped ends up in these.
        guard !"\(values["host"] ?? "")\(name)".contains("@"),
            (values["port"] ?? "").allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ",") })
        else {
            throw Refusal(
                hint: "write special characters of user and password as %40 for @, %3A for : and %2F for /"
            )
        }
        self.url = url
        password = values["password"]
        place = "\(values["host"] ?? values["hostaddr"] ?? ""):\(values["port"] ?? "")/\(name)"
    }
}

extension PostgreSQLAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The place without user and password.
    public var description: String { "postgres://\(place)" }

    /// The same as the description.
    public var debugDescription: String { description }

    /// Nothing, so that no dump shows the password.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
