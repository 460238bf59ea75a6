// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Fleet
import GatewayCore
import HTTPKit
import Synchronization
import Timekeeping

/// Checks the credentials of callers.
///
/// What a key allows is kept in memory for some seconds, with the digest of the key, so that most requests are checked
/// without the database; each request's key is digested and compared all the same. A key that is revoked through this
/// gateway ends at once, one that is revoked elsewhere when those seconds are over.
// Mutexes and not an actor: it is asked on the thread that received the request.
final class CredentialDesk: Authenticator {
    /// What is known of a key for a while.
    private struct Entry {
        let digest: [UInt8]
        let identity: CallerIdentity
        let addresses: [AddressRange]
        let expiresAt: Timestamp?
        let lookedAt: ContinuousClock.Instant
    }

    /// How exactly it is noted when a key was used.
    private static let useStep = Duration.seconds(60)
    /// Names that no key has are remembered apart: anybody can make them up, and must not push out keys that are in use.
    private static let mostUnknown = 1000

    private let gateway: Gateway
    /// The owners of client certificates, by the names in them.
    private let clients: Mutex<[String: Principal]>
    /// Checks tokens of an issuer; nil where none are taken.
    private let tokens: TokenDesk?
    /// Knows the tickets that stand for credentials in addresses.
    private let tickets: TicketOffice
    private let entries = Mutex<[String: Entry]>([:])
    private let mostEntries: Int
    private let memoryTime: Duration
    private let unknown = Mutex<[String: ContinuousClock.Instant]>([:])

    /// Makes a desk.
    ///
    /// - Parameters:
    ///   - mostEntries: with more keys than this all are forgotten; those that are still used come back.
    ///   - memoryTime: how long what the database said holds.
    init(
        gateway: Gateway,
        clients: [String: APIKeyGrant] = [:],
        tokens: TokenDesk? = nil,
        tickets: TicketOffice,
        mostEntries: Int = 10_000,
        memoryTime: Duration = .seconds(5)
    ) {
        self.mostEntries = mostEntries
        self.memoryTime = memoryTime
        self.gateway = gateway
        self.tokens = tokens
        self.tickets = tickets
        self.clients = Mutex(Self.principals(clients))
    }

    func identityAtHand(of request: HTTPRequest) -> CallerIdentity? {
        switch credentials(of: request) {
        case .none: return identity(of: request.clientCertificate)
        // A look would use it up.
        case .ticket: return nil
        case .malformed(let problem): return .refused(problem)
        case .token(let octets):
            guard let tokens else { return .refused(Self.damaged) }
            return tokens.identityAtHand(octets)
        case .key(let id, let octets):
            if let entry = entries.withLock({ $0[id] }), ContinuousClock.now - entry.lookedAt < memoryTime {
                return judge(entry, octets, request)
            }
            if let lookedAt = unknown.withLock({ $0[id] }), ContinuousClock.now - lookedAt < memoryTime {
                return .refused(Self.unknown)
            }
            return nil
        }
    }

    func identity(of request: HTTPRequest) async -> CallerIdentity {
        if let identity = identityAtHand(of: request) { return identity }
        if case .token(let octets) = credentials(of: request), let tokens { return await tokens.identity(octets) }
        let credentials = credentials(of: request)
        if case .ticket(let text) = credentials {
            return tickets.redeem(text).map { .known($0) } ?? .refused(.ticketInvalid)
        }
        guard case .key(let id, let octets) = credentials else { return .anonymous }
        // What is damaged is told without a look into the database.
        guard APIKeyText(String(decoding: octets, as: UTF8.self)) != nil else { return .refused(Self.damaged) }
        let record: APIKeyRecord?
        do {
            record = try await gateway.apiKey(id)
        } catch {
            return .refused(Problem(error, now: gateway.clock.now()))
        }
        guard let record, let entry = Self.entry(record) else {
            unknown.withLock { unknown in
                if unknown.count >= Self.mostUnknown { unknown.removeAll() }
                unknown[id] = .now
            }
            return .refused(Self.unknown)
        }
        entries.withLock { entries in
            if entries.count >= mostEntries { entries.removeAll() }
            entries[id] = entry
        }
        let identity = judge(entry, octets, request)
        if identity.principal != nil { await noteUse(record) }
        return identity
    }

    /// Forgets what is known of a key, which was changed.
    func forget(_ id: String) {
        entries.withLock { $0[id] = nil }
        unknown.withLock { $0[id] = nil }
        tickets.forget(key: id)
    }

    /// Whether credentials that were right are right still, for what goes on for long.
    func isStillGood(_ principal: Principal) async -> Bool {
        let tolerance = principal.keyID == nil ? TokenDesk.skew : .zero
        if let end = principal.expiresAt, Timestamp(seconds: end) + tolerance <= gateway.clock.now() { return false }
        if let owner = Self.owner(principal) {
            guard let now = clients.withLock({ $0[owner] }) else { return false }
            return principal.scopes.allSatisfy(now.may) && principal.confinement == now.confinement
        }
        guard let id = principal.keyID else { return true }
        do {
            return try await gateway.apiKey(id).map { $0.revokedAt == nil } ?? false
        } catch {
            // A database that is away for a moment ends no streams; the next look will tell.
            return true
        }
    }

    // MARK: Certificates

    private static let ownerPrefix = "cert:"

    /// The name in the certificate that a principal came with; nil when it came with something else.
    private static func owner(_ principal: Principal) -> String? {
        principal.name.hasPrefix(ownerPrefix) ? String(principal.name.dropFirst(ownerPrefix.count)) : nil
    }

    /// Lets the owners of client certificates do what is said from now on, and nobody else.
    func use(clients: [String: APIKeyGrant]) {
        let principals = Self.principals(clients)
        self.clients.withLock { $0 = principals }
    }

    private static func principals(_ clients: [String: APIKeyGrant]) -> [String: Principal] {
        Dictionary(
            uniqueKeysWithValues: clients.map { name, grant in
                (name, Principal(name: ownerPrefix + name, scopes: grant.allScopes, confinement: grant.labels))
            }
        )
    }

    private func identity(of certificate: ClientCertificate) -> CallerIdentity {
        switch certificate {
        case .none: .anonymous
        case .refused(let reason): .refused(.tokenInvalid(reason))
        case .named(let names):
            clients.withLock { clients in names.first { clients[$0] != nil }.flatMap { clients[$0] } }
                .map { .known($0) } ?? .refused(Self.clientUnknown)
        }
    }

    // MARK: Credentials

    private enum Credentials {
        case none
        case malformed(Problem)
        case key(id: String, octets: [UInt8])
        case token([UInt8])
        case ticket(String)
    }

    private func credentials(of request: HTTPRequest) -> Credentials {
        guard let field = request.headers["Authorization"] else {
            return TicketOffice.ticket(in: request).map { .ticket($0) } ?? .none
        }
        guard request.headers.count(of: "Authorization") == 1 else {
            return .malformed(.tokenInvalid("the field Authorization is there twice"))
        }
        let octets = Array(field.utf8)
        let scheme = Array("bearer ".utf8)
        guard octets.count > scheme.count, zip(octets, scheme).allSatisfy({ $0 | 0x20 == $1 }) else {
            return .malformed(.tokenInvalid("the scheme is not Bearer"))
        }
        let token = Array(octets[scheme.count...].drop { $0 == 0x20 })
        if let id = APIKeyText.id(in: token) { return .key(id: id, octets: token) }
        return tokens == nil || token.starts(with: APIKeyText.prefix.utf8) ? .malformed(Self.damaged) : .token(token)
    }

    private func judge(_ entry: Entry, _ octets: [UInt8], _ request: HTTPRequest) -> CallerIdentity {
        guard let digest = try? SHA256Digest.of(octets), Secret(digest) == Secret(entry.digest) else {
            return .refused(Self.unknown)
        }
        if let end = entry.expiresAt, end <= gateway.clock.now() { return .refused(.tokenExpired) }
        guard !entry.addresses.isEmpty else { return entry.identity }
        guard entry.addresses.contains(where: { $0.contains(request.remoteAddress) }) else {
            return .refused(Self.elsewhere)
        }
        return entry.identity
    }

    private static func entry(_ record: APIKeyRecord) -> Entry? {
        guard let digest = Hexadecimal.octets(of: record.digest) else { return nil }
        let principal = Principal(
            name: record.principal,
            keyID: record.id,
            scopes: record.grant.allScopes,
            confinement: record.grant.labels,
            expiresAt: record.expiresAt?.seconds,
            requestsPerMinute: record.grant.requestsPerMinute
        )
        return Entry(
            digest: digest,
            identity: record.revokedAt == nil ? .known(principal) : .refused(revoked),
            addresses: record.grant.addresses,
            expiresAt: record.expiresAt,
            lookedAt: .now
        )
    }

    private func noteUse(_ record: APIKeyRecord) async {
        let now = gateway.clock.now()
        if let last = record.lastUsedAt, now - last < Self.useStep { return }
        // A use that cannot be noted is a use all the same.
        try? await gateway.noteAPIKeyUse(record.id)
    }

    private static let damaged = Problem.tokenInvalid("it is not an API key, or it was damaged")
    private static let clientUnknown = Problem.tokenInvalid(
        "nobody is let in by a name in the certificate of the client"
    )
    private static let unknown = Problem.tokenInvalid("it is not known here")
    private static let revoked = Problem.tokenInvalid("it was revoked")
    private static let elsewhere = Problem.tokenInvalid("it is not good from this address")
}
