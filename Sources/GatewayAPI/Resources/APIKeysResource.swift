// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import GatewayCore
import HTTPKit
public import JSONText
import Timekeeping

/// The keys of callers, and who is asking.
extension GatewayAPI {
    @Sendable func whoAmI(_ request: RoutedRequest) async throws -> HTTPResponse {
        let principal = request.identity.principal
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("principal", request.caller.name)
            writer.member("authenticated", principal != nil)
            writer.member("keyId", principal?.keyID)
            let scopes = principal.map { $0.scopes.contains(.admin) ? Set(Scope.allCases) : $0.scopes }
            writer.member("scopes", (scopes ?? Set(Scope.allCases)).sorted().map(\.rawValue))
            writer.member("labels", principal?.confinement)
            writer.member("expiresAt", principal?.expiresAt.map { Timestamp(seconds: $0).rfc3339 })
            writer.member("requestsPerMinute", principal?.requestsPerMinute ?? settings.requestsPerMinute)
            writer.member("clientAddress", request.caller.address)
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func listAPIKeys(_ request: RoutedRequest) async throws -> HTTPResponse {
        let limit = try request.pageLimit()
        let page = try await gateway.apiKeyPage(after: try request.identifierCursor(), limit: limit)
        return ListPage.answer(page.items, next: page.next.map { next(request, cursor: $0) }) { record, writer in
            writer.beginObject()
            Self.writeMembers(of: record, into: &writer)
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func getAPIKey(_ request: RoutedRequest) async throws -> HTTPResponse {
        let id = request.parameter("id")
        guard let record = try await gateway.apiKey(id) else { throw GatewayError.notFound(what: "key '\(id)'") }
        return Self.answer(record)
    }

    @Sendable func createAPIKey(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (name, grant, end) = try request.members { members in
            let name = try members.requiredString("name")
            guard Identifier<APIKeyRecord>(name) != nil else {
                throw JSONMemberError(
                    .invalid(expected: "1 to 64 letters, digits and . _ ~ -", suggestion: nil),
                    at: "/name"
                )
            }
            var end: Timestamp?
            if let text = try members.optionalString("expiresAt") {
                guard let moment = Timestamp(rfc3339: text) else {
                    throw JSONMemberError(
                        .invalid(
                            expected: "a time with its offset, such as 2026-11-22T00:00:00+01:00",
                            suggestion: nil
                        ),
                        at: "/expiresAt"
                    )
                }
                end = moment
            }
            return (name, try APIKeyGrant(&members), end)
        }
        try Self.check(grant)
        if let end, end <= gateway.clock.now() {
            throw GatewayError.valueOutOfRange(pointer: "/expiresAt", allowed: "a time in the future")
        }
        // Nobody gives what they do not have.
        for scope in grant.allScopes.sorted() where !request.identity.may(scope) {
            throw Problem.insufficientScope([scope])
        }
        try await check(grant, end, withinThoseOf: request.identity.principal)
        let made = try await gateway.makeAPIKey(named: name, grant, expiresAt: end, by: request.caller.name)
        return HTTPResponse.json(status: 201) { writer in
            writer.beginObject()
            Self.writeMembers(of: made.record, into: &writer)
            writer.member("key", made.text.exposedText)
            writer.endObject()
        }
        .with("Location", "\(settings.basePath)/api-keys/\(made.record.id)")
        .with("Cache-Control", "no-store")
    }

    @Sendable func revokeAPIKey(_ request: RoutedRequest) async throws -> HTTPResponse {
        let id = request.parameter("id")
        // Who could not have made it does not end it: the keys of administrators are theirs.
        for scope in try await gateway.apiKey(id)?.grant.allScopes.sorted() ?? [] { try request.require(scope) }
        let record = try await gateway.revokeAPIKey(id)
        desk?.forget(id)
        return Self.answer(record)
    }

    /// Refuses words that stand for nothing, and a key that would allow nothing.
    public static func check(_ grant: APIKeyGrant) throws(JSONMemberError) {
        try check(grant.roles, among: Role.allCases.map(\.rawValue), "/roles")
        try check(grant.scopes, among: Scope.allCases.map(\.rawValue), "/scopes")
        guard !grant.allScopes.isEmpty else {
            throw JSONMemberError(.invalid(expected: "with a role or a scope at least"), at: .root)
        }
    }

    /// Refuses a key that is good longer, from elsewhere or for more requests than the credentials that ask for it.
    private func check(_ grant: APIKeyGrant, _ end: Timestamp?, withinThoseOf maker: Principal?) async throws {
        guard let maker else { return }
        // An administrator may give more than the usual number, unless the own key says how much.
        let most = maker.requestsPerMinute ?? (maker.may(.admin) ? nil : settings.requestsPerMinute)
        if let most, grant.requestsPerMinute ?? settings.requestsPerMinute ?? .max > most {
            throw GatewayError.valueOutOfRange(pointer: "/requestsPerMinute", allowed: "at most \(most), as you have")
        }
        // The end of a token is no bound: that of a sign-in does not say how long its user may do what.
        guard let id = maker.keyID, let own = try await gateway.apiKey(id) else { return }
        if let last = own.expiresAt, end.map({ $0 > last }) ?? true {
            throw GatewayError.valueOutOfRange(
                pointer: "/expiresAt",
                allowed: "a time up to \(last.rfc3339), when your own key ends"
            )
        }
        let ranges = own.grant.addresses
        let isInside = grant.addresses.allSatisfy { one in ranges.contains { $0.contains(one) } }
        guard ranges.isEmpty || !grant.addresses.isEmpty && isInside else {
            throw GatewayError.valueOutOfRange(
                pointer: "/addresses",
                allowed: "addresses within those of your own key: \(ranges.map(\.description).joined(separator: ", "))"
            )
        }
    }

    private static func check(_ words: [String], among known: [String], _ pointer: String) throws(JSONMemberError) {
        for (index, word) in words.enumerated() where !known.contains(word) {
            throw JSONMemberError(
                .invalid(
                    expected: "one of \(known.joined(separator: ", "))",
                    suggestion: nearest(word, in: known)
                ),
                at: JSONPointer("\(pointer)/\(index)")
            )
        }
    }

    private static func answer(_ record: APIKeyRecord) -> HTTPResponse {
        HTTPResponse.json { writer in
            writer.beginObject()
            writeMembers(of: record, into: &writer)
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    private static func writeMembers(of record: APIKeyRecord, into writer: inout JSONWriter) {
        writer.member("id", record.id)
        writer.member("name", record.name)
        writer.member("principal", record.principal)
        record.grant.writeMembers(into: &writer)
        writer.member("createdAt", record.createdAt.rfc3339)
        writer.member("createdBy", record.createdBy)
        writer.member("expiresAt", record.expiresAt?.rfc3339)
        writer.member("revokedAt", record.revokedAt?.rfc3339)
        writer.member("lastUsedAt", record.lastUsedAt?.rfc3339)
    }
}
