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
    private var text = CSVText()

    init(layout: ProfileLayout, behaviour: ProfileBehaviour) {
        self.layout = layout
        statusTable = behaviour.statusTable
        rows = ProfileRowWriter(layout: layout, behaviour: behaviour)
    }

    /// Whether enough has gathered.
    var isWorthSending: Bool { text.count >= 16_384 }

    /// Hands out what has been added.
    mutating func take() -> [UInt8] {
        text.take()
    }

    /// Adds the line of column names, units in brackets; how the time was found comes last.
    mutating func addHeader() {
        let names = layout.valueColumns.map { index in
            let column = layout.columns[index]
            return column.scalerUnit?.symbol.map { "\(column.key) [\($0)]" } ?? column.key
        }
        for name in ["time", "status", "quality"] + names { text.add(name.utf8) }
        text.add("rawTime".utf8)
        text.add("timeSource".utf8)
        text.endLine()
    }

    /// Adds the lines of rows.
    mutating func add(_ batch: RowsBatch) {
        for index in batch.indices { add(batch.rows[index]) }
    }

    private mutating func add(_ row: ProfileRow) {
        text.add((row.time?.iso ?? "").utf8)
        text.add((row.status.map { statusTable.names(of: $0).joined(separator: " ") } ?? "").utf8)
        text.add(row.quality(statusTable).rawValue.utf8)
        for column in layout.valueColumns {
            var writer = JSONWriter(reservingCapacity: 64)
            rows.write(row, column: column, into: &writer)
            text.add(json: writer.octets)
        }
        text.add((row.time?.rawText ?? "").utf8)
        text.add((row.time?.source ?? .none).rawValue.utf8)
        text.endLine()
    }
}
