// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel

/// What is known of one meter model: where it differs from the standard.
public struct MeterModel: Hashable, Sendable {
    /// The name that a meter's `model` gives.
    public let id: String
    /// The name for people.
    public let name: String
    /// Who observed it, such as an issue of another project; empty for what follows from the standard.
    public internal(set) var sources: [String]
    /// What the operator has to configure besides, in sentences.
    public internal(set) var notes: [String]
    /// The options that differ from the standard.
    public internal(set) var quirks: [String: QuirkValue]
}

/// The models that are known: a table, not code.
public struct MeterModelCatalog: Sendable {
    /// The models of the embedded table.
    public static let standard = MeterModelCatalog(table: TableText.lines(of: PackageResources.models_txt))

    /// All models in the order of their names.
    public let models: [MeterModel]
    /// Lines of the table that could not be read; a test keeps it empty.
    let unreadable: [String]

    /// The model of that name; nil if it is not known.
    public func model(_ id: String) -> MeterModel? { models.first { $0.id == id } }

    init(table: [Substring]) {
        var models: [MeterModel] = []
        var unreadable: [String] = []
        for line in table {
            if !Self.read(line, into: &models) { unreadable.append(String(line)) }
        }
        self.models = models.sorted { $0.id < $1.id }
        self.unreadable = unreadable
    }

    /// Reads one line of the table; false if it is not well-formed.
    private static func read(_ line: Substring, into models: inout [MeterModel]) -> Bool {
        guard let fields = TableText.fields(2, of: line) else { return false }
        let (word, rest) = (String(fields[0]), String(fields[1]))
        if word == "model" {
            guard let fields = TableText.fields(2, of: fields[1]), !models.contains(where: { $0.id == fields[0] })
            else { return false }
            models.append(
                MeterModel(id: String(fields[0]), name: String(fields[1]), sources: [], notes: [], quirks: [:])
            )
            return true
        }
        guard let last = models.indices.last else { return false }
        switch word {
        case "from": models[last].sources.append(rest)
        case "note": models[last].notes.append(rest)
        default:
            let value = Bool(rest).map(QuirkValue.bool) ?? Int64(rest).map(QuirkValue.integer) ?? .text(rest)
            guard let quirk = Quirk.named(word), quirk.form.takes(value) else { return false }
            models[last].quirks[word] = value
        }
        return true
    }
}
