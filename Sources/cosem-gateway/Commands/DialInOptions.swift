// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// The options of `serve` for meters that connect to the gateway.
struct DialInOptions: ParsableArguments {
    @Option(help: .setting("dialIn.listen"))
    var dialInListen: String?

    @Option(help: .setting("dialIn.identify"))
    var dialInIdentify: String?

    @Option(help: .setting("dialIn.firstLine"))
    var dialInFirstLine: String?

    @Option(help: .setting("dialIn.firstLineOctets"))
    var dialInFirstLineOctets: String?

    @Option(help: .setting("dialIn.identifyTime"))
    var dialInIdentifyTime: String?

    @Option(help: .setting("dialIn.heartbeat"))
    var dialInHeartbeat: String?

    @Option(help: .setting("dialIn.connections"))
    var dialInConnections: String?

    @Option(help: .setting("dialIn.unknown"))
    var dialInUnknown: String?

    @Option(help: .setting("dialIn.unknownTime"))
    var dialInUnknownTime: String?

    @Option(help: .setting("dialIn.keepAlive"))
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
