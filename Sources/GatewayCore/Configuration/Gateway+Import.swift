// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import JSONText
import MeterSessions

/// One line of a file of meters or channels.
public struct ImportLine: Sendable {
    /// Its number in the file, from 1.
    public let number: Int
    /// The record in JSON with its `id`, or why it cannot be read.
    public let document: Result<JSONValue, GatewayError>

    /// Makes a line.
    public init(number: Int, document: Result<JSONValue, GatewayError>) {
        self.number = number
        self.document = document
    }
}

/// What became of one line.
public struct ImportedLine: Sendable {
    /// Its number in the file, from 1.
    public let number: Int
    /// The record it is about, if that can be told.
    public let id: String?
    /// What became of it, or why nothing did.
    public let result: Result<ImportOutcome, GatewayError>
}

extension Gateway {
    /// So many records are written in one transaction, unless all belong together.
    private static let writtenAtOnce = 1000

    /// Registers many meters.
    public func importMeters(
        _ lines: [ImportLine],
        as terms: ImportTerms
    ) async throws(GatewayError) -> [ImportedLine] {
        try await importRecords(lines, as: terms) { document throws(GatewayError) in
            let configuration = try MeterAdministration.configuration(document, keeping: nil)
            try MeterAdministration.check(configuration)
            return configuration
        } write: { (entries: [ImportEntry<MeterConfiguration>], terms) throws(StoreError) in
            let outcomes = try await store.importMeters(entries, as: terms)
            guard !terms.isDryRun else { return outcomes }
            let replaced = zip(entries, outcomes).filter { $1 == .replaced }.map { $0.0.id }
            // They are stored, whatever becomes of what follows.
            defer {
                for (entry, outcome) in zip(entries, outcomes) where outcome == .created || outcome == .replaced {
                    administration.noteImport(entry.id, entry.configuration)
                }
            }
            for id in replaced { _ = try await store.forgetLearnedQuirks(id) }
            return outcomes
        }
    }

    /// Makes many shared channels.
    public func importChannels(
        _ lines: [ImportLine],
        as terms: ImportTerms
    ) async throws(GatewayError) -> [ImportedLine] {
        try await importRecords(lines, as: terms) { document throws(GatewayError) in
            try MeterAdministration.channelConfiguration(document)
        } write: { (entries: [ImportEntry<ChannelConfiguration>], terms) throws(StoreError) in
            let outcomes = try await store.importChannels(entries, as: terms)
            guard !terms.isDryRun else { return outcomes }
            let changed = zip(entries, outcomes).filter { $1 == .created || $1 == .replaced }
            administration.noteImport(changed.map { ($0.0.id, $0.0.configuration) })
            return outcomes
        }
    }

    private func importRecords<Configuration: Hashable & Sendable>(
        _ lines: [ImportLine],
        as terms: ImportTerms,
        read: (JSONValue) throws(GatewayError) -> Configuration,
        write: ([ImportEntry<Configuration>], ImportTerms) async throws(StoreError) -> [ImportOutcome]
    ) async throws(GatewayError) -> [ImportedLine] {
        guard !isDraining else { throw .draining }
        var imported: [ImportedLine] = []
        imported.reserveCapacity(lines.count)
        // Where in `imported` the outcome of each entry belongs.
        var entries: [(place: Int, entry: ImportEntry<Configuration>)] = []
        for line in lines {
            let id = (try? line.document.get())?["id"]?.string
            do throws(GatewayError) {
                let (key, configuration) = try Self.record(try line.document.get(), read)
                entries.append((imported.count, ImportEntry(key, configuration)))
                imported.append(ImportedLine(number: line.number, id: id, result: .success(.created)))
            } catch {
                imported.append(ImportedLine(number: line.number, id: id, result: .failure(error)))
            }
        }
        var terms = terms
        // What belongs together is written only if all of it can be read.
        if terms.isWhole, entries.count < lines.count { terms.isDryRun = true }
        var start = 0
        while start < entries.count {
            let part = entries[start..<(terms.isWhole ? entries.count : min(start + Self.writtenAtOnce, entries.count))]
            start = part.endIndex
            let outcomes = try await translating(await write(part.map(\.entry), terms))
            for ((place, _), outcome) in zip(part, outcomes) {
                let line = imported[place]
                imported[place] = ImportedLine(
                    number: line.number,
                    id: line.id,
                    result: await result(of: outcome, line.id ?? "")
                )
            }
        }
        return imported
    }

    private func result(of outcome: ImportOutcome, _ id: String) async -> Result<ImportOutcome, GatewayError> {
        switch outcome {
        case .created, .replaced, .skipped: .success(outcome)
        case .exists: .failure(.alreadyExists(what: "record \(id)"))
        case .referenceUnknown(let text): .failure(await administration.refusal(.referenceUnknown(text)))
        }
    }

    private static func record<Configuration: Hashable & Sendable>(
        _ document: JSONValue,
        _ read: (JSONValue) throws(GatewayError) -> Configuration
    ) throws(GatewayError) -> (Identifier<ConfigurationRecord<Configuration>>, Configuration) {
        guard case .object(var object) = document else {
            throw .invalidMember(
                JSONMemberError(.wrongKind(expected: "an object", found: document.kindInWords), at: .root)
            )
        }
        guard let value = object["id"] else {
            throw .invalidMember(JSONMemberError(.missingMember(name: "id"), at: .root))
        }
        guard let id = value.string.flatMap({ Identifier<ConfigurationRecord<Configuration>>($0) }) else {
            throw .invalidMember(
                JSONMemberError(.invalid(expected: "1 to 64 letters, digits and . _ ~ -", suggestion: nil), at: "/id")
            )
        }
        object["id"] = nil
        return (id, try read(.object(object)))
    }
}

extension MeterAdministration {
    /// Makes an imported meter known at once.
    func noteImport(_ id: MeterID, _ configuration: MeterConfiguration) {
        directory.forget(id)
        dialIns.note(id, configuration)
    }

    /// Makes imported channels known at once.
    func noteImport(_ channels: [(id: ChannelID, configuration: ChannelConfiguration)]) {
        guard !channels.isEmpty else { return }
        for (id, configuration) in channels { dialIns.note(id, configuration) }
        directory.forgetAll()
    }
}
