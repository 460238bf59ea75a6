// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import DLMSSecurity
import Fleet
import GatewayAPI
import HTTPKit

/// Which tokens of an issuer are taken, and what bounds callers.
struct AccessSettings: Sendable {
    /// Which tokens are taken besides API keys; nil for none.
    let tokens: TokenSettings?
    /// Where the keys of their issuer are; nil where no tokens are taken.
    let issuerKeys: IssuerKeyPlace?
    /// Requests in a minute of a caller whose key does not say; nil for no limit.
    let requestsPerMinute: Int?
    /// How TLS is spoken; nil speaks HTTP in clear.
    let tls: ServerTLSSettings?
    /// What the owners of client certificates may do, by the names in them.
    let clients: [String: APIKeyGrant]
    /// The origins whose pages may use the API.
    let origins: Set<String>
    /// What stands before every path; empty, or with a slash at its beginning and none at its end.
    let basePath: String
    /// The reverse proxies that are believed when they tell whose request they send on.
    let proxies: [AddressRange]

    /// Resolves the settings.
    ///
    /// - Throws: `SettingsError`.
    init(_ reader: ConfigReader) throws {
        let rate = reader.string(forKey: "http.requestsPerMinute", default: "0")
        guard let limit = Int(rate), (0...1_000_000).contains(limit) else {
            throw SettingsError.invalid(
                option: "http-requests-per-minute",
                value: rate,
                hint: "write a whole number of 0 to 1000000; 0 is no limit"
            )
        }
        requestsPerMinute = limit == 0 ? nil : limit
        origins = Set(Self.words(reader, "http.origins"))
        if let wrong = origins.first(where: { !CrossOriginPolicy.isOrigin($0) }) {
            throw SettingsError.invalid(
                option: "http-origins",
                value: wrong,
                hint: "write origins as browsers send them, such as https://dashboard.example, without a path"
            )
        }
        basePath = try Self.basePath(reader)
        proxies = try Self.words(reader, "http.proxies").map { text in
            guard let range = AddressRange(text) else {
                throw SettingsError.invalid(
                    option: "http-proxies",
                    value: text,
                    hint: "write addresses or ranges, such as 10.0.0.2 or 10.1.0.0/16, with commas between them"
                )
            }
            return range
        }
        tokens = try Self.tokens(reader)
        issuerKeys = try tokens.map { _ in try IssuerKeyPlace(reader) }
        tls = try ServerTLSSettings(reader)
        clients = try Self.clients(reader, isAsking: tls?.files.clientAuthorities != nil)
    }

    private static func basePath(_ reader: ConfigReader) throws -> String {
        let text = reader.string(forKey: "http.basePath", default: "")
        let parts = text.split(separator: "/")
        let isPlain = parts.allSatisfy { part in
            part != "." && part != ".."
                && part.utf8.allSatisfy { octet in
                    UInt8(ascii: "a")...UInt8(ascii: "z") ~= octet | 0x20
                        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= octet
                        || "-._~".utf8.contains(octet)
                }
        }
        let path = parts.map { "/" + $0 }.joined()
        guard isPlain, text.isEmpty || text == "/" || text == path || text == path + "/" else {
            throw SettingsError.invalid(
                option: "http-base-path",
                value: text,
                hint: "write a path of letters, digits and - . _ ~, such as /metering"
            )
        }
        return path
    }

    private static func tokens(_ reader: ConfigReader) throws -> TokenSettings? {
        guard let issuer = reader.string(forKey: "oidc.issuer") else { return nil }
        var settings = TokenSettings(
            issuer: issuer,
            audience: reader.string(forKey: "oidc.audience", default: "cosem-gateway"),
            scopeClaim: reader.string(forKey: "oidc.scopeClaim", default: "scope"),
            rolesClaim: reader.string(forKey: "oidc.rolesClaim"),
            labelsClaim: reader.string(forKey: "oidc.labelsClaim")
        )
        let words = words(reader, "oidc.algorithms")
        if !words.isEmpty {
            settings.algorithms = Set(
                try words.map { word in
                    guard let algorithm = TokenAlgorithm(rawValue: word) else {
                        let known = TokenAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
                        throw SettingsError.invalid(
                            option: "oidc-algorithms",
                            value: word,
                            hint: "choose among \(known)"
                        )
                    }
                    return algorithm
                }
            )
        }
        return settings
    }

    /// `NAME=ROLE+SCOPE,NAME=ROLE@LABELS`, where labels are a selector with `&` in place of commas.
    private static func clients(_ reader: ConfigReader, isAsking: Bool) throws -> [String: APIKeyGrant] {
        var found: [String: APIKeyGrant] = [:]
        guard isAsking == (reader.string(forKey: "tls.clients") != nil) else {
            throw SettingsError.missing(
                option: isAsking ? "tls-clients" : "tls-client-authorities",
                hint: "certificates of clients need their authorities, and names with what their owners may do"
            )
        }
        for text in words(reader, "tls.clients") {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            let words = parts.count == 2 ? parts[1].split(separator: "@", maxSplits: 1).map(String.init) : []
            let rights = words.first.map { $0.split(separator: "+").map(String.init) } ?? []
            var grant = APIKeyGrant(
                roles: rights.filter { Role(rawValue: $0) != nil },
                scopes: rights.filter { Role(rawValue: $0) == nil }
            )
            if words.count == 2 { grant.labels = words[1].replacing("&", with: ",") }
            let isKnown = grant.scopes.allSatisfy { Scope(rawValue: $0) != nil }
            let isSelector = grant.labels.map { LabelSelector($0) != nil } ?? !text.hasSuffix("@")
            guard !rights.isEmpty, isKnown, isSelector, found[parts[0]] == nil else {
                throw SettingsError.invalid(
                    option: "tls-clients",
                    value: text,
                    hint: "write NAME=ROLE, NAME=ROLE+SCOPE, or NAME=ROLE@region=north&type=water, with commas between "
                        + "clients, each once"
                )
            }
            found[parts[0]] = grant
        }
        return found
    }

    private static func words(_ reader: ConfigReader, _ key: ConfigKey) -> [String] {
        (reader.string(forKey: key) ?? "").split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
    }
}
