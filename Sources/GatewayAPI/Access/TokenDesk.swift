// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Files
import Fleet
import HTTPKit
import JSONText
import Synchronization
import Timekeeping

/// Checks tokens of an OpenID Connect issuer (RFC 7519, by the advice of RFC 8725).
///
/// A token that was right is remembered by its digest until it ends or the keys are read again, so that its signature is
/// checked once.
final class TokenDesk: Sendable {
    /// How far the clocks of issuer and gateway may differ.
    static let skew = Duration.seconds(60)
    /// The least time between two looks into the key file for a key that is not known.
    private static let refreshPause = Duration.seconds(10)
    /// How long keys that were read hold; a key that the issuer withdrew ends then.
    private static let keysTime = Duration.seconds(300)
    private static let longestToken = 8192
    private static let mostTokens = 10_000

    private struct State {
        var keys: TokenKeySet?
        var readAt: ContinuousClock.Instant?
        var known: [[UInt8]: Principal] = [:]
    }

    private let settings: TokenSettings
    private let clock: any WallClock
    private let state = Mutex(State())

    /// Makes a desk; the keys are read with the first token.
    init(_ settings: TokenSettings, clock: any WallClock) {
        self.settings = settings
        self.clock = clock
    }

    /// Whose token it is.
    func identity(_ token: [UInt8]) -> CallerIdentity {
        guard token.count <= Self.longestToken, let digest = try? SHA256Digest.of(token) else {
            return .refused(.tokenInvalid("it is too long"))
        }
        let now = clock.now()
        if let principal = remembered(digest) {
            guard Self.isCurrent(principal, now) else { return .refused(.tokenExpired) }
            return .known(principal)
        }
        do throws(Problem) {
            let principal = try check(token, now: now)
            state.withLock { state in
                if state.known.count >= Self.mostTokens { state.known.removeAll() }
                state.known[digest] = principal
            }
            return .known(principal)
        } catch {
            return .refused(error)
        }
    }

    private func remembered(_ digest: [UInt8]) -> Principal? {
        state.withLock { state in
            guard let readAt = state.readAt, ContinuousClock.now - readAt < Self.keysTime else { return nil }
            return state.known[digest]
        }
    }

    private static func isCurrent(_ principal: Principal, _ now: Timestamp) -> Bool {
        guard let end = principal.expiresAt else { return false }
        return now < Timestamp(seconds: end) + skew
    }

    // MARK: One token

    private func check(_ token: [UInt8], now: Timestamp) throws(Problem) -> Principal {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, let header = Self.document(parts[0]), let claims = Self.document(parts[1]),
            let signature = OctetText.base64(String(decoding: parts[2], as: UTF8.self))
        else { throw Self.malformed }
        guard let algorithm = header["alg"]?.string.flatMap(TokenAlgorithm.init),
            settings.algorithms.contains(algorithm)
        else { throw .tokenInvalid("its algorithm is not taken") }
        // Extensions that must be understood are not (RFC 7515 §4.1.11).
        guard header["crit"] == nil else { throw .tokenInvalid("it asks for an extension") }
        let keyID = header["kid"]?.string
        let message = parts[0] + [UInt8(ascii: ".")] + parts[1]
        guard try keys(for: keyID).isRight(signature, of: message, by: algorithm, keyID: keyID) else {
            throw .tokenInvalid("its signature is not one of the issuer")
        }
        return try principal(claims, now)
    }

    private func principal(_ claims: JSONValue, _ now: Timestamp) throws(Problem) -> Principal {
        guard claims["iss"]?.string == settings.issuer else { throw .tokenInvalid("it is of another issuer") }
        let audience = claims["aud"]?.string.map { [$0] } ?? Self.texts(claims["aud"])
        guard audience.contains(settings.audience) else { throw .tokenInvalid("it is for another audience") }
        guard let end = Self.seconds(claims["exp"]) else { throw .tokenInvalid("it has no end") }
        guard now < Timestamp(seconds: end) + Self.skew else { throw .tokenExpired }
        if claims["nbf"] != nil {
            guard let begin = Self.seconds(claims["nbf"]), Timestamp(seconds: begin) - Self.skew <= now else {
                throw .tokenInvalid("its time has not come")
            }
        }
        guard let subject = claims["sub"]?.string, (1...200).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .tokenInvalid("it does not say whose it is") }
        var confinement: String?
        if let claim = settings.labelsClaim {
            // Who is to be confined and is not said to what may have nothing.
            guard let text = Self.value(claim, in: claims)?.string, LabelSelector(text)?.requirements.isEmpty == false
            else { throw .tokenInvalid("it does not say which meters it is for") }
            confinement = text
        }
        return Principal(
            name: "oidc:\(subject)",
            scopes: scopes(claims),
            confinement: confinement,
            expiresAt: end
        )
    }

    private func scopes(_ claims: JSONValue) -> Set<Scope> {
        let named = Self.value(settings.scopeClaim, in: claims)
        let words = named?.string.map { $0.split(separator: " ").map(String.init) } ?? Self.texts(named)
        let roles = settings.rolesClaim.map { Self.texts(Self.value($0, in: claims)) } ?? []
        return APIKeyGrant(roles: roles, scopes: words).allScopes
    }

    // MARK: Keys

    private func keys(for id: String?) throws(Problem) -> TokenKeySet {
        let now = ContinuousClock.now
        let (keys, readAt) = state.withLock { ($0.keys, $0.readAt) }
        if let keys, let readAt {
            if now - readAt < Self.keysTime, keys.contains(id) { return keys }
            if now - readAt < Self.refreshPause { return keys }
        }
        guard let octets = WholeFile.read(settings.keyFile), let read = TokenKeySet(octets) else {
            // A file that is being replaced must not shut everybody out.
            guard let keys else { throw Self.noKeys }
            return keys
        }
        state.withLock { state in
            state.keys = read
            state.readAt = now
            state.known.removeAll()
        }
        return read
    }

    // MARK: Pieces

    private static func document(_ part: [UInt8]) -> JSONValue? {
        let octets = OctetText.base64(String(decoding: part, as: UTF8.self))
        guard let octets, let value = try? JSONReader.parse(octets), value.object != nil else { return nil }
        return value
    }

    /// The value of a claim; dots lead into objects, but a claim whose name has dots goes before.
    private static func value(_ claim: String, in claims: JSONValue) -> JSONValue? {
        if let value = claims[claim] { return value }
        return claim.split(separator: ".").reduce(Optional(claims)) { value, name in value?[String(name)] }
    }

    private static func texts(_ value: JSONValue?) -> [String] { value?.array?.compactMap(\.string) ?? [] }

    /// A moment in whole seconds; some issuers write fractions.
    private static func seconds(_ value: JSONValue?) -> Int64? {
        guard let number = value?.number else { return nil }
        if let whole = number.exactInt64 { return whole.magnitude < 1 << 40 ? whole : nil }
        guard let value = Double(number.text), abs(value) < 1e12 else { return nil }
        return Int64(value)
    }

    private static let malformed = Problem.tokenInvalid(
        "it is neither an API key nor a signed token, or it was damaged"
    )
    private static let noKeys = Problem(
        "store-unavailable",
        status: 503,
        title: "The database does not answer",
        detail: "The keys of the issuer cannot be read.",
        retryable: true,
        headers: HTTPHeaders([.init(name: "Retry-After", value: "5")])
    )
}
