// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration

/// How webhooks are called.
struct WebhookSettings: Hashable, Sendable {
    /// Whether loopback and private addresses may be called, too.
    var allowsPrivate: Bool
    /// Whether they may be called without TLS.
    var allowsPlain: Bool
    /// A PEM file with the authorities that are trusted; nil = those of the system.
    var authorityFile: String?

    /// Reads the settings under `webhooks`.
    init(_ reader: ConfigReader) {
        allowsPrivate = reader.string(forKey: "webhooks.allowPrivate", default: "false") == "true"
        allowsPlain = reader.string(forKey: "webhooks.allowPlain", default: "false") == "true"
        authorityFile = reader.string(forKey: "webhooks.authorityFile")
    }
}
