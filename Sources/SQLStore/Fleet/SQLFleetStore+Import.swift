// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Timekeeping

extension SQLFleetStore: ImportStore {
    /// Ends a transaction that is to leave no trace.
    private struct Undone: Error {
        let outcomes: [ImportOutcome]
    }

    /// So many identifiers are looked up with one statement.
    private static let lookedUpAtOnce = 500

    /// Writes meters in one transaction.
    public func importMeters(
        _ meters: [ImportEntry<MeterConfiguration>],
        as terms: ImportTerms
    ) async throws(StoreError) -> [ImportOutcome] {
        var documents: [String] = []
        documents.reserveCapacity(meters.count)
        for meter in meters { documents.append(try document(of: meter.configuration, meter.id)) }
        let now = clock.now()
        return try await undoable { [table = self.meters, channels, groups, documents, self] connection in
            var present = try Self.present(meters.map(\.id.text), in: table, on: connection)
            var references = References(channels: channels, groups: groups)
            var rows = SQLRows(columns: table.columns(with: Self.meterColumns), capacity: meters.count)
            var labels = SQLRows(columns: ["meter_id", "label", "label_value"])
            var replaced: [Int] = []
            var outcomes: [ImportOutcome] = []
            for (index, meter) in meters.enumerated() {
                let (channel, group) = Self.references(of: meter.configuration)
                if let unknown = try references.unknown(channel: channel, group: group, on: connection) {
                    outcomes.append(.referenceUnknown(unknown))
                    continue
                }
                if !present.insert(meter.id.text).inserted {
                    switch terms.onConflict {
                    case .fail: outcomes.append(.exists)
                    case .skip: outcomes.append(.skipped)
                    case .replace:
                        outcomes.append(.replaced)
                        replaced.append(index)
                    }
                    continue
                }
                outcomes.append(.created)
                rows.append(
                    table.values(
                        meter.id.text,
                        documents[index],
                        now,
                        try columns(of: meter.configuration, on: connection).map(\.value)
                    )
                )
                for (label, value) in meter.configuration.labels {
                    labels.append([.text(meter.id.text), .text(label), .text(value)])
                }
            }
            if terms.leavesNoTrace(outcomes) { throw Undone(outcomes: outcomes) }
            if rows.count > 0 { try connection.insert(rows, into: table.name, conflict: .fail) }
            if labels.count > 0 { try connection.insert(labels, into: "meter_labels", conflict: .fail) }
            for index in replaced {
                let meter = meters[index]
                _ = try table.put(
                    meter.id.text,
                    document: documents[index],
                    columns: try columns(of: meter.configuration, on: connection),
                    when: .unconditional,
                    now: now,
                    on: connection
                )
                try Self.replaceLabels(of: meter.id, with: meter.configuration.labels, on: connection)
                try Self.meterChanged(meter.id, isNew: false, on: connection)
            }
            for (meter, outcome) in zip(meters, outcomes) where outcome == .created || outcome == .replaced {
                let identities = meter.configuration.senderIdentities
                if outcome == .replaced || !identities.isEmpty {
                    try SenderIdentityRows.replace(.meter, meter.id.text, with: identities, on: connection)
                }
            }
            // One message stands for all that are new.
            if rows.count > 0 { try connection.notify(SQLChannel.configuration, "") }
            return outcomes
        }
    }

    /// Writes channels in one transaction.
    public func importChannels(
        _ entries: [ImportEntry<ChannelConfiguration>],
        as terms: ImportTerms
    ) async throws(StoreError) -> [ImportOutcome] {
        let now = clock.now()
        return try await undoable { [channels, groups] connection in
            var present = try Self.present(entries.map(\.id.text), in: channels, on: connection)
            var references = References(channels: channels, groups: groups)
            var outcomes: [ImportOutcome] = []
            for entry in entries {
                let group = entry.configuration.group?.text
                if let unknown = try references.unknown(channel: nil, group: group, on: connection) {
                    outcomes.append(.referenceUnknown(unknown))
                    continue
                }
                let isNew = present.insert(entry.id.text).inserted
                guard isNew || terms.onConflict == .replace else {
                    outcomes.append(terms.onConflict == .skip ? .skipped : .exists)
                    continue
                }
                outcomes.append(isNew ? .created : .replaced)
                _ = try Self.put(entry.id, entry.configuration, in: channels, now: now, on: connection)
            }
            if terms.leavesNoTrace(outcomes) { throw Undone(outcomes: outcomes) }
            return outcomes
        }
    }

    /// Runs a transaction that may end itself without a trace and still tell outcomes.
    private func undoable(
        _ body: @escaping @Sendable (any SQLConnection) throws -> [ImportOutcome]
    ) async throws(StoreError) -> [ImportOutcome] {
        do {
            return try await database.write(body)
        } catch let undone as Undone {
            return undone.outcomes
        } catch {
            throw StoreError(error)
        }
    }

    /// Which of the identifiers are in the table.
    private static func present(
        _ ids: [String],
        in table: ConfigurationTable,
        on connection: any SQLConnection
    ) throws(SQLError) -> Set<String> {
        var present: Set<String> = []
        for start in stride(from: 0, to: ids.count, by: lookedUpAtOnce) {
            var binds: SQLBinds = [:]
            let names = binds.list(ids[start..<min(start + lookedUpAtOnce, ids.count)], as: "id")
            for row in try connection.query("SELECT id FROM \(table.name) WHERE id IN (\(names))", binds) {
                present.insert(try row.text("id"))
            }
        }
        return present
    }

    /// Looks up each channel and group once.
    private struct References {
        let channels: ConfigurationTable
        let groups: ConfigurationTable
        private var known: [String: Bool] = [:]

        init(channels: ConfigurationTable, groups: ConfigurationTable) {
            self.channels = channels
            self.groups = groups
        }

        /// The first of the names that stands for nothing.
        mutating func unknown(
            channel: String?,
            group: String?,
            on connection: any SQLConnection
        ) throws(SQLError) -> String? {
            if let channel, try !isKnown(channel, in: channels, on: connection) { return channel }
            if let group, try !isKnown(group, in: groups, on: connection) { return group }
            return nil
        }

        private mutating func isKnown(
            _ id: String,
            in table: ConfigurationTable,
            on connection: any SQLConnection
        ) throws(SQLError) -> Bool {
            let key = "\(table.name) \(id)"
            if let answer = known[key] { return answer }
            let answer = try table.contains(id, on: connection)
            known[key] = answer
            return answer
        }
    }
}

extension ImportTerms {
    /// Whether a transaction with such outcomes is undone.
    fileprivate func leavesNoTrace(_ outcomes: [ImportOutcome]) -> Bool {
        isDryRun || isWhole && outcomes.contains(where: \.isFailure)
    }
}
