// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import MeterSessions
public import Timekeeping

/// What operators see of channels, and how they steer them.
extension Gateway {
    /// What stands before the id of a meter in the id of its own channel.
    public static let ownChannelPrefix = "meter:"

    /// A channel as callers name it: a shared one by its id, that of a meter by `meter:` and the meter's id.
    public enum NamedChannel: Sendable {
        /// A shared channel.
        case shared(ChannelRecord)
        /// The channel that a meter has, its own or a shared one.
        case used(by: MeterRecord, ChannelKey)

        /// What identifies the path; channels that lead to the same place have the same key, and so the same status.
        public var key: ChannelKey {
            switch self {
            case .shared(let record): ChannelKey(record.configuration.path)
            case .used(_, let key): key
            }
        }
    }

    /// The channel with this name.
    public func namedChannel(_ name: String) async throws(GatewayError) -> NamedChannel {
        guard name.hasPrefix(Self.ownChannelPrefix) else { return .shared(try await channel(name)) }
        let memory = try await directory.memory(of: String(name.dropFirst(Self.ownChannelPrefix.count)))
        return .used(by: memory.record, memory.route.channel)
    }

    /// How things stand with a channel.
    public func channelStanding(_ key: ChannelKey) async -> ChannelStanding {
        ChannelStanding(await access.channelStatus(key), PresentTime(clock))
    }

    /// How things stand with all channels that have anything to do, a connection, or an operator's wish.
    public func channelStandings() async -> [ChannelStanding] {
        let present = PresentTime(clock)
        return await access.channelStatuses().map { ChannelStanding($0, present) }
    }

    /// How things stand with a group; nil when no channel of it was used since the start.
    public func channelGroupStatus(_ id: String) async -> ChannelGroupStatus? {
        await access.groupStatus(id)
    }

    /// Lets no further exchange begin on a channel; what is asked for waits, or fails as `meter-locked` in the end.
    ///
    /// Kept in the database: every gateway on it obeys, also after its next start.
    /// - Parameters:
    ///   - until: when it is given free by itself; nil = by ``resumeChannel(_:)`` only.
    ///   - reason: words for those who wait.
    public func holdChannel(
        _ key: ChannelKey,
        until: Timestamp? = nil,
        reason: String? = nil
    ) async throws(GatewayError) {
        try await translating(await controls.set(.held(until: until, reason: reason), of: key))
    }

    /// Lets a channel finish what waits; what comes is refused as `meter-locked`.
    ///
    /// Kept as holds are.
    public func drainChannel(_ key: ChannelKey) async throws(GatewayError) {
        try await translating(await controls.set(.draining, of: key))
    }

    /// Gives a channel free that was held or drained.
    public func resumeChannel(_ key: ChannelKey) async throws(GatewayError) {
        try await translating(await controls.set(nil, of: key))
    }

    /// Holds and drains what operators want held and drained; to be done before anything is asked of a meter.
    public func obeyOperators() async throws(GatewayError) {
        try await translating(await controls.follow())
    }

    /// The time of day of an instant in a status or a trace.
    public func timestamp(of instant: ContinuousClock.Instant) -> Timestamp {
        PresentTime(clock).timestamp(of: instant)
    }
}
