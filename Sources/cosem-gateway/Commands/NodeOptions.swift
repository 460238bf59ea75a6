// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// What a gateway says of itself to others on the same database.
struct NodeOptions: ParsableArguments {
    @Option(help: .setting("node.name"))
    var node: String?

    @Option(help: .setting("node.address"))
    var nodeAddress: String?

    @Option(help: .setting("node.authorityFile"))
    var nodeAuthorityFile: String?

    @Option(help: .setting("node.lease"))
    var nodeLease: String?

    /// What the command line said, by the keys of the settings.
    var flags: [String: String?] {
        [
            "node.name": node, "node.address": nodeAddress, "node.authorityFile": nodeAuthorityFile,
            "node.lease": nodeLease,
        ]
    }
}
