// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// The options of `serve` for who may and how much, beside `--auth`.
struct AccessOptions: ParsableArguments {
    @Option(help: .setting("http.requestsPerMinute"))
    var httpRequestsPerMinute: String?

    @Option(help: .setting("http.origins"))
    var httpOrigins: String?

    @Option(help: .setting("http.basePath"))
    var httpBasePath: String?

    @Option(help: .setting("http.proxies"))
    var httpProxies: String?

    @Option(help: .setting("oidc.issuer"))
    var oidcIssuer: String?

    @Option(help: .setting("oidc.audience"))
    var oidcAudience: String?

    @Option(help: .setting("oidc.keys"))
    var oidcKeys: String?

    @Option(help: .setting("oidc.authorityFile"))
    var oidcAuthorityFile: String?

    @Option(help: .setting("oidc.algorithms"))
    var oidcAlgorithms: String?

    @Option(help: .setting("oidc.scopeClaim"))
    var oidcScopeClaim: String?

    @Option(help: .setting("oidc.rolesClaim"))
    var oidcRolesClaim: String?

    @Option(help: .setting("oidc.labelsClaim"))
    var oidcLabelsClaim: String?

    @Option(help: .setting("tls.certificate"))
    var tlsCertificate: String?

    @Option(help: .setting("tls.key"))
    var tlsKey: String?

    @Option(help: .setting("tls.clientAuthorities"))
    var tlsClientAuthorities: String?

    @Option(help: .setting("tls.clients"))
    var tlsClients: String?

    @Option(help: .setting("tls.watch"))
    var tlsWatch: String?

    @Option(help: .setting("tls.strictTransport"))
    var tlsStrictTransport: String?

    /// What the command line said, by the names of settings.
    var flags: [String: String?] {
        [
            "http.requestsPerMinute": httpRequestsPerMinute, "http.origins": httpOrigins,
            "http.basePath": httpBasePath, "http.proxies": httpProxies,
            "oidc.issuer": oidcIssuer, "oidc.audience": oidcAudience, "oidc.keys": oidcKeys,
            "oidc.authorityFile": oidcAuthorityFile,
            "oidc.algorithms": oidcAlgorithms,
            "tls.certificate": tlsCertificate, "tls.key": tlsKey, "tls.clientAuthorities": tlsClientAuthorities,
            "tls.clients": tlsClients, "tls.watch": tlsWatch, "tls.strictTransport": tlsStrictTransport,
            "oidc.scopeClaim": oidcScopeClaim, "oidc.rolesClaim": oidcRolesClaim, "oidc.labelsClaim": oidcLabelsClaim,
        ]
    }
}
