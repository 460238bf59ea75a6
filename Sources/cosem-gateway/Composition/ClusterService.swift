// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import GatewayAPI
import GatewayCore
import SQLStore
import ServiceLifecycle

/// Keeps the gateway's place among those that share its database; ends after everything that uses lines to meters.
struct ClusterService: Service {
    let node: ClusterNode

    func run() async throws {
        await cancelWhenGracefulShutdown { await node.run() }
        await node.leave()
    }
}

/// What a gateway brings along to share its database with others.
struct ClusterEntry {
    /// Its start, as the others see it.
    let record: NodeRecord
    /// What it holds; nothing yet.
    let shares = HeldShares()
    /// The way to the others.
    let peers: GatewayAPI.Peers
    /// How it takes part.
    let settings: ClusterNode.Settings

    /// Enters the gateway; nil when it has its database to itself.
    init?(_ settings: GatewaySettings, _ fleet: SQLFleetStore) async throws {
        guard settings.database.isShared else { return nil }
        _ = try await fleet.completeShares()
        let secret = try await fleet.nodeSecret(orKeep: Secret(RandomOctets.draw(32)))
        peers = GatewayAPI.Peers(forwarder: try settings.node.forwarder(), secret: secret)
        self.settings = ClusterNode.Settings(lease: .seconds(settings.node.leaseSeconds))
        record = try await fleet.register(
            NodeRegistration(
                name: settings.node.name,
                address: settings.node.address,
                version: Version.text,
                lease: .seconds(settings.node.leaseSeconds)
            )
        )
    }
}
