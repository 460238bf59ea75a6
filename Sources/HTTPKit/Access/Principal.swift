// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Somebody whose credentials were checked, and what they allow.
public final class Principal: Sendable {
    /// Who it is, such as `key:ops-7`; stands in audit records, jobs and log lines.
    public let name: String
    /// The API key it came with; nil for other credentials.
    public let keyID: String?
    /// What it may do.
    public let scopes: Set<Scope>
    /// The label selector of the meters that it may see; nil for all.
    public let confinement: String?
    /// When the credentials end, in seconds since 1970; nil if they do not.
    public let expiresAt: Int64?
    /// How many requests it may send in a minute; nil for the usual number.
    public let requestsPerMinute: Int?

    /// Makes a principal.
    public init(
        name: String,
        keyID: String? = nil,
        scopes: Set<Scope>,
        confinement: String? = nil,
        expiresAt: Int64? = nil,
        requestsPerMinute: Int? = nil
    ) {
        self.name = name
        self.keyID = keyID
        self.scopes = scopes
        self.confinement = confinement
        self.expiresAt = expiresAt
        self.requestsPerMinute = requestsPerMinute
    }

    /// Whether it has a scope; who has ``Scope/admin`` has all.
    public func may(_ scope: Scope) -> Bool {
        scopes.contains(scope) || scopes.contains(.admin)
    }
}
