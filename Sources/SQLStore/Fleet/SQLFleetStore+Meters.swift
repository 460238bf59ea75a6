// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
public import Fleet
import JSONText
import Timekeeping

extension SQLFleetStore: MeterStore {
    /// Writes a meter if the precondition holds, as one step.
    public func putMeter(
        _ id: MeterID,
        _ configuration: MeterConfiguration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<MeterRecord> {
        let document = try document(of: configuration, id)
        let now = clock.now()
        return try await put(configuration) { [meters, channels, groups] connection in
            let (channel, group) = Self.references(of: configuration)
            if let channel, try !channels.contains(channel, on: connection) {
                throw StoreError.referenceUnknown(channel)
            }
            if let group, try !groups.contains(group, on: connection) { throw StoreError.referenceUnknown(group) }
            let result = try meters.put(
                id.text,
                document: document,
                columns: try columns(of: configuration, on: connection),
                when: precondition,
                now: now,
                on: connection
            )
            try Self.replaceLabels(of: id, with: configuration.labels, on: connection)
            let identities = configuration.senderIdentities
            try SenderIdentityRows.replace(.meter, id.text, with: identities, on: connection)
            try Self.meterChanged(id, isNew: result.isNew, on: connection)
            return result
        }
    }

    /// The meter with its secrets in clear; nil when there is none.
    public func meter(_ id: MeterID) async throws(StoreError) -> MeterRecord? {
        let row = try await read { [meters] connection in try meters.row(id.text, on: connection) }
        guard let row else { return nil }
        return try meterRecord(row)
    }

    /// Meters in the order of their identifiers.
    public func meters(
        matching query: MeterQuery,
        after cursor: String?,
        limit: Int
    ) async throws(StoreError) -> Page<MeterRecord> {
        try Self.checkCursor(cursor)
        let limit = max(limit, 1)
        let rows = try await read { [meters] connection in
            let (conditions, binds) = Self.conditions(of: query)
            return try meters.rows(where: conditions, binds, after: cursor, limit: limit + 1, on: connection)
        }
        return try Self.page(rows, limit: limit) { row throws(StoreError) in try meterRecord(row) }
    }

    /// The identifiers alone, in order, of meters that match.
    public func meterIDs(
        matching query: MeterQuery,
        after cursor: String?,
        limit: Int
    ) async throws(StoreError) -> Page<MeterID> {
        try Self.checkCursor(cursor)
        let limit = max(limit, 1)
        let found = try await read { connection in
            var (conditions, binds) = Self.conditions(of: query)
            if let cursor {
                conditions.append("id > :cursor")
                binds["cursor"] = .text(cursor)
            }
            binds["limit"] = .integer(Int64(limit + 1))
            return try connection.query(
                "SELECT id FROM meters \(ConfigurationTable.whereClause(conditions)) ORDER BY id LIMIT :limit",
                binds
            )
            .compactMap { MeterID(try $0.text("id")) }
        }
        let items = Array(found.prefix(limit))
        return Page(items: items, next: found.count > limit ? items.last?.text : nil)
    }

    /// Those of the meters that exist.
    public func knownMeters(among meters: [MeterID]) async throws(StoreError) -> Set<MeterID> {
        try await read { connection in
            var known: Set<MeterID> = []
            var rest = meters[...]
            while !rest.isEmpty {
                let part = rest.prefix(500)
                rest = rest.dropFirst(500)
                var binds: SQLBinds = [:]
                let names = binds.list(part.map(\.text), as: "id")
                for row in try connection.query("SELECT id FROM meters WHERE id IN (\(names))", binds) {
                    if let id = MeterID(try row.text("id")) { known.insert(id) }
                }
            }
            return known
        }
    }

    /// How many meters match.
    public func meterCount(matching query: MeterQuery) async throws(StoreError) -> Int {
        try await read { connection in
            let (conditions, binds) = Self.conditions(of: query)
            let rows = try connection.query(
                "SELECT count(*) AS meters FROM meters \(ConfigurationTable.whereClause(conditions))",
                binds
            )
            return try rows.first?.integer("meters") ?? 0
        }
    }

    /// Removes a meter if the precondition holds; false when there was none and that was allowed.
    public func deleteMeter(_ id: MeterID, when precondition: WritePrecondition) async throws(StoreError) -> Bool {
        try await write { [meters] connection in
            guard try meters.delete(id.text, when: precondition, on: connection) else { return false }
            try Self.removeReadings(of: id, on: connection)
            try SenderIdentityRows.replace(.meter, id.text, with: [], on: connection)
            try connection.notify(SQLChannel.configuration, id.text)
            return true
        }
    }

    /// Opens the secrets of a row and reads its document.
    func meterRecord(_ row: ConfigurationTable.Row) throws(StoreError) -> MeterRecord {
        let value = try Self.parse(row)
        var secrets: [JSONPointer: Secret] = [:]
        do throws(SealingError) {
            for (pointer, text) in value.sealedTexts() {
                guard let octets = Hexadecimal.octets(of: text) else { throw .malformed }
                secrets[pointer] = try sealer.open(octets, for: Self.place(row.id, pointer))
            }
        } catch {
            throw .sealing(error)
        }
        let configuration: MeterConfiguration
        do throws(JSONMemberError) {
            configuration = try MeterConfiguration(value, secrets: .opened(secrets))
        } catch {
            throw .damaged(record: row.id, reason: "\(error)")
        }
        return try Self.record(row, configuration)
    }

    func document(of configuration: MeterConfiguration, _ id: MeterID) throws(StoreError) -> String {
        var texts: [JSONPointer: String] = [:]
        do throws(SealingError) {
            for (pointer, secret) in configuration.secrets {
                texts[pointer] = Hexadecimal.text(of: try sealer.seal(secret, for: Self.place(id.text, pointer)))
            }
        } catch {
            throw .sealing(error)
        }
        var writer = JSONWriter(reservingCapacity: 1024)
        configuration.write(into: &writer, secrets: .sealed(texts))
        return String(decoding: writer.octets, as: UTF8.self)
    }

    private static func place(_ id: String, _ pointer: JSONPointer) -> SealingContext {
        SealingContext(table: "meters", row: id, column: pointer.text)
    }

    /// The indexed columns of a meter beside those that all configurations have.
    static let meterColumns = ["name", "channel_id", "group_id", "lane", "share"]

    /// The values of ``meterColumns``, with their names.
    func columns(
        of configuration: MeterConfiguration,
        on connection: any SQLConnection
    ) throws(SQLError) -> [(name: String, value: SQLValue)] {
        let (channel, group) = Self.references(of: configuration)
        var lane: String?
        if case .inline(let own) = configuration.channel { lane = own.path.key }
        let values: [SQLValue] = [
            .text(optional: configuration.name), .text(optional: channel), .text(optional: group),
            .text(optional: lane), try shareColumn(configuration.channel, on: connection),
        ]
        return Array(zip(Self.meterColumns, values))
    }

    /// The shared channel and the group that a meter names.
    static func references(of configuration: MeterConfiguration) -> (channel: String?, group: String?) {
        switch configuration.channel {
        case .shared(let channel): (channel.text, nil)
        case .inline(let channel): (nil, channel.group?.text)
        }
    }

    static func replaceLabels(
        of id: MeterID,
        with labels: [String: String],
        on connection: any SQLConnection
    ) throws(SQLError) {
        try connection.execute("DELETE FROM meter_labels WHERE meter_id = :id", ["id": .text(id.text)])
        for (label, value) in labels {
            try connection.execute(
                """
                INSERT INTO meter_labels (meter_id, label, label_value) VALUES (:id, :label, :label_value)
                """,
                ["id": .text(id.text), "label": .text(label), "label_value": .text(value)]
            )
        }
    }

    static func conditions(of query: MeterQuery) -> (conditions: [String], binds: SQLBinds) {
        var conditions: [String] = []
        var binds: SQLBinds = [:]
        if let search = query.search, !search.isEmpty {
            conditions.append(
                "(lower(id) LIKE lower(:search) ESCAPE '\\' OR lower(name) LIKE lower(:search) ESCAPE '\\')"
            )
            binds["search"] = .text(pattern(containing: search))
        }
        if let channel = query.channel {
            conditions.append("channel_id = :channel")
            binds["channel"] = .text(channel.text)
        }
        if let group = query.group {
            conditions.append("id IN (SELECT meter_id FROM meter_group_members WHERE group_id = :group)")
            binds["group"] = .text(group.text)
        }
        if let among = query.among {
            conditions.append(
                among.isEmpty ? "1 = 0" : "id IN (\(binds.list(among.map(\.text), as: "among")))"
            )
        }
        for (index, requirement) in query.labels.requirements.enumerated() {
            let hasLabel = "SELECT 1 FROM meter_labels WHERE meter_id = meters.id AND label = :label\(index)"
            let hasValue = "\(hasLabel) AND label_value = :value\(index)"
            switch requirement {
            case .equals(let key, let value):
                conditions.append("EXISTS (\(hasValue))")
                binds["label\(index)"] = .text(key)
                binds["value\(index)"] = .text(value)
            case .differs(let key, let value):
                conditions.append("NOT EXISTS (\(hasValue))")
                binds["label\(index)"] = .text(key)
                binds["value\(index)"] = .text(value)
            case .exists(let key):
                conditions.append("EXISTS (\(hasLabel))")
                binds["label\(index)"] = .text(key)
            case .isAbsent(let key):
                conditions.append("NOT EXISTS (\(hasLabel))")
                binds["label\(index)"] = .text(key)
            }
        }
        return (conditions, binds)
    }

    /// A LIKE pattern for a text anywhere, in which the text's own wildcards stand for themselves.
    private static func pattern(containing text: String) -> String {
        var pattern = "%"
        for character in text {
            if "%_\\".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
        return pattern + "%"
    }
}

extension JSONValue {
    /// The texts of all objects `{"sealed":"..."}` inside, by their places.
    fileprivate func sealedTexts(at pointer: JSONPointer = .root) -> [JSONPointer: String] {
        guard case .object(let object) = self else { return [:] }
        if object.members.count == 1, let text = object["sealed"]?.string { return [pointer: text] }
        var texts: [JSONPointer: String] = [:]
        for member in object.members {
            texts.merge(member.value.sealedTexts(at: pointer.appending(member.name))) { first, _ in first }
        }
        return texts
    }
}
