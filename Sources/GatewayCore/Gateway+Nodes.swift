// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

extension Gateway {
    /// All gateways that share the database, by name; alone with its database, a gateway is the only one.
    public func nodes() async throws(GatewayError) -> [NodeStanding] {
        guard cluster != nil else { return [try await alone()] }
        do throws(StoreError) {
            return try await store.nodes()
        } catch {
            throw GatewayError(error)
        }
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
        let meters: Int
        do throws(StoreError) {
            meters = try await store.meterCount(matching: MeterQuery())
        } catch {
            throw GatewayError(error)
        }
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
