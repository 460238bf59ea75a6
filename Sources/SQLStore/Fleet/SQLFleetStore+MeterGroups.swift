// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText

extension SQLFleetStore: MeterGroupStore {
    private var meterGroups: ConfigurationTable { ConfigurationTable(name: "meter_groups", dialect: database.dialect) }

    /// Writes a group if the precondition holds, as one step.
    public func putMeterGroup(
        _ id: MeterGroupID,
        _ configuration: MeterGroupConfiguration,
        members: [MeterID]?,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<MeterGroupRecord> {
        let document = Self.document(configuration)
        let now = clock.now()
        return try await put(configuration) { [meterGroups] connection in
            let result = try meterGroups.put(
                id.text,
                document: document,
                columns: [],
                when: precondition,
                now: now,
                on: connection
            )
            if configuration.selector != nil || members != nil {
                try connection.execute(
                    "DELETE FROM meter_group_members WHERE group_id = :group_id",
                    ["group_id": .text(id.text)]
                )
            }
            try Self.add(members ?? [], to: id, on: connection)
            return result
        }
    }

    /// The group; nil when there is none.
    public func meterGroup(_ id: MeterGroupID) async throws(StoreError) -> MeterGroupRecord? {
        try await record(id.text, in: meterGroups, Self.meterGroupRecord)
    }

    /// Groups in the order of their identifiers, at most `limit` after the cursor.
    public func meterGroups(after cursor: String?, limit: Int) async throws(StoreError) -> Page<MeterGroupRecord> {
        try await page(of: meterGroups, after: cursor, limit: limit, Self.meterGroupRecord)
    }

    /// Adds and removes meters that a group lists, as one step.
    public func changeMembers(
        of id: MeterGroupID,
        _ change: MembershipChange,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> MeterGroupRecord {
        let now = clock.now()
        let row = try await write { [meterGroups] connection in
            // Written again as it is, for the revision and the precondition.
            guard let present = try meterGroups.row(id.text, on: connection) else {
                throw StoreError.preconditionFailed(current: nil)
            }
            let (row, _) = try meterGroups.put(
                id.text,
                document: present.document,
                columns: [],
                when: precondition,
                now: now,
                on: connection
            )
            for meter in change.removing {
                try connection.execute(
                    "DELETE FROM meter_group_members WHERE group_id = :group_id AND meter_id = :meter_id",
                    ["group_id": .text(id.text), "meter_id": .text(meter.text)]
                )
            }
            try Self.add(change.adding, to: id, on: connection)
            return row
        }
        return try Self.meterGroupRecord(row)
    }

    /// Whether a group lists a meter.
    public func isListed(_ meter: MeterID, in group: MeterGroupID) async throws(StoreError) -> Bool {
        try await read { connection in
            try !connection.query(
                "SELECT meter_id FROM meter_group_members WHERE group_id = :group_id AND meter_id = :meter_id",
                ["group_id": .text(group.text), "meter_id": .text(meter.text)]
            ).isEmpty
        }
    }

    /// Removes a group if the precondition holds; false when there was none and that was allowed.
    public func deleteMeterGroup(
        _ id: MeterGroupID,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> Bool {
        try await write { [meterGroups, dialect = database.dialect] connection in
            let schedules = ConfigurationTable(name: "schedules", dialect: dialect)
            let users = try schedules.users(where: "group_id = :id", ["id": .text(id.text)], on: connection)
            guard users.isEmpty else { throw StoreError.inUse(by: users.map { "schedule \($0)" }) }
            return try meterGroups.delete(id.text, when: precondition, on: connection)
        }
    }

    private static func add(
        _ meters: [MeterID],
        to group: MeterGroupID,
        on connection: any SQLConnection
    ) throws {
        for meter in meters {
            let binds: SQLBinds = ["group_id": .text(group.text), "meter_id": .text(meter.text)]
            let added = try connection.execute(
                """
                INSERT INTO meter_group_members (group_id, meter_id)
                SELECT :group_id, id FROM meters WHERE id = :meter_id
                ON CONFLICT (group_id, meter_id) DO NOTHING
                """,
                binds
            )
            // Nothing was added: it is a member already, or no meter.
            guard added == 0 else { continue }
            let isMeter = try connection.query(
                "SELECT id FROM meters WHERE id = :meter_id",
                ["meter_id": .text(meter.text)]
            )
            guard !isMeter.isEmpty else { throw StoreError.referenceUnknown(meter.text) }
        }
    }

    private static func document(_ configuration: MeterGroupConfiguration) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        configuration.writeMembers(into: &writer)
        writer.endObject()
        return String(decoding: writer.octets, as: UTF8.self)
    }

    private static func meterGroupRecord(_ row: ConfigurationTable.Row) throws(StoreError) -> MeterGroupRecord {
        let value = try parse(row)
        let configuration: MeterGroupConfiguration
        do throws(JSONMemberError) {
            configuration = try MeterGroupDocument(value).configuration
        } catch {
            throw .damaged(record: row.id, reason: "\(error)")
        }
        return try record(row, configuration)
    }
}
