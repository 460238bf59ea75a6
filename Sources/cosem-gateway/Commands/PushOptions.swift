// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// The options of `serve` for what meters send by themselves.
struct PushOptions: ParsableArguments {
    @Option(help: .setting("push.listen"))
    var pushListen: String?

    @Option(help: .setting("push.unprotected"))
    var pushUnprotected: String?

    @Option(help: .setting("push.connections"))
    var pushConnections: String?

    @Option(help: .setting("push.connectionsPerAddress"))
    var pushConnectionsPerAddress: String?

    @Option(help: .setting("push.octetsPerSecond"))
    var pushOctetsPerSecond: String?

    @Option(help: .setting("push.waiting"))
    var pushWaiting: String?

    @Option(help: .setting("push.senders"))
    var pushSenders: String?

    @Option(help: .setting("push.longestMessage"))
    var pushLongestMessage: String?

    @Option(help: .setting("push.idle"))
    var pushIdle: String?

    /// What the command line said, by the names of settings.
    var flags: [String: String?] {
        [
            "push.listen": pushListen, "push.unprotected": pushUnprotected, "push.connections": pushConnections,
            "push.connectionsPerAddress": pushConnectionsPerAddress, "push.octetsPerSecond": pushOctetsPerSecond,
            "push.waiting": pushWaiting, "push.senders": pushSenders, "push.longestMessage": pushLongestMessage,
            "push.idle": pushIdle,
        ]
    }
}
