// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import DLMSSecurity
import GatewayAPI
import HTTPKit

/// Which tokens of an issuer are taken, and what bounds callers.
struct AccessSettings: Sendable {
    /// Which tokens are taken besides API keys; nil for none.
    let tokens: TokenSettings?
    /// Requests in a minute of a caller whose key does not say; nil for no limit.
    let requestsPerMinute: Int?
    /// The origins whose pages may use the API.
    let origins: Set<String>

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
        tokens = try Self.tokens(reader)
    }

    private static func tokens(_ reader: ConfigReader) throws -> TokenSettings? {
        guard let issuer = reader.string(forKey: "oidc.issuer") else { return nil }
        guard let keys = reader.string(forKey: "oidc.keys") else {
            throw SettingsError.missing(option: "oidc-keys", hint: "tokens are checked with the keys of their issuer")
        }
        var settings = TokenSettings(
            issuer: issuer,
            audience: reader.string(forKey: "oidc.audience", default: "cosem-gateway"),
            keyFile: keys,
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

    private static func words(_ reader: ConfigReader, _ key: ConfigKey) -> [String] {
        (reader.string(forKey: key) ?? "").split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
    }
}
