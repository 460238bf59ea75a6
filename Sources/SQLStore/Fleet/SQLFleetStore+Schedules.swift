// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText
import Jobs
public import Timekeeping

extension SQLFleetStore: ScheduleStore {
    private var schedules: ConfigurationTable { ConfigurationTable(name: "schedules", dialect: database.dialect) }

    private static let columns = """
        id, document, revision, created_at, updated_at, next_due, waiting, last_due, last_job_id, missed, skipped, empty
        """

    /// Writes a schedule if the precondition holds, as one step.
    public func putSchedule(
        _ id: ScheduleID,
        _ configuration: ScheduleConfiguration,
        when precondition: WritePrecondition,
        nextDue: @escaping @Sendable (StoredSchedule?) -> Timestamp?
    ) async throws(StoreError) -> WriteResult<StoredSchedule> {
        var writer = JSONWriter()
        writer.beginObject()
        configuration.writeMembers(into: &writer)
        writer.endObject()
        let document = String(decoding: writer.octets, as: UTF8.self)
        let now = clock.now()
        let dialect = database.dialect
        return try await write { [schedules] connection in
            let present = try Self.schedule(id, on: connection, dialect: dialect)
            var group: MeterGroupID?
            if case .group(let id) = configuration.target { group = id }
            try Self.checkReferences(group: group, set: configuration.readingSet, on: connection, dialect: dialect)
            let due = nextDue(present)
            let (row, isNew) = try schedules.put(
                id.text,
                document: document,
                columns: [
                    ("group_id", .text(optional: group?.text)),
                    ("reading_set_id", .text(optional: configuration.readingSet?.text)),
                    ("next_due", .moment(optional: due)),
                ],
                when: precondition,
                now: now,
                on: connection
            )
            var state = present?.state ?? ScheduleState()
            state.nextDue = due
            let stored = StoredSchedule(record: try Self.record(row, configuration), state: state)
            return isNew ? .created(stored) : .replaced(stored)
        }
    }

    /// The schedule; nil when there is none.
    public func schedule(_ id: ScheduleID) async throws(StoreError) -> StoredSchedule? {
        try await read { connection in
            try connection.query("SELECT \(Self.columns) FROM schedules WHERE id = :id", ["id": .text(id.text)])
                .first.map { try Self.stored($0) }
        }
    }

    /// Schedules in the order of their identifiers, at most `limit` after the cursor.
    public func schedules(after cursor: String?, limit: Int) async throws(StoreError) -> Page<StoredSchedule> {
        try Self.checkCursor(cursor)
        let limit = max(limit, 1)
        let found = try await read { connection in
            try connection.query(
                "SELECT \(Self.columns) FROM schedules WHERE id > :cursor ORDER BY id LIMIT :limit",
                ["cursor": .text(cursor ?? ""), "limit": .integer(Int64(limit + 1))]
            )
            .map { try Self.stored($0) }
        }
        let items = Array(found.prefix(limit))
        return Page(items: items, next: found.count > limit ? items.last?.record.id.text : nil)
    }

    /// Removes a schedule if the precondition holds; false when there was none and that was allowed.
    public func deleteSchedule(_ id: ScheduleID, when precondition: WritePrecondition) async throws(StoreError) -> Bool
    {
        try await write { [schedules] connection in
            try schedules.delete(id.text, when: precondition, on: connection)
        }
    }

    /// Schedules with a time that has come, or that wait for a job; the earliest first.
    public func dueSchedules(at now: Timestamp, limit: Int) async throws(StoreError) -> [StoredSchedule] {
        try await read { connection in
            let binds: SQLBinds = ["now": .moment(now), "limit": .integer(Int64(max(limit, 1)))]
            // Two statements, so that each goes along its index.
            let due = try connection.query(
                """
                SELECT \(Self.columns) FROM schedules WHERE next_due IS NOT NULL AND next_due <= :now
                ORDER BY next_due, id LIMIT :limit
                """,
                binds
            )
            let waiting = try connection.query(
                """
                SELECT \(Self.columns) FROM schedules WHERE waiting IS NOT NULL AND (next_due IS NULL OR next_due > :now)
                ORDER BY waiting, id LIMIT :limit
                """,
                binds
            )
            return try (due + waiting).map { try Self.stored($0) }
        }
    }

    /// The next moment after this one at which a schedule is due; nil when none is.
    public func nextScheduleMoment(after now: Timestamp) async throws(StoreError) -> Timestamp? {
        try await read { connection in
            try connection.query(
                "SELECT next_due FROM schedules WHERE next_due IS NOT NULL AND next_due > :now ORDER BY next_due LIMIT 1",
                ["now": .moment(now)]
            )
            .first?.optionalMoment("next_due")
        }
    }

    /// Replaces the state of a schedule, unless it is another than the one given by now.
    public func settleSchedule(
        _ id: ScheduleID,
        from: ScheduleState,
        to: ScheduleState
    ) async throws(StoreError) -> Bool {
        try await write { [dialect = database.dialect] connection in
            guard try Self.schedule(id, on: connection, dialect: dialect)?.state == from else { return false }
            try connection.execute(
                """
                UPDATE schedules SET next_due = :next_due, waiting = :waiting, last_due = :last_due,
                    last_job_id = :last_job_id, missed = :missed, skipped = :skipped, empty = :empty
                WHERE id = :id
                """,
                [
                    "id": .text(id.text), "next_due": .moment(optional: to.nextDue),
                    "waiting": .moment(optional: to.waiting), "last_due": .moment(optional: to.lastDue),
                    "last_job_id": .text(optional: to.lastJob?.text), "missed": .integer(Int64(to.missed)),
                    "skipped": .integer(Int64(to.skipped)), "empty": .integer(Int64(to.empty)),
                ]
            )
            return true
        }
    }

    private static func schedule(
        _ id: ScheduleID,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws -> StoredSchedule? {
        try connection.query(
            "SELECT \(columns) FROM schedules WHERE id = :id \(dialect.forUpdate)",
            ["id": .text(id.text)]
        )
        .first.map { try stored($0) }
    }

    private static func checkReferences(
        group: MeterGroupID?,
        set: ReadingSetID?,
        on connection: any SQLConnection,
        dialect: Dialect
    ) throws {
        let groups = ConfigurationTable(name: "meter_groups", dialect: dialect)
        if let group, try !groups.contains(group.text, on: connection) {
            throw StoreError.referenceUnknown("group \(group.text)")
        }
        let sets = ConfigurationTable(name: "reading_sets", dialect: dialect)
        if let set, try !sets.contains(set.text, on: connection) {
            throw StoreError.referenceUnknown("reading set \(set.text)")
        }
    }

    private static func stored(_ row: SQLRow) throws -> StoredSchedule {
        let table = ConfigurationTable.Row(
            id: try row.text("id"),
            document: try row.text("document"),
            revision: Revision(try row.text("revision")),
            createdAt: try row.moment("created_at"),
            updatedAt: try row.moment("updated_at")
        )
        let configuration: ScheduleConfiguration
        do throws(ScheduleFault) {
            configuration = try ScheduleConfiguration(try parsed(table), now: table.createdAt)
        } catch {
            throw StoreError.damaged(record: table.id, reason: "\(error)")
        }
        return StoredSchedule(
            record: try record(table, configuration),
            state: ScheduleState(
                nextDue: try row.optionalMoment("next_due"),
                waiting: try row.optionalMoment("waiting"),
                lastDue: try row.optionalMoment("last_due"),
                lastJob: try row.optionalText("last_job_id").flatMap { JobID($0) },
                missed: try row.integer("missed"),
                skipped: try row.integer("skipped"),
                empty: try row.integer("empty")
            )
        )
    }

    private static func parsed(_ row: ConfigurationTable.Row) throws(ScheduleFault) -> JSONValue {
        do throws(StoreError) {
            return try parse(row)
        } catch {
            throw .member(JSONMemberError(.wrongKind(expected: "JSON", found: "\(error)"), at: .root))
        }
    }
}
