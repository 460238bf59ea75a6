// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText
import MeterSessions

extension Gateway {
    /// A page of shared channels.
    public func channelPage(after cursor: String?, limit: Int) async throws(GatewayError) -> Page<ChannelRecord> {
        try await translating(await store.channels(after: cursor, limit: limit))
    }

    /// The shared channel with this id.
    public func channel(_ id: String) async throws(GatewayError) -> ChannelRecord {
        guard let key = ChannelID(id) else { throw .channelUnknown(text: id) }
        if let record = try await translating(await store.channel(key)) { return record }
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
        try await translating(await store.channelGroups(after: cursor, limit: limit))
    }

    /// The channel group with this id.
    public func channelGroup(_ id: String) async throws(GatewayError) -> ChannelGroupRecord {
        guard let key = ChannelGroupID(id) else { throw .channelUnknown(text: id) }
        if let record = try await translating(await store.channelGroup(key)) { return record }
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
}
