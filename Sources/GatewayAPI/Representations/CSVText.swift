// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText

/// Cells and lines of CSV (RFC 4180), quoted where they must be.
struct CSVText {
    private var octets: [UInt8] = []

    /// How many octets there are.
    var count: Int { octets.count }

    /// Hands out what has been added.
    mutating func take() -> [UInt8] {
        let taken = octets
        octets.removeAll(keepingCapacity: true)
        return taken
    }

    /// A JSON value as a cell: null empty, a string without its quotes, anything else as it is.
    mutating func add(json: [UInt8]) {
        switch json.first {
        case UInt8(ascii: "n"): add("".utf8)
        case UInt8(ascii: "\""): add(((try? JSONReader.parse(json))?.string ?? "").utf8)
        default: add(json)
        }
    }

    /// A JSON value as a cell; empty without one.
    mutating func add(_ value: JSONValue?) {
        switch value {
        case nil, .null: add("".utf8)
        case .string(let text): add(text.utf8)
        case let value?: add(value.octets)
        }
    }

    /// A text as a cell; one that a spreadsheet would take for a formula has an apostrophe before it.
    ///
    /// Texts come from meters, and a spreadsheet would do what they say. Numbers, negative ones too, stay as they are.
    mutating func add(_ text: some Sequence<UInt8>) {
        let start = octets.count
        octets.append(contentsOf: text)
        if Self.isFormula(octets[start...]) { octets.insert(UInt8(ascii: "'"), at: start) }
        let field = octets[start...]
        if field.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) {
            let quoted = field.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] }
            octets.replaceSubrange(start..., with: [0x22] + quoted + [0x22])
        }
        octets.append(UInt8(ascii: ","))
    }

    private static func isFormula(_ text: ArraySlice<UInt8>) -> Bool {
        switch text.first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "@"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): true
        case UInt8(ascii: "-"): JSONNumber(text: String(decoding: text, as: UTF8.self)) == nil
        default: false
        }
    }

    /// Ends the line, which has at least one cell.
    mutating func endLine() {
        octets.removeLast()
        octets += [0x0D, 0x0A]
    }
}
