// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import JSONText
import Jobs
import Timekeeping

/// What came of a job as CSV: one line for each value of each meter, so that all meters have the same columns.
struct JobResultCSV {
    static let mediaType = "text/csv; charset=utf-8; header=present"

    private var text = CSVText()
    private let kind: JobKind

    init(kind: JobKind) {
        self.kind = kind
        for name in ["meter", "state", "finishedAt", "problem"] + Self.columns(kind) { text.add(name.utf8) }
        text.endLine()
    }

    /// Hands out what has been added.
    mutating func take() -> [UInt8] { text.take() }

    private static func columns(_ kind: JobKind) -> [String] {
        switch kind {
        case .read, .write, .invoke: ["object", "class", "member", "value", "unit", "at", "itemProblem"]
        case .profileRead: ["time", "column", "value", "unit", "quality", "status"]
        default: ["result"]
        }
    }

    /// Adds what came of one meter.
    mutating func add(_ execution: ExecutionRecord) {
        let result = execution.result.flatMap { try? JSONReader.parse($0, limits: JSONLimits(octets: 64 << 20)) }
        switch kind {
        case .read, .write, .invoke:
            let items = result?["items"]?.array ?? []
            if items.isEmpty { addLine(execution, []) }
            for item in items { addLine(execution, Self.cells(ofItem: item)) }
        case .profileRead:
            let lines = Self.cells(ofRows: result)
            if lines.isEmpty { addLine(execution, []) }
            for cells in lines { addLine(execution, cells) }
        default: addLine(execution, [result])
        }
    }

    private mutating func addLine(_ execution: ExecutionRecord, _ cells: [JSONValue?]) {
        text.add(execution.target.utf8)
        text.add(execution.state.rawValue.utf8)
        text.add((execution.finishedAt?.rfc3339 ?? "").utf8)
        text.add((execution.state == .succeeded ? "" : execution.problem?.name ?? "").utf8)
        for index in Self.columns(kind).indices { text.add(index < cells.count ? cells[index] : nil) }
        text.endLine()
    }

    private static func cells(ofItem item: JSONValue) -> [JSONValue?] {
        let member = item["attribute"] ?? item["method"]
        let (value, unit) = plain(item["value"] ?? item["after"] ?? item["returned"])
        return [
            item["object"]?["obis"], item["object"]?["class"], member?["name"] ?? member?["id"], value, unit,
            item["readAt"] ?? item["writtenAt"] ?? item["invokedAt"], item["problem"]?["type"],
        ]
    }

    private static func cells(ofRows result: JSONValue?) -> [[JSONValue?]] {
        let columns = (result?["columns"]?.array ?? []).filter { $0["key"] != "time" && $0["key"] != "status" }
        return (result?["rows"]?.array ?? []).flatMap { row in
            zip(columns, row["values"]?.array ?? []).map { column, value in
                let (value, unit) = plain(value)
                let status = row["status"]?.array?.compactMap(\.string).joined(separator: " ")
                return [
                    row["time"], column["key"], value, unit ?? column["unit"], row["quality"],
                    status.map { .string($0) },
                ]
            }
        }
    }

    /// A quantity as its number and unit; anything else as it is.
    private static func plain(_ value: JSONValue?) -> (value: JSONValue?, unit: JSONValue?) {
        guard let number = value?["value"], value?["unit"] != nil else { return (value, nil) }
        return (number, value?["unit"])
    }
}
