// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// Readable names of objects: from a table where the code stands in it, else composed from the value groups (IEC 62056-6-1).
public struct OBISNames: Sendable {
    /// The names of the embedded table.
    public static let standard = OBISNames(table: TableText.lines(of: PackageResources.obis_txt))

    /// One code of the table.
    public struct Entry: Hashable, Sendable {
        /// The code.
        public let code: OBISCode
        /// The interface classes it is used with; empty if any.
        public let classIDs: [UInt16]
        /// The usual unit, nil if there is none.
        public let unitCode: UInt8?
        /// The name, beginning with a capital letter.
        public let name: String
        /// Whether a second source confirms it.
        public let isConfirmed: Bool
        /// What an octet-string in attribute 2 holds, nil if nothing is known.
        let meaning: Shape.Meaning?
    }

    /// All codes of the table, in its order.
    public let entries: [Entry]
    private let places: [OBISCode: Int]

    /// The table's entry of a code, nil if it is not in the table.
    public func entry(of code: OBISCode) -> Entry? {
        places[code].map { entries[$0] }
    }

    /// A readable name, nil if neither the table nor the value groups give one.
    public func name(of code: OBISCode) -> String? {
        if let entry = entry(of: code) { return entry.name }
        if code.f != 255, code.a == 1 {
            var current = code
            current.f = 255
            guard let name = name(of: current), let period = Self.billingPeriod(code.f) else { return nil }
            return "\(name), \(period)"
        }
        return switch code.a {
        case 0: AbstractNames.name(of: code, names: self)
        case 1: ElectricityNames.name(of: code, names: self)
        default: nil
        }
    }

    /// What an octet-string in attribute 2 of the object holds, nil if nothing is known.
    func meaning(of code: OBISCode) -> Shape.Meaning? {
        if let entry = entry(of: code) { return entry.meaning }
        // IEC 62056-6-1: 0-b:96.1.x and C = 0, D = 0 are identifiers of any channel.
        let isIdentifier = (code.a == 0 && code.c == 96 && code.d == 1) || (code.a != 0 && code.c == 0 && code.d == 0)
        return isIdentifier ? .text : nil
    }

    /// IEC 62056-6-1, value group F: 0 to 99 count the periods, 101 to 125 go back from the current one.
    private static func billingPeriod(_ f: UInt8) -> String? {
        switch f {
        case 0...99: "billing period \(f)"
        case 101: "last billing period"
        case 102...125: "\(f - 100) billing periods ago"
        default: nil
        }
    }

    init(table: [Substring]) {
        entries = table.compactMap { Self.entry($0) }
        places = Dictionary(entries.enumerated().map { ($1.code, $0) }) { first, _ in first }
    }

    private static func entry(_ line: Substring) -> Entry? {
        guard let fields = TableText.fields(5, of: line), let code = OBISCode(fields[0]) else { return nil }
        let isConfirmed = !fields[4].hasPrefix("? ")
        let name = isConfirmed ? fields[4] : fields[4].dropFirst(2)
        let meaning: Shape.Meaning? =
            switch fields[3] {
            case "text": .text
            case "date-time": .dateTime
            case "date": .date
            case "time": .time
            default: nil
            }
        return Entry(
            code: code,
            classIDs: fields[1] == "-" ? [] : fields[1].split(separator: ",").compactMap { UInt16($0) },
            unitCode: UInt8(fields[2]),
            name: name.prefix(1).uppercased() + name.dropFirst(),
            isConfirmed: isConfirmed,
            meaning: meaning
        )
    }
}
