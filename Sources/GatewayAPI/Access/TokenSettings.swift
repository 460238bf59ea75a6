// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// Which tokens of an OpenID Connect issuer are taken, and what they allow.
public struct TokenSettings: Hashable, Sendable {
    /// The issuer, as `iss` has it.
    public var issuer: String
    /// What `aud` must name.
    public var audience: String
    /// The algorithms that are taken.
    public var algorithms: Set<TokenAlgorithm>
    /// The claim with scopes, a text with blanks between them or a list.
    public var scopeClaim: String
    /// The claim with roles, such as `realm_access.roles`; nil for none.
    public var rolesClaim: String?
    /// The claim with the label selector that the caller is confined to; nil for none.
    public var labelsClaim: String?

    /// Makes settings.
    public init(
        issuer: String,
        audience: String,
        algorithms: Set<TokenAlgorithm> = Set(TokenAlgorithm.allCases),
        scopeClaim: String = "scope",
        rolesClaim: String? = nil,
        labelsClaim: String? = nil
    ) {
        self.issuer = issuer
        self.audience = audience
        self.algorithms = algorithms
        self.scopeClaim = scopeClaim
        self.rolesClaim = rolesClaim
        self.labelsClaim = labelsClaim
    }
}
