// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// What a gateway says of itself to others on the same database.
struct NodeOptions: ParsableArguments {
    @Option(help: "The name of this gateway, another one for each. (default: the name of the host)")
    var node: String?

    @Option(help: "http://HOST:PORT, where the other gateways reach this one. (default: the address of --listen)")
    var nodeAddress: String?

    @Option(help: "Seconds after which the others take the lines of a gateway that is not heard of. (default: 15)")
    var nodeLease: String?

    /// What the command line said, by the keys of the settings.
    var flags: [String: String?] {
        ["node.name": node, "node.address": nodeAddress, "node.lease": nodeLease]
    }
}
