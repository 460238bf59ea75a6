// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import GatewayCore
import JSONText

/// Rows of a profile as CSV (RFC 4180): a header, then one line for each row.
struct RowsCSV {
    static let mediaType = "text/csv; charset=utf-8; header=present"

    private let layout: ProfileLayout
    private let statusTable: ProfileStatusTable
    private var rows: ProfileRowWriter
    private var octets: [UInt8] = []

    init(layout: ProfileLayout, behaviour: ProfileBehaviour) {
        self.layout = layout
        statusTable = behaviour.statusTable
        rows = ProfileRowWriter(layout: layout, behaviour: behaviour)
    }

    /// Whether enough has gathered.
    var isWorthSending: Bool { octets.count >= 16_384 }

    /// Hands out what has been added.
    mutating func take() -> [UInt8] {
        let taken = octets
        octets.removeAll(keepingCapacity: true)
        return taken
    }

    /// Adds the line of column names, units in brackets; how the time was found comes last.
    mutating func addHeader() {
        let names = layout.valueColumns.map { index in
            let column = layout.columns[index]
            return column.scalerUnit?.symbol.map { "\(column.key) [\($0)]" } ?? column.key
        }
        for name in ["time", "status", "quality"] + names { addField(name.utf8) }
        addField("rawTime".utf8)
        addField("timeSource".utf8)
        endLine()
    }

    /// Adds the lines of rows.
    mutating func add(_ batch: RowsBatch) {
        for index in batch.indices { add(batch.rows[index]) }
    }

    private mutating func add(_ row: ProfileRow) {
        addField((row.time?.iso ?? "").utf8)
        addField((row.status.map { statusTable.names(of: $0).joined(separator: " ") } ?? "").utf8)
        addField(row.quality(statusTable).rawValue.utf8)
        for column in layout.valueColumns {
            var writer = JSONWriter(reservingCapacity: 64)
            rows.write(row, column: column, into: &writer)
            addField(json: writer.octets)
        }
        addField((row.time?.rawText ?? "").utf8)
        addField((row.time?.source ?? .none).rawValue.utf8)
        endLine()
    }

    /// A JSON value as a cell: null empty, a string without its quotes, anything else as it is.
    private mutating func addField(json: [UInt8]) {
        switch json.first {
        case UInt8(ascii: "n"): addField("".utf8)
        case UInt8(ascii: "\""): addField(((try? JSONReader.parse(json))?.string ?? "").utf8)
        default: addField(json)
        }
    }

    private mutating func addField(_ text: some Sequence<UInt8>) {
        let start = octets.count
        octets.append(contentsOf: text)
        let field = octets[start...]
        if field.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) {
            let quoted = field.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] }
            octets.replaceSubrange(start..., with: [0x22] + quoted + [0x22])
        }
        octets.append(UInt8(ascii: ","))
    }

    private mutating func endLine() {
        octets.removeLast()
        octets += [0x0D, 0x0A]
    }
}
