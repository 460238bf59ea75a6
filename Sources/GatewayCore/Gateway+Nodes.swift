// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

extension Gateway {
    /// All gateways that share the database, by name; alone with its database, a gateway is the only one.
    public func nodes() async throws(GatewayError) -> [NodeStanding] {
        guard cluster != nil else { return [try await alone()] }
        return try await translating(await store.nodes())
    }

    /// Forgets a gateway that will never come back.
    public func removeNode(_ name: String) async throws(GatewayError) {
        do throws(StoreError) {
            if try await store.removeNode(name) { return }
        } catch {
            if case .inUse = error { throw .inUse(what: "node \(name)", by: ["the gateway of that name, which lives"]) }
            throw GatewayError(error)
        }
        throw .notFound(what: "node \(name)")
    }

    private func alone() async throws(GatewayError) -> NodeStanding {
        let meters = try await translating(await store.meterCount(matching: MeterQuery()))
        let now = clock.now()
        let node = NodeRecord(
            name: settings.node,
            fence: 1,
            ordinal: 0,
            address: "",
            version: settings.version,
            startedAt: startedAt,
            aliveUntil: now,
            formerUntil: now,
            state: isDraining ? .draining : .live
        )
        return NodeStanding(node: node, shares: ChannelShare.count, meters: meters, executions: nil)
    }
}
