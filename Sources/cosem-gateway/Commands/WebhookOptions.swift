// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// How webhooks are called.
struct WebhookOptions: ParsableArguments {
    @Flag(help: "Let webhooks lead to loopback and private addresses, too.")
    var webhooksAllowPrivate = false

    @Flag(help: "Let webhooks be called without TLS.")
    var webhooksAllowPlain = false

    @Option(help: "A PEM file with the authorities that are trusted. (default: those of the system)")
    var webhooksAuthorityFile: String?

    /// What the command line said, by the keys of the settings.
    var flags: [String: String?] {
        [
            "webhooks.allowPrivate": webhooksAllowPrivate ? "true" : nil,
            "webhooks.allowPlain": webhooksAllowPlain ? "true" : nil, "webhooks.authorityFile": webhooksAuthorityFile,
        ]
    }
}
