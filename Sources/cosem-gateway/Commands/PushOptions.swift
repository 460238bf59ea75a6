// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// The options of `serve` for what meters send by themselves.
struct PushOptions: ParsableArguments {
    @Option(help: "ADDRESS:PORT that meters push to, over TCP and UDP. (default: none)")
    var pushListen: String?

    @Option(
        help:
            "Whose pushes are taken although they prove nothing: never, known-address or any. (default: known-address)"
    )
    var pushUnprotected: String?

    @Option(help: "Connections for pushes held at once. (default: 10000)")
    var pushConnections: String?

    @Option(help: "Connections for pushes of one address. (default: 100)")
    var pushConnectionsPerAddress: String?

    @Option(help: "Octets a second that one address may push for long. (default: 65536)")
    var pushOctetsPerSecond: String?

    @Option(help: "Messages of one address that wait at most. (default: 256)")
    var pushWaiting: String?

    @Option(help: "Addresses that are remembered. (default: 10000)")
    var pushSenders: String?

    @Option(help: "Octets of the longest message, at most 65535. (default: 32768)")
    var pushLongestMessage: String?

    @Option(help: "Seconds after which a connection that says nothing is closed. (default: 600)")
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
