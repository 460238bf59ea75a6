// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import SettingsKit

/// Everything that `serve` can be told; an option of the command line takes its help from here.
enum GatewayCatalogue {
    /// The catalogue, in the order of the documentation.
    static let catalogue = SettingsCatalogue([
        .init(
            "HTTP",
            [
                Setting(
                    "listen",
                    .text(example: "127.0.0.1:8080"),
                    usual: "127.0.0.1:8080",
                    "ADDRESS:PORT to listen on"
                ),
                Setting(
                    "insecure",
                    .flag,
                    usual: "false",
                    "With --auth none: listen on an address that others can reach all the same"
                ),
                Setting("http.loops", .number(1...64), usual: "1", "Loop threads of the HTTP server"),
                Setting(
                    "http.connections",
                    .number(1...1_000_000),
                    usual: "2000",
                    "HTTP connections held at once; one address has three quarters of them at most"
                ),
                Setting(
                    "http.eventStreams",
                    .number(1...1_000_000),
                    usual: "200",
                    "Event streams and traces followed at once; one caller has a quarter of them at most"
                ),
                Setting(
                    "shutdown.grace",
                    .number(1...3600),
                    usual: "30",
                    "Seconds a stop waits for what is under way"
                ),
            ]
        ),
        .init(
            "Who may",
            [
                Setting(
                    "auth",
                    .word(["required", "none"]),
                    usual: "required",
                    memberInGroup: "mode",
                    "Whether callers need an API key, or everybody may do everything"
                ),
                Setting(
                    "oidc.issuer",
                    .text(example: "https://login.example/realms/meters"),
                    usualWords: "none",
                    "The issuer of tokens that are taken besides API keys, as iss has it"
                ),
                Setting(
                    "oidc.audience",
                    .text(example: "cosem-gateway"),
                    usual: "cosem-gateway",
                    "What aud of its tokens must name"
                ),
                Setting(
                    "oidc.keys",
                    .text(example: "https://login.example/realms/meters/protocol/openid-connect/certs"),
                    usualWords: "none",
                    "The issuer's keys, a JWK set: an https URL or a file; read again every five minutes and for new keys"
                ),
                Setting(
                    "oidc.authorityFile",
                    .text(example: "/etc/cosem-gateway/issuer.pem"),
                    usualWords: "the authorities of the system",
                    "A file with the authorities that are trusted for this URL, PEM"
                ),
                Setting(
                    "oidc.algorithms",
                    .text(example: "RS256,ES256"),
                    usualWords: "all but none and HMAC",
                    "Algorithms that are taken, with commas between them"
                ),
                Setting(
                    "oidc.scopeClaim",
                    .text(example: "scope"),
                    usual: "scope",
                    "The claim with scopes"
                ),
                Setting(
                    "oidc.rolesClaim",
                    .text(example: "realm_access.roles"),
                    usualWords: "none",
                    "The claim with roles"
                ),
                Setting(
                    "oidc.labelsClaim",
                    .text(example: "meters"),
                    usualWords: "none",
                    "The claim with the labels of the meters that the caller is confined to"
                ),
                Setting(
                    "http.requestsPerMinute",
                    .number(0...1_000_000),
                    usual: "0",
                    "Requests in a minute of a caller whose key does not say; 0 = no limit"
                ),
                Setting(
                    "http.origins",
                    .text(example: "https://dashboard.example"),
                    usualWords: "none",
                    "Origins whose pages may use the API, with commas between them"
                ),
                Setting(
                    "http.basePath",
                    .text(example: "/metering"),
                    usualWords: "none",
                    "What stands before every path, behind a reverse proxy that leaves it there"
                ),
                Setting(
                    "http.proxies",
                    .text(example: "10.0.0.2,10.1.0.0/16"),
                    usualWords: "none",
                    "Addresses of reverse proxies whose X-Forwarded-For is believed, with commas between them"
                ),
            ]
        ),
        .init(
            "TLS",
            [
                Setting(
                    "tls.certificate",
                    .text(example: "/etc/cosem-gateway/tls.pem"),
                    usualWords: "none: HTTP in clear",
                    isReloadable: true,
                    "A file with the server's certificate, then those between it and its authority, PEM"
                ),
                Setting(
                    "tls.key",
                    .text(example: "/etc/cosem-gateway/tls.key"),
                    usualWords: "none",
                    isReloadable: true,
                    "A file with its private key, PEM, without a password"
                ),
                Setting(
                    "tls.watch",
                    .number(0...86_400),
                    usual: "60",
                    "Seconds between looks whether these files were changed; 0 = they are read again at SIGHUP only"
                ),
                Setting(
                    "tls.clientAuthorities",
                    .text(example: "/etc/cosem-gateway/clients.pem"),
                    usualWords: "none: clients are asked for no certificate",
                    isReloadable: true,
                    "A file with the authorities that sign certificates of clients, PEM"
                ),
                Setting(
                    "tls.clients",
                    .text(example: "scada.example=operator,billing=viewer+readings:live@region=north"),
                    usualWords: "nobody",
                    isReloadable: true,
                    "What owners of client certificates may: NAME=ROLE, NAME=ROLE+SCOPE or NAME=ROLE@LABELS (with & between labels), with commas between them"
                ),
                Setting(
                    "tls.strictTransport",
                    .number(0...63_072_000),
                    usual: "31536000",
                    "Seconds for which browsers are told to use TLS only for this host, on all of its ports; 0 = not told"
                ),
            ]
        ),
        .init(
            "Store",
            [
                Setting(
                    "database",
                    .text(example: "sqlite:///var/lib/cosem-gateway/gateway.sqlite"),
                    usual: DatabaseLocation.usual,
                    secrecy: .passwordOfURL,
                    memberInGroup: "url",
                    "sqlite:///PATH, or postgres://USER:PASSWORD@HOST:PORT/NAME; a password is better kept in PGPASSFILE or "
                        + "COSEM_GATEWAY_DATABASE_FILE than on the command line"
                ),
                Setting(
                    "database.connections",
                    .number(1...1000),
                    usual: "8",
                    "Connections to a PostgreSQL server for transactions"
                ),
                Setting(
                    "secretKeyFile",
                    .text(example: "/var/lib/cosem-gateway/gateway.sqlite.key"),
                    usualWords: "the SQLite file's name with .key",
                    "The file with the key of the secrets, made if there is none; PostgreSQL needs it"
                ),
                Setting("events.retention", .number(1...36_500), usual: "90", "Days that events are kept"),
                Setting(
                    "readings.retention",
                    .number(1...36_500),
                    usual: "400",
                    "Days that readings and profile rows are kept"
                ),
                Setting("jobs.retention", .number(1...36_500), usual: "30", "Days that finished jobs are kept"),
                Setting(
                    "storedRows",
                    .word(["final", "on-request"]),
                    usual: "final",
                    "Whether rows that are all stored are told from the store: final, or on-request only"
                ),
            ]
        ),
        .init(
            "Log",
            [
                Setting(
                    "log.level",
                    .word(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
                    usual: "info",
                    isReloadable: true,
                    "The least level that is logged"
                ),
                Setting(
                    "log.format",
                    .word(["auto", "text", "json"]),
                    usual: "auto",
                    "Lines for people or JSON; auto is text where standard error is a terminal"
                ),
            ]
        ),
        .init(
            "Ways to meters",
            [
                Setting(
                    "meters.connectionRate",
                    .number(0...(.max)),
                    usual: "0",
                    "New connections to meters in a second at most; 0 = no limit"
                ),
                Setting(
                    "breaker.failures",
                    .number(0...(.max)),
                    usual: "5",
                    "Failures in a row after which a meter or a line is left alone for a while; 0 = never"
                ),
            ]
        ),
        .init(
            "Gaps of profiles",
            [
                Setting(
                    "recovery.interval",
                    .number(1...(.max)),
                    usual: "60",
                    hasFlag: false,
                    "Every how many seconds gaps are looked for"
                ),
                Setting(
                    "recovery.meters",
                    .number(1...(.max)),
                    usual: "500",
                    hasFlag: false,
                    "Meters whose gaps are filled at once"
                ),
                Setting(
                    "recovery.pause",
                    .number(1...(.max)),
                    usual: "3600",
                    hasFlag: false,
                    "Seconds after which a meter is asked again, then twice as many, up to 16 times"
                ),
            ]
        ),
        .init(
            "Metrics",
            [
                Setting(
                    "metrics.perMeter",
                    .flag,
                    usual: "false",
                    "Tell the newest readings of single meters in /metrics"
                ),
                Setting("metrics.maxMeters", .number(1...(.max)), usual: "1000", "Of how many meters at most"),
            ]
        ),
        orders, dialIn, push,
        .init(
            "Webhooks",
            [
                Setting(
                    "webhooks.allowPrivate",
                    .flag,
                    usual: "false",
                    "Let webhooks lead to loopback and private addresses, too"
                ),
                Setting("webhooks.allowPlain", .flag, usual: "false", "Let webhooks be called without TLS"),
                Setting(
                    "webhooks.authorityFile",
                    .text(example: "/etc/ssl/certs/own.pem"),
                    usualWords: "those of the system",
                    "A PEM file with the authorities that are trusted"
                ),
            ]
        ),
        mqtt, node,
    ])

    private static let mqtt = SettingsCatalogue.Section(
        "MQTT",
        [
            Setting(
                "mqtt.broker",
                .text(example: "mqtts://broker.example"),
                usualWords: "none",
                "mqtt://HOST:PORT or mqtts://HOST:PORT of a broker to publish to"
            ),
            Setting(
                "mqtt.prefix",
                .text(example: "site/north"),
                usual: "cosem-gateway",
                "What every topic begins with"
            ),
            Setting("mqtt.user", .text(example: "gateway"), usualWords: "none", "The name to log in with"),
            Setting(
                "mqtt.passwordFile",
                .text(example: "/etc/cosem-gateway/mqtt"),
                usualWords: "none",
                "A file with the password to log in with"
            ),
            Setting(
                "mqtt.authorityFile",
                .text(example: "/etc/ssl/certs/own.pem"),
                usualWords: "those of the system",
                "A PEM file with the authorities that the broker may come from"
            ),
        ]
    )

    private static let orders = SettingsCatalogue.Section(
        "Orders that switch supply",
        [
            Setting(
                "orders.allowRecurring",
                .flag,
                usual: "false",
                "Let schedules disconnect and reconnect customers"
            ),
            Setting(
                "orders.confirmation",
                .word(["none", "self", "four-eyes"]),
                usual: "none",
                hasFlag: false,
                "Who confirms an order before it is sent; a caller may ask for more"
            ),
            Setting(
                "orders.maxDisconnectsPerHour",
                .number(0...(.max)),
                usual: "60",
                hasFlag: false,
                "Disconnections in an hour at most"
            ),
            Setting(
                "orders.maxTargets",
                .number(1...(.max)),
                usual: "50",
                hasFlag: false,
                "Meters of one order at most"
            ),
            Setting(
                "orders.window",
                .text(example: "mon-thu 08:00-15:00"),
                usualWords: "always",
                hasFlag: false,
                "Days and times at which supply may be cut"
            ),
            Setting(
                "orders.timeZone",
                .text(example: "Europe/Bratislava"),
                usual: "UTC",
                hasFlag: false,
                "The time zone of that window"
            ),
            Setting(
                "orders.holdFile",
                .text(example: "/var/lib/cosem-gateway/orders-hold"),
                usualWords: "the SQLite file's name with .orders-hold",
                hasFlag: false,
                "A file that holds all orders as long as it is there"
            ),
            Setting(
                "orders.settleTime",
                .duration,
                usual: "PT60S",
                hasFlag: false,
                "How long the switch may take before its state is judged"
            ),
            Setting(
                "orders.resolvePause",
                .duration,
                usual: "PT5S",
                hasFlag: false,
                "The first pause before a switch is read again"
            ),
        ]
    )

    private static let dialIn = SettingsCatalogue.Section(
        "Meters that connect to the gateway",
        [
            Setting(
                "dialIn.listen",
                .text(example: "0.0.0.0:4059"),
                "ADDRESS:PORT where meters and modems connect to the gateway"
            ),
            Setting(
                "dialIn.identify",
                .list(separator: ",", example: "address,first-line"),
                usual: "address,first-line",
                "How callers are told apart, tried in this order: address, first-line, ask-wrapper or ask-hdlc, with commas"
            ),
            Setting(
                "dialIn.firstLine",
                .text(example: "{}"),
                usual: "{}",
                #"What the first line looks like: {} stands for the identity, * for anything; \r, \n, \xHH"#
            ),
            Setting(
                "dialIn.firstLineOctets",
                .number(1...(.max)),
                "Octets of a first line that does not end with CR or LF"
            ),
            Setting(
                "dialIn.identifyTime",
                .number(1...(.max)),
                usual: "30",
                "Seconds that each way to tell a caller apart may take"
            ),
            Setting(
                "dialIn.heartbeat",
                .list(separator: "|", example: #"PING\r\n"#),
                "What modems send between frames and is to be ignored, with | between several; written like a first line"
            ),
            Setting(
                "dialIn.connections",
                .number(1...(.max)),
                usual: "20000",
                "Connections of meters held at once"
            ),
            Setting(
                "dialIn.unknown",
                .number(1...(.max)),
                usual: "100",
                "Callers kept for which no meter is configured"
            ),
            Setting("dialIn.unknownTime", .number(1...(.max)), usual: "300", "Seconds that such a caller is kept"),
            Setting(
                "dialIn.keepAlive",
                .number(1...(.max)),
                usual: "60",
                "Seconds of silence after which the network is asked whether the other end is there"
            ),
        ]
    )

    private static let push = SettingsCatalogue.Section(
        "Meters that push",
        [
            Setting(
                "push.listen",
                .text(example: "0.0.0.0:4059"),
                "ADDRESS:PORT that meters push to, over TCP and UDP"
            ),
            Setting(
                "push.unprotected",
                .word(["never", "known-address", "any"]),
                usual: "known-address",
                "Whose pushes are taken although they prove nothing"
            ),
            Setting(
                "push.connections",
                .number(1...(.max)),
                usual: "10000",
                "Connections for pushes held at once"
            ),
            Setting(
                "push.connectionsPerAddress",
                .number(1...(.max)),
                usual: "100",
                "Connections for pushes of one address"
            ),
            Setting(
                "push.octetsPerSecond",
                .number(1...(.max)),
                usual: "65536",
                "Octets a second that one address may push for long"
            ),
            Setting("push.waiting", .number(1...(.max)), usual: "256", "Messages of one address that wait at most"),
            Setting("push.senders", .number(1...(.max)), usual: "10000", "Addresses that are remembered"),
            Setting("push.longestMessage", .number(1...65_535), usual: "32768", "Octets of the longest message"),
            Setting(
                "push.idle",
                .number(1...(.max)),
                usual: "600",
                "Seconds after which a connection that says nothing is closed"
            ),
        ]
    )

    private static let node = SettingsCatalogue.Section(
        "Several gateways on one database",
        [
            Setting(
                "node.name",
                .text(example: "gateway-1"),
                usualWords: "the name of the host",
                flag: "node",
                "The name of this gateway, another one for each"
            ),
            Setting(
                "node.address",
                .text(example: "http://192.0.2.1:8080"),
                usualWords: "the address of --listen",
                "http://HOST:PORT or https://HOST:PORT, where the other gateways reach this one"
            ),
            Setting(
                "node.authorityFile",
                .text(example: "/etc/cosem-gateway/gateways.pem"),
                usualWords: "those of the system",
                "A PEM file with the authorities that certificates of the other gateways may come from"
            ),
            Setting(
                "node.lease",
                .number(5...300),
                usual: "15",
                "Seconds after which the others take the lines of a gateway that is not heard of"
            ),
        ]
    )
}

extension ArgumentHelp {
    /// The help of an option that gives a setting, with its default.
    static func setting(_ key: String) -> ArgumentHelp {
        guard let setting = GatewayCatalogue.catalogue.setting(key) else { return ArgumentHelp(key) }
        if case .flag = setting.form { return ArgumentHelp("\(setting.summary).") }
        var words = setting.summary
        if case .word(let choices) = setting.form, !words.contains(choices[0]) {
            words += ": \(choices.dropLast().joined(separator: ", ")) or \(choices[choices.count - 1])"
        }
        let usual = setting.usual == nil && setting.usualWords == nil ? "" : " (default: \(setting.usualText))"
        return ArgumentHelp("\(words).\(usual)")
    }
}
