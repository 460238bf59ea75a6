// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import JSONText

/// Rows of a profile as CSV (RFC 4180): a header, then one line for each row.
struct RowsCSV {
    private let layout: ProfileLayout
    private var rows: ProfileRowWriter
    private let statusTable = ProfileStatusTable.amr

    init(layout: ProfileLayout) {
        self.layout = layout
        rows = ProfileRowWriter(layout: layout)
    }

    /// The line of column names, units in brackets.
    var header: String {
        let names = layout.valueColumns.map { index in
            let column = layout.columns[index]
            return Self.field(column.scalerUnit?.symbol.map { "\(column.key) [\($0)]" } ?? column.key)
        }
        return (["time", "status", "quality"] + names).joined(separator: ",") + "\r\n"
    }

    /// The line of one row.
    mutating func line(_ row: ProfileRow) -> String {
        var fields = [
            row.time?.iso ?? "",
            Self.field(row.status.map { statusTable.names(of: $0).joined(separator: " ") } ?? ""),
            row.quality(statusTable).rawValue,
        ]
        for column in layout.valueColumns {
            var writer = JSONWriter(reservingCapacity: 32)
            rows.write(row, column: column, into: &writer)
            fields.append(Self.field(Self.plain(writer.takeOctets())))
        }
        return fields.joined(separator: ",") + "\r\n"
    }

    /// A JSON value as a cell: null empty, a string without its quotes, anything else as it is.
    private static func plain(_ json: [UInt8]) -> String {
        switch json.first {
        case UInt8(ascii: "n"): ""
        case UInt8(ascii: "\""): (try? JSONReader.parse(json))?.string ?? ""
        default: String(decoding: json, as: UTF8.self)
        }
    }

    private static func field(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
