// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText
import Timekeeping

extension SQLFleetStore: ChannelStore {
    /// Writes a channel if the precondition holds, as one step.
    public func putChannel(
        _ id: ChannelID,
        _ configuration: ChannelConfiguration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<ChannelRecord> {
        let now = clock.now()
        return try await put(configuration) { [channels, groups] connection in
            if let group = configuration.group, try !groups.contains(group.text, on: connection) {
                throw StoreError.referenceUnknown(group.text)
            }
            return try Self.put(id, configuration, in: channels, when: precondition, now: now, on: connection)
        }
    }

    /// Writes a channel whose group exists.
    static func put(
        _ id: ChannelID,
        _ configuration: ChannelConfiguration,
        in channels: ConfigurationTable,
        when precondition: WritePrecondition = .unconditional,
        now: Timestamp,
        on connection: any SQLConnection
    ) throws -> (row: ConfigurationTable.Row, isNew: Bool) {
        var writer = JSONWriter()
        configuration.write(into: &writer)
        let identities = configuration.senderIdentities
        try SenderIdentityRows.replace(.channel, id.text, with: identities, on: connection)
        let result = try channels.put(
            id.text,
            document: String(decoding: writer.octets, as: UTF8.self),
            columns: [
                ("group_id", .text(optional: configuration.group?.text)),
                ("share", .integer(Int64(ChannelShare(of: configuration.path, in: configuration.group).number))),
            ],
            when: precondition,
            now: now,
            on: connection
        )
        try channelChanged(id, on: connection)
        return result
    }

    /// The channel; nil when there is none.
    public func channel(_ id: ChannelID) async throws(StoreError) -> ChannelRecord? {
        try await record(id.text, in: channels, Self.channelRecord)
    }

    /// Channels in the order of their identifiers, at most `limit` after the cursor.
    public func channels(after cursor: String?, limit: Int) async throws(StoreError) -> Page<ChannelRecord> {
        try await page(of: channels, after: cursor, limit: limit, Self.channelRecord)
    }

    /// Removes a channel if the precondition holds; false when there was none and that was allowed.
    public func deleteChannel(_ id: ChannelID, when precondition: WritePrecondition) async throws(StoreError) -> Bool {
        try await write { [channels, meters] connection in
            let users = try meters.users(where: "channel_id = :id", ["id": .text(id.text)], on: connection)
            guard users.isEmpty else { throw StoreError.inUse(by: users) }
            let isDeleted = try channels.delete(id.text, when: precondition, on: connection)
            if isDeleted { try SenderIdentityRows.replace(.channel, id.text, with: [], on: connection) }
            return isDeleted
        }
    }

    /// Writes a group if the precondition holds, as one step.
    public func putChannelGroup(
        _ id: ChannelGroupID,
        _ configuration: ChannelGroupConfiguration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<ChannelGroupRecord> {
        let document = Self.document(configuration.writeMembers)
        let now = clock.now()
        return try await put(configuration) { [groups] connection in
            let result = try groups.put(
                id.text,
                document: document,
                columns: [],
                when: precondition,
                now: now,
                on: connection
            )
            if !result.isNew { try connection.notify(SQLChannel.configuration, "") }
            return result
        }
    }

    /// The group; nil when there is none.
    public func channelGroup(_ id: ChannelGroupID) async throws(StoreError) -> ChannelGroupRecord? {
        try await record(id.text, in: groups, Self.groupRecord)
    }

    /// Groups in the order of their identifiers, at most `limit` after the cursor.
    public func channelGroups(after cursor: String?, limit: Int) async throws(StoreError) -> Page<ChannelGroupRecord> {
        try await page(of: groups, after: cursor, limit: limit, Self.groupRecord)
    }

    /// Removes a group if the precondition holds; false when there was none and that was allowed.
    public func deleteChannelGroup(
        _ id: ChannelGroupID,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> Bool {
        try await write { [channels, meters, groups] connection in
            let binds: SQLBinds = ["id": .text(id.text)]
            let users =
                try channels.users(where: "group_id = :id", binds, on: connection)
                + meters.users(where: "group_id = :id", binds, on: connection)
            guard users.isEmpty else { throw StoreError.inUse(by: Array(users.prefix(10))) }
            return try groups.delete(id.text, when: precondition, on: connection)
        }
    }

    static func channelRecord(_ row: ConfigurationTable.Row) throws(StoreError) -> ChannelRecord {
        let value = try parse(row)
        let configuration: ChannelConfiguration
        do throws(JSONMemberError) {
            configuration = try ChannelConfiguration(value)
        } catch {
            throw .damaged(record: row.id, reason: "\(error)")
        }
        return try record(row, configuration)
    }

    private static func groupRecord(_ row: ConfigurationTable.Row) throws(StoreError) -> ChannelGroupRecord {
        let value = try parse(row)
        let configuration: ChannelGroupConfiguration
        do throws(JSONMemberError) {
            configuration = try ChannelGroupConfiguration(value)
        } catch {
            throw .damaged(record: row.id, reason: "\(error)")
        }
        return try record(row, configuration)
    }
}
