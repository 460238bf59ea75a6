// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Fleet
import GatewayAPI
import GatewayCore
import Glibc
import HTTPKit
import JSONText
import SQLStore
import Timekeeping

/// Manages the API keys of callers in the database, also while gateways work on it.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make, list and revoke API keys.",
        discussion: """
            Works on the database itself, also while a gateway runs on it; a running gateway takes notice within five \
            seconds. The database is the one that serve takes from the same options, variables and file. The same can \
            be done by POST, GET and DELETE on /api-keys.
            Exit code: 0 done, 1 refused, 2 the database cannot be used.
            Examples:
              cosem-gateway key create ops --role operator
              cosem-gateway key create dashboard --role viewer --labels region=north
              cosem-gateway key list
              cosem-gateway key revoke k3v9x2a7
            """,
        subcommands: [Create.self, List.self, Revoke.self]
    )

    /// Makes a key.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a key and print it, once.",
            discussion: """
                The key goes to standard output, everything else to standard error. A database that is named and not there is \
                made, so that there is a key before the first start.
                """
        )

        @Argument(help: "What its owner is called; stands in the audit log.")
        var name: String

        @Option(help: "A role: \(Role.allCases.map(\.rawValue).joined(separator: ", ")). May be repeated.")
        var role: [String] = []

        @Option(help: "A scope, such as readings:read. May be repeated.")
        var scope: [String] = []

        @Option(help: "The labels of the meters that it is confined to, such as region=north.")
        var labels: String?

        @Option(help: "An address or range that it is good from, such as 192.0.2.0/24. May be repeated.")
        var address: [String] = []

        @Option(help: "When it ends: a time with its offset, or a duration from now such as P90D.")
        var expires: String?

        @Option(help: "The most requests in a minute.")
        var requestsPerMinute: Int?

        @OptionGroup var database: DatabaseOptions

        func validate() throws {
            guard Identifier<APIKeyRecord>(name) != nil else {
                throw ValidationError("name: write 1 to 64 letters, digits and . _ ~ -")
            }
            guard !role.isEmpty || !scope.isEmpty else { throw ValidationError("give a --role or a --scope") }
            for word in role where Role(rawValue: word) == nil {
                let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--role: there is no role \(word); choose one of \(known)")
            }
        }

        func run() async throws {
            let now = SystemWallClock().now()
            let grant = try grant()
            let end = try end(now)
            let made = try Gateway.drawAPIKey(named: name, grant, expiresAt: end, by: "command line", now: now)
            let isKept = try await DatabaseAtHand.open(database, makesNamed: true) {
                try await $0.insertAPIKey(made.record, onlyFirst: false)
            }
            guard isKept else {
                Terminal.tell("there is or was a key with the name \(name); choose another")
                throw ExitCode(1)
            }
            Terminal.tell("key \(made.record.id), which is not shown again:")
            print(made.text.exposedText)
        }

        private func grant() throws -> APIKeyGrant {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("roles", role)
            writer.member("scopes", scope)
            writer.member("labels", labels)
            writer.member("addresses", address)
            writer.member("requestsPerMinute", requestsPerMinute)
            writer.endObject()
            do {
                var members = try JSONMembers(JSONReader.parse(writer.octets))
                let grant = try APIKeyGrant(&members)
                try GatewayAPI.check(grant)
                return grant
            } catch let error as JSONMemberError {
                throw ValidationError("\(error)")
            }
        }

        private func end(_ now: Timestamp) throws -> Timestamp? {
            guard let expires else { return nil }
            if let moment = Timestamp(rfc3339: expires), moment > now { return moment }
            if let length = Duration(iso8601: expires), length > .zero { return now + length }
            throw ValidationError("--expires: write a time to come with its offset, or a duration such as P90D")
        }
    }

    /// Lists the keys.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the keys: what they allow, when they were used; never the keys themselves."
        )

        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            let records = try await DatabaseAtHand.open(database) { store in
                var records: [APIKeyRecord] = []
                var cursor: String?
                repeat {
                    let page = try await store.apiKeys(after: cursor, limit: 1000)
                    records += page.items
                    cursor = page.next
                } while cursor != nil
                return records
            }
            for record in records {
                let words = record.grant.roles + record.grant.scopes
                var line = "\(record.id)  \(record.name)  \(words.joined(separator: ","))"
                if let labels = record.grant.labels { line += "  labels \(labels)" }
                if !record.grant.addresses.isEmpty {
                    line += "  from \(record.grant.addresses.map(\.description).joined(separator: ","))"
                }
                line += "  made \(record.createdAt.rfc3339) by \(record.createdBy)"
                if let moment = record.lastUsedAt { line += "  used \(moment.rfc3339)" }
                if let moment = record.expiresAt { line += "  ends \(moment.rfc3339)" }
                if let moment = record.revokedAt { line += "  revoked \(moment.rfc3339)" }
                print(line)
            }
        }
    }

    /// Ends a key.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a key.")

        @Argument(help: "The eight characters that name the key, as list shows them.")
        var id: String

        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            let now = SystemWallClock().now()
            guard let record = try await DatabaseAtHand.open(database, { try await $0.revokeAPIKey(id, at: now) })
            else {
                Terminal.tell("there is no key \(id)")
                throw ExitCode(1)
            }
            Terminal.tell("\(record.name) ended at \((record.revokedAt ?? now).rfc3339)")
        }
    }
}
