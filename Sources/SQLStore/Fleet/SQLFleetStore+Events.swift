// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText
public import Timekeeping

extension SQLFleetStore: EventStore {
    /// A message has room for 8,000 octets (PostgreSQL), an identifier takes 37.
    private static let mostInNotice = 200

    /// Keeps events.
    public func appendEvents(_ events: [FleetEvent]) async throws(StoreError) {
        guard !events.isEmpty else { return }
        try await write { connection in try Self.insert(events, on: connection) }
    }

    /// Keeps events inside somebody's transaction, and has the other gateways told of them.
    static func insert(_ events: [FleetEvent], on connection: any SQLConnection) throws(SQLError) {
        for event in events { try insert(event, on: connection) }
        var rest = events.filter(\.type.isForAll)[...]
        while !rest.isEmpty {
            try connection.notify(
                SQLChannel.events,
                rest.prefix(mostInNotice).map(\.id.text).joined(separator: " ")
            )
            rest = rest.dropFirst(mostInNotice)
        }
    }

    /// What gateways over the database keep from now on.
    public func eventNotices() -> AsyncStream<[EventID]?> {
        database.messages(on: SQLChannel.events) { $0?.split(separator: " ").compactMap { EventID($0) } }
    }

    private static func insert(_ event: FleetEvent, on connection: any SQLConnection) throws(SQLError) {
        try connection.execute(
            """
            INSERT INTO events (id, at, type, meter_id, data) VALUES (:id, :at, :type, :meter, :data)
            ON CONFLICT (id) DO NOTHING
            """,
            [
                "id": .text(event.id.text), "at": .moment(event.at), "type": .text(event.type.text),
                "meter": .text(optional: event.meter?.text),
                "data": .text(String(decoding: JSONValue.object(event.data).octets, as: UTF8.self)),
            ]
        )
    }

    /// Events in the order that the query wants.
    public func events(matching query: EventQuery, limit: Int) async throws(StoreError) -> [FleetEvent] {
        let (conditions, binds) = Self.conditions(of: query)
        return try await events(conditions, binds, isAscending: query.start.isAscending, limit: limit)
    }

    /// The events with these identifiers.
    public func events(_ ids: [EventID]) async throws(StoreError) -> [FleetEvent] {
        guard !ids.isEmpty else { return [] }
        var binds: SQLBinds = [:]
        let list = binds.list(ids.map(\.text), as: "id")
        return try await events(["id IN (\(list))"], binds, isAscending: true, limit: ids.count)
    }

    private func events(
        _ conditions: [String],
        _ binds: SQLBinds,
        isAscending: Bool,
        limit: Int
    ) async throws(StoreError) -> [FleetEvent] {
        let rows = try await read { connection in
            try connection.query(
                """
                SELECT id, at, type, meter_id, data FROM events \(ConfigurationTable.whereClause(conditions))
                ORDER BY id \(isAscending ? "ASC" : "DESC") LIMIT :limit
                """,
                binds.merging(["limit": .integer(Int64(max(limit, 1)))]) { _, limit in limit }
            ).map { row throws(SQLError) in
                (
                    id: try row.text("id"), at: try row.moment("at"), type: try row.text("type"),
                    meter: try row.optionalText("meter_id"), data: try row.text("data")
                )
            }
        }
        return try rows.map { row throws(StoreError) in
            guard let id = EventID(row.id), let type = EventType(row.type),
                let data = (try? JSONReader.parse(Array(row.data.utf8)))?.object
            else { throw .damaged(record: row.id, reason: "an event does not read back") }
            return FleetEvent(id: id, at: row.at, type: type, meter: row.meter.flatMap { MeterID($0) }, data: data)
        }
    }

    /// Forgets old events.
    public func removeEvents(
        before moment: Timestamp,
        of type: EventType? = nil,
        limit: Int
    ) async throws(StoreError) -> Int {
        var binds: SQLBinds = ["end": .text(EventID.least(at: moment).text), "limit": .integer(Int64(max(limit, 1)))]
        if let type { binds["type"] = .text(type.text) }
        let condition = type == nil ? "" : "AND type = :type"
        return try await write { [binds] connection in
            try connection.execute(
                """
                DELETE FROM events
                WHERE id IN (SELECT id FROM events WHERE id < :end \(condition) ORDER BY id LIMIT :limit)
                """,
                binds
            )
        }
    }

    private static func conditions(of query: EventQuery) -> (conditions: [String], binds: SQLBinds) {
        var conditions: [String] = []
        var binds: SQLBinds = [:]
        switch query.start {
        case .newest: break
        case .before(let id):
            conditions.append("id < :start")
            binds["start"] = .text(id.text)
        case .since(let moment):
            conditions.append("id >= :start")
            binds["start"] = .text(EventID.least(at: moment).text)
        case .after(let id):
            conditions.append("id > :start")
            binds["start"] = .text(id.text)
        }
        if let meter = query.meter {
            conditions.append("meter_id = :meter")
            binds["meter"] = .text(meter.text)
        }
        if !query.types.isEmpty {
            conditions.append("type IN (\(binds.list(query.types.map(\.text), as: "type")))")
        }
        return (conditions, binds)
    }
}
