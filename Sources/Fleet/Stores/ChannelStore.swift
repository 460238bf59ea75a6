// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Keeps channels that meters share, and groups of channels; what it returns from a write is durable.
public protocol ChannelStore: Sendable {
    /// Writes a channel if the precondition holds, as one step.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/referenceUnknown(_:)`` for a group that does
    ///   not exist, ``StoreError/unavailable(reason:)``.
    func putChannel(
        _ id: ChannelID,
        _ configuration: ChannelConfiguration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<ChannelRecord>

    /// The channel; nil when there is none.
    func channel(_ id: ChannelID) async throws(StoreError) -> ChannelRecord?

    /// Channels in the order of their identifiers, at most `limit` after the cursor.
    func channels(after cursor: String?, limit: Int) async throws(StoreError) -> Page<ChannelRecord>

    /// Removes a channel if the precondition holds; false when there was none and that was allowed.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/inUse(by:)`` with the meters that use it.
    func deleteChannel(_ id: ChannelID, when precondition: WritePrecondition) async throws(StoreError) -> Bool

    /// Writes a group if the precondition holds, as one step.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/unavailable(reason:)``.
    func putChannelGroup(
        _ id: ChannelGroupID,
        _ configuration: ChannelGroupConfiguration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<ChannelGroupRecord>

    /// The group; nil when there is none.
    func channelGroup(_ id: ChannelGroupID) async throws(StoreError) -> ChannelGroupRecord?

    /// Groups in the order of their identifiers, at most `limit` after the cursor.
    func channelGroups(after cursor: String?, limit: Int) async throws(StoreError) -> Page<ChannelGroupRecord>

    /// Removes a group if the precondition holds; false when there was none and that was allowed.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/inUse(by:)`` with channels or meters in it.
    func deleteChannelGroup(_ id: ChannelGroupID, when precondition: WritePrecondition) async throws(StoreError) -> Bool
}
