// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import DLMSSecurity
import Fleet
import GatewayAPI

/// Where the keys of an issuer are.
enum IssuerKeyPlace: Sendable {
    /// In a file.
    case file(String)
    /// Behind an https URL; with the file of the authorities that are trusted, nil for those of the system.
    case url(WebhookURL, authorityFile: String?)

    /// Resolves the settings.
    ///
    /// - Throws: `SettingsError`.
    init(_ reader: ConfigReader) throws {
        guard let text = reader.string(forKey: "oidc.keys") else {
            throw SettingsError.missing(option: "oidc-keys", hint: "tokens are checked with the keys of their issuer")
        }
        guard text.contains("://") else {
            self = .file(text)
            return
        }
        guard let url = WebhookURL(text), url.isSecure else {
            throw SettingsError.invalid(
                option: "oidc-keys",
                value: text,
                hint: "write an https URL or the path of a file; keys that came in clear could be anybody's"
            )
        }
        self = .url(url, authorityFile: reader.string(forKey: "oidc.authorityFile"))
    }

    /// What reads them.
    ///
    /// - Throws: `SettingsError` for authorities that cannot be used.
    func source() throws -> any IssuerKeySource {
        switch self {
        case .file(let name): return IssuerKeyFile(name)
        case .url(let url, let authorityFile):
            do throws(TLSFault) {
                return try IssuerKeyFetch(url, authorityFile: authorityFile)
            } catch {
                throw SettingsError.invalid(
                    option: "oidc-authority-file",
                    value: authorityFile ?? "",
                    hint: "there are no certificates in it that can be read; write PEM"
                )
            }
        }
    }
}
