// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Limits that channels share: a pool of modems, a radio cell, a concentrator.
public struct ChannelGroupPlan: Hashable, Sendable {
    /// The identifier of the group.
    public var id: String
    /// How many channels of the group may be busy or hold a connection at once, at least 1.
    public var parallelism: Int
    /// How many connections the channels of the group may begin in a second, above 0; nil sets no limit.
    public var maxConnectionsPerSecond: Double?

    /// Makes limits.
    public init(id: String, parallelism: Int, maxConnectionsPerSecond: Double? = nil) {
        self.id = id
        self.parallelism = parallelism
        self.maxConnectionsPerSecond = maxConnectionsPerSecond
    }
}

/// How things stand with a group of channels.
public struct ChannelGroupStatus: Hashable, Sendable {
    /// The limits.
    public var plan: ChannelGroupPlan
    /// The channels of the group that are busy or hold a connection.
    public var active: [ChannelKey]
    /// How many channels wait for one of the others to finish.
    public var waiting: Int
    /// How many channels wait until they may connect.
    public var waitingToConnect: Int
}

/// A group of channels while any of them has anything to do.
///
/// Belongs to the actor that made it and never leaves it.
final class ChannelGroupState {
    /// The limits, as the latest request brought them.
    var plan: ChannelGroupPlan
    /// Channels that are busy or hold a connection.
    var active: Set<ChannelKey> = []
    /// Channels that wait for one of those to finish, in the order in which they came.
    var waiting: [ChannelKey] = []
    /// Lets connections begin one after the other.
    var gate: ConnectionGate

    init(_ plan: ChannelGroupPlan) {
        self.plan = plan
        gate = ConnectionGate(rate: ConnectionRate(perSecond: plan.maxConnectionsPerSecond))
    }

    var status: ChannelGroupStatus {
        ChannelGroupStatus(
            plan: plan,
            active: active.sorted { $0.text < $1.text },
            waiting: waiting.count,
            waitingToConnect: gate.waiting.count
        )
    }
}

/// A limit on new connections, with the channels that wait until they may connect.
struct ConnectionGate {
    /// Which limit.
    enum Name: Hashable {
        /// That of all channels together.
        case all
        /// That of a group.
        case group(String)
    }

    var rate: ConnectionRate
    /// Channels that wait, in the order in which they came.
    var waiting: [ChannelKey] = []
    /// When the first of them is woken.
    var wakesAt: ContinuousClock.Instant?
}
