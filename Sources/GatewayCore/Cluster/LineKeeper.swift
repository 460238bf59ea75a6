// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import MeterSessions

/// Which gateway a request has to go to.
public enum LineKeeper: Hashable, Sendable {
    /// This one.
    case here
    /// Another one.
    case peer(NodeRecord)
    /// None that is known: the line is going from one to another.
    case nobody
}

extension ClusterNode {
    /// How often the keeper of a line is looked for while it goes from one gateway to another.
    private static let lookInterval = Duration.milliseconds(200)

    /// The gateway that has the line of a meter.
    ///
    /// - Parameter limit: how long to wait for a line that is going from one gateway to another.
    /// - Throws: what ``Gateway/meter(_:)`` throws.
    public func keeper(ofMeter id: String, within limit: Duration) async throws(GatewayError) -> LineKeeper {
        let memory = try await directory.memory(of: id)
        guard let share = memory.route.share else { return try await keeper(ofCaller: memory) }
        return await keeper(of: ChannelShare(number: share), within: limit)
    }

    /// The gateway that has a channel, as operators name it.
    public func keeper(
        ofChannel name: String,
        of gateway: Gateway,
        within limit: Duration
    ) async throws(GatewayError) -> LineKeeper {
        if name.hasPrefix(Gateway.ownChannelPrefix) {
            return try await keeper(ofMeter: String(name.dropFirst(Gateway.ownChannelPrefix.count)), within: limit)
        }
        let configuration = try await gateway.channel(name).configuration
        if case .dialIn = configuration.path { return .here }
        return await keeper(of: ChannelShare(of: configuration.path, in: configuration.group), within: limit)
    }

    /// The gateway that has a share.
    public func keeper(of share: ChannelShare, within limit: Duration) async -> LineKeeper {
        let end = clock.now() + limit
        while true {
            if shares.holds(share.number) { return .here }
            if let node = shares.holder(of: share), node.holder != record.holder { return .peer(node) }
            guard clock.now() < end else { return .nobody }
            lookAgain()
            guard (try? await clock.sleep(clock.now() + Self.lookInterval)) != nil else { return .nobody }
        }
    }

    /// The gateway that a meter has dialled in to; this one, when it has not, waits for it.
    private func keeper(ofCaller memory: MeterMemory) async throws(GatewayError) -> LineKeeper {
        guard case .standing(let identity) = memory.route.medium else { return .here }
        if access.standingLines?.status(of: identity).isConnected == true { return .here }
        let holder = try await translating(await store.callerHolder(memory.id))
        guard let holder, holder != record.holder, let node = shares.node(holder) else { return .here }
        return .peer(node)
    }
}
