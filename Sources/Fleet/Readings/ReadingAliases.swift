// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
public import DLMSCodec

/// Short names of what is read often, such as `energy-import`: a table, not code.
public struct ReadingAliases: Sendable {
    /// The names of the embedded table.
    public static let standard = ReadingAliases(table: TableText.lines(of: PackageResources.aliases_txt))

    /// All names, in the order of the table.
    public let names: [String]
    /// The codes that have a name, as texts, in the order of the table.
    let commonCodes: [String]
    private let codes: [String: OBISCode]
    private let byCode: [OBISCode: String]
    /// Lines of the table that could not be read; a test keeps it empty.
    let unreadable: [String]

    init(table: [Substring]) {
        var names: [String] = []
        var codes: [String: OBISCode] = [:]
        var byCode: [OBISCode: String] = [:]
        var unreadable: [String] = []
        for line in table {
            guard let fields = TableText.fields(2, of: line), let code = OBISCode(String(fields[1])),
                codes[String(fields[0])] == nil, byCode[code] == nil
            else {
                unreadable.append(String(line))
                continue
            }
            names.append(String(fields[0]))
            codes[String(fields[0])] = code
            byCode[code] = String(fields[0])
        }
        self.names = names
        commonCodes = names.compactMap { codes[$0]?.description }
        self.codes = codes
        self.byCode = byCode
        self.unreadable = unreadable
    }

    /// The object that a name stands for.
    public func code(of name: String) -> OBISCode? { codes[name] }

    /// The name of an object.
    public func name(of code: OBISCode) -> String? { byCode[code] }
}

/// What a caller calls a reading: an alias, an OBIS code, or a code with an attribute such as `1.0.1.6.0.255/5`.
public struct ReadingName: Hashable, Sendable {
    /// As the caller wrote it.
    public let text: String
    /// The object.
    public let object: OBISCode
    /// The attribute; nil for the value.
    public let attribute: Int8?

    /// Reads a name; nil if it is neither an alias nor a code.
    public init?(_ text: String) {
        self.text = text
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first,
            let code = ObjectName.code(String(first))
        else { return nil }
        object = code
        guard parts.count == 2 else {
            attribute = nil
            return
        }
        guard let index = Int8(parts[1]) else { return nil }
        attribute = index
    }

    /// Whether a series is what is meant; without an attribute the value, which registers have in attribute 2.
    public func matches(_ series: ReadingSeries) -> Bool {
        series.object == object && series.attribute == attribute ?? 2 && series.element == 0
    }

    /// The usual name of a series: its alias, else its code, with the attribute unless that is the value.
    public static func usual(_ series: ReadingSeries) -> String {
        let name = ReadingAliases.standard.name(of: series.object) ?? series.object.description
        if series.element != 0 { return "\(name)/\(series.attribute)/\(series.element)" }
        return series.attribute == 2 ? name : "\(name)/\(series.attribute)"
    }
}
