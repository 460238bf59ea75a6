// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// What an API key allows, in words of the API; a word that this version does not know allows nothing.
public struct APIKeyGrant: Hashable, Sendable {
    /// Roles, such as `viewer`.
    public var roles: [String]
    /// Scopes besides those of the roles, such as `readings:live`.
    public var scopes: [String]
    /// The label selector of the meters it is confined to; nil for all.
    public var labels: String?
    /// From where it is good; empty for everywhere.
    public var addresses: [AddressRange]
    /// How many requests it may make in a minute; nil for the usual number.
    public var requestsPerMinute: Int?

    /// Makes a grant.
    public init(
        roles: [String] = [],
        scopes: [String] = [],
        labels: String? = nil,
        addresses: [AddressRange] = [],
        requestsPerMinute: Int? = nil
    ) {
        self.roles = roles
        self.scopes = scopes
        self.labels = labels
        self.addresses = addresses
        self.requestsPerMinute = requestsPerMinute
    }
}

/// What the gateway keeps of an API key; the key itself is not part of it.
public struct APIKeyRecord: Hashable, Sendable {
    /// The eight characters that name it.
    public let id: String
    /// What its owner is called, for ever: no other key gets that name.
    public let name: String
    /// The SHA-256 of the key as 64 hexadecimal digits.
    public let digest: String
    /// What it allows.
    public let grant: APIKeyGrant
    /// When it was made.
    public let createdAt: Timestamp
    /// Who made it.
    public let createdBy: String
    /// When it ends; nil for never.
    public let expiresAt: Timestamp?
    /// When it was revoked; nil if it was not.
    public var revokedAt: Timestamp?
    /// When it was used, to the minute; nil if it was not.
    public var lastUsedAt: Timestamp?

    /// Makes a record.
    public init(
        id: String,
        name: String,
        digest: String,
        grant: APIKeyGrant,
        createdAt: Timestamp,
        createdBy: String,
        expiresAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.digest = digest
        self.grant = grant
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
    }

    /// The principal that requests with this key are made by.
    public var principal: String { Self.principalPrefix + name }

    private static let principalPrefix = "key:"

    /// The name of the key that a principal's requests come with; nil when they come with something else.
    public static func name(ofPrincipal principal: String) -> String? {
        principal.hasPrefix(principalPrefix) ? String(principal.dropFirst(principalPrefix.count)) : nil
    }
}
