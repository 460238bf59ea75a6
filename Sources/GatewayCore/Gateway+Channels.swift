// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText
public import MeterSessions
public import Timekeeping

extension Gateway {
    /// A page of shared channels.
    public func channelPage(after cursor: String?, limit: Int) async throws(GatewayError) -> Page<ChannelRecord> {
        do throws(StoreError) {
            return try await channels.channels(after: cursor, limit: limit)
        } catch {
            throw GatewayError(error)
        }
    }

    /// The shared channel with this id.
    public func channel(_ id: String) async throws(GatewayError) -> ChannelRecord {
        guard let key = ChannelID(id) else { throw .channelUnknown(text: id) }
        do throws(StoreError) {
            if let record = try await channels.channel(key) { return record }
        } catch {
            throw GatewayError(error)
        }
        throw .channelUnknown(text: id)
    }

    /// Makes or replaces a shared channel.
    public func putChannel(
        _ id: ChannelID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<ChannelRecord> {
        try await administration.putChannel(id, document, when: precondition)
    }

    /// Removes a shared channel.
    public func deleteChannel(_ id: String, when precondition: WritePrecondition) async throws(GatewayError) {
        guard let key = ChannelID(id) else { throw .channelUnknown(text: id) }
        try await administration.deleteChannel(key, when: precondition)
    }

    /// A page of channel groups.
    public func channelGroupPage(
        after cursor: String?,
        limit: Int
    ) async throws(GatewayError) -> Page<ChannelGroupRecord> {
        do throws(StoreError) {
            return try await channels.channelGroups(after: cursor, limit: limit)
        } catch {
            throw GatewayError(error)
        }
    }

    /// The channel group with this id.
    public func channelGroup(_ id: String) async throws(GatewayError) -> ChannelGroupRecord {
        guard let key = ChannelGroupID(id) else { throw .channelUnknown(text: id) }
        do throws(StoreError) {
            if let record = try await channels.channelGroup(key) { return record }
        } catch {
            throw GatewayError(error)
        }
        throw .channelUnknown(text: id)
    }

    /// Makes or replaces a channel group; its limits hold at once.
    public func putChannelGroup(
        _ id: ChannelGroupID,
        _ document: JSONValue,
        when precondition: WritePrecondition
    ) async throws(GatewayError) -> WriteResult<ChannelGroupRecord> {
        let result = try await administration.putChannelGroup(id, document, when: precondition)
        await access.setLimits(ChannelGroupPlan(result.record))
        return result
    }

    /// Removes a channel group that no channel and no meter uses.
    public func deleteChannelGroup(_ id: String, when precondition: WritePrecondition) async throws(GatewayError) {
        guard let key = ChannelGroupID(id) else { throw .channelUnknown(text: id) }
        try await administration.deleteChannelGroup(key, when: precondition)
    }

    // MARK: Watching and steering

    /// The key of a channel: a shared one by its id, that of a meter by `meter:` and the meter's id.
    ///
    /// Channels that lead to the same place have the same key, and so the same status.
    public func channelKey(_ id: String) async throws(GatewayError) -> ChannelKey {
        guard id.hasPrefix("meter:") else { return ChannelKey(try await channel(id).configuration.path) }
        return try await directory.memory(of: String(id.dropFirst("meter:".count))).route.channel
    }

    /// How things stand with a channel.
    public func channelStatus(_ key: ChannelKey) async -> ChannelStatus {
        await access.channelStatus(key)
    }

    /// How things stand with all channels that have anything to do, a connection, or an operator's wish.
    public func channelStatuses() async -> [ChannelStatus] {
        await access.channelStatuses()
    }

    /// How things stand with a group; nil when no channel of it was used since the start.
    public func channelGroupStatus(_ id: String) async -> ChannelGroupStatus? {
        await access.groupStatus(id)
    }

    /// Lets no further exchange begin on a channel; what is asked for waits, or fails as `meter-locked` in the end.
    ///
    /// - Parameter until: when it is given free by itself; nil = by ``resumeChannel(_:)`` only.
    public func holdChannel(_ key: ChannelKey, until: Timestamp? = nil) async {
        await access.hold(key, until: until.map { PresentTime(clock).instant(of: $0) })
    }

    /// Lets a channel finish what waits; what comes is refused as `meter-locked`.
    public func drainChannel(_ key: ChannelKey) async {
        await access.drain(key)
    }

    /// Gives a channel free that was held or drained.
    public func resumeChannel(_ key: ChannelKey) async {
        await access.resume(key)
    }

    /// The time of day of an instant in a status.
    public func timestamp(of instant: ContinuousClock.Instant) -> Timestamp {
        PresentTime(clock).timestamp(of: instant)
    }
}
