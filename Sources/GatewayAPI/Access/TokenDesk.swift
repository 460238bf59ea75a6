// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import HTTPKit
import JSONText
import Synchronization
import Timekeeping

/// Checks tokens of an OpenID Connect issuer (RFC 7519, by the advice of RFC 8725).
///
/// A token that was right is remembered by its digest until it ends or the keys are other ones, so that its signature is checked
/// once.
final class TokenDesk: Sendable {
    /// How far the clocks of issuer and gateway may differ.
    static let skew = Duration.seconds(60)
    private static let longestToken = 8192
    private static let mostTokens = 10_000

    private struct State {
        /// The edition of the keys that the signatures were checked with.
        var edition = 0
        var known: [[UInt8]: Principal] = [:]
    }

    private let settings: TokenSettings
    private let issuerKeys: IssuerKeys
    private let clock: any WallClock
    private let state = Mutex(State())

    /// Makes a desk that checks signatures with the keys of an issuer.
    init(_ settings: TokenSettings, keys: IssuerKeys, clock: any WallClock) {
        self.settings = settings
        issuerKeys = keys
        self.clock = clock
    }

    /// Whose token it is, if that can be told at once; nil if keys have to be read first.
    func identityAtHand(_ text: [UInt8]) -> CallerIdentity? {
        do throws(Problem) {
            let digest = try Self.digest(text)
            if let principal = remembered(digest) { return known(principal) }
            let token = try SignedToken(text, algorithms: settings.algorithms)
            guard let (keys, edition) = issuerKeys.atHand(for: token.keyID) else { return nil }
            return .known(try check(token, digest, keys, edition))
        } catch {
            return .refused(error)
        }
    }

    /// Whose token it is; waits for keys that may have to be read.
    func identity(_ text: [UInt8]) async -> CallerIdentity {
        if let identity = identityAtHand(text) { return identity }
        do throws(Problem) {
            let token = try SignedToken(text, algorithms: settings.algorithms)
            guard let (keys, edition) = await issuerKeys.keys(for: token.keyID) else { throw .issuerUnavailable }
            return .known(try check(token, Self.digest(text), keys, edition))
        } catch {
            return .refused(error)
        }
    }

    private static func digest(_ text: [UInt8]) throws(Problem) -> [UInt8] {
        guard text.count <= longestToken, let digest = try? SHA256Digest.of(text) else {
            throw .tokenInvalid("it is too long")
        }
        return digest
    }

    private func remembered(_ digest: [UInt8]) -> Principal? {
        let edition = issuerKeys.edition
        return state.withLock { state in
            guard state.edition == edition else { return nil }
            return state.known[digest]
        }
    }

    private func known(_ principal: Principal) -> CallerIdentity {
        guard let end = principal.expiresAt, clock.now() < Timestamp(seconds: end) + Self.skew else {
            return .refused(.tokenExpired)
        }
        return .known(principal)
    }

    // MARK: One token

    private func check(
        _ token: SignedToken,
        _ digest: [UInt8],
        _ keys: TokenKeySet,
        _ edition: Int
    ) throws(Problem) -> Principal {
        guard keys.isRight(token.signature, of: token.message, by: token.algorithm, keyID: token.keyID) else {
            throw .tokenInvalid("its signature is not one of the issuer")
        }
        let principal = try principal(token.claims, clock.now())
        state.withLock { state in
            if state.edition != edition || state.known.count >= Self.mostTokens {
                state = State(edition: edition)
            }
            state.known[digest] = principal
        }
        return principal
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

    // MARK: Pieces

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
}

extension Problem {
    /// 503: tokens cannot be checked because there are no keys of their issuer.
    fileprivate static let issuerUnavailable = Problem(
        "issuer-unavailable",
        status: 503,
        title: "The keys of the issuer are not there",
        detail: "The token cannot be checked: the keys of its issuer could not be read.",
        hint: "Try again later, or use an API key.",
        retryable: true,
        headers: HTTPHeaders([.init(name: "Retry-After", value: "15")])
    )
}
