// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// The options of `serve` for meters that connect to the gateway.
struct DialInOptions: ParsableArguments {
    @Option(help: "ADDRESS:PORT where meters and modems connect to the gateway. (default: none)")
    var dialInListen: String?

    @Option(
        help:
            "How callers are told apart, tried in this order: address, first-line, ask-wrapper or ask-hdlc, with commas. (default: address,first-line)"
    )
    var dialInIdentify: String?

    @Option(
        help:
            "What the first line looks like: {} stands for the identity, * for anything; \\r, \\n, \\xHH. (default: {})"
    )
    var dialInFirstLine: String?

    @Option(help: "Octets of a first line that does not end with CR or LF.")
    var dialInFirstLineOctets: String?

    @Option(help: "Seconds that each way to tell a caller apart may take. (default: 30)")
    var dialInIdentifyTime: String?

    @Option(
        help: "What modems send between frames and is to be ignored, with | between several; written like a first line."
    )
    var dialInHeartbeat: String?

    @Option(help: "Connections of meters held at once. (default: 20000)")
    var dialInConnections: String?

    @Option(help: "Callers kept for which no meter is configured. (default: 100)")
    var dialInUnknown: String?

    @Option(help: "Seconds that such a caller is kept. (default: 300)")
    var dialInUnknownTime: String?

    @Option(help: "Seconds of silence after which the network is asked whether the other end is there. (default: 60)")
    var dialInKeepAlive: String?

    /// What the command line said, by the names of settings.
    var flags: [String: String?] {
        [
            "dialIn.listen": dialInListen, "dialIn.identify": dialInIdentify, "dialIn.firstLine": dialInFirstLine,
            "dialIn.firstLineOctets": dialInFirstLineOctets, "dialIn.identifyTime": dialInIdentifyTime,
            "dialIn.heartbeat": dialInHeartbeat, "dialIn.connections": dialInConnections,
            "dialIn.unknown": dialInUnknown, "dialIn.unknownTime": dialInUnknownTime,
            "dialIn.keepAlive": dialInKeepAlive,
        ]
    }
}
