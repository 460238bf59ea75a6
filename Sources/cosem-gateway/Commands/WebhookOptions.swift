// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// How webhooks are called.
struct WebhookOptions: ParsableArguments {
    @Flag(help: .setting("webhooks.allowPrivate"))
    var webhooksAllowPrivate = false

    @Flag(help: .setting("webhooks.allowPlain"))
    var webhooksAllowPlain = false

    @Option(help: .setting("webhooks.authorityFile"))
    var webhooksAuthorityFile: String?

    /// What the command line said, by the keys of the settings.
    var flags: [String: String?] {
        [
            "webhooks.allowPrivate": webhooksAllowPrivate ? "true" : nil,
            "webhooks.allowPlain": webhooksAllowPlain ? "true" : nil, "webhooks.authorityFile": webhooksAuthorityFile,
        ]
    }
}
