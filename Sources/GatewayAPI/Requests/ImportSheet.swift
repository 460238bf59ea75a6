// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Reads files of records: NDJSON, or CSV whose header names the members with their paths.
enum ImportSheet {
    /// Members that are numbers where a CSV cell is one.
    private static let numbers: Set<String> = [
        "port", "logicalDevice", "physicalDevice", "octets", "clientAddress", "suite", "baud", "dataBits", "stopBits",
        "parallelism",
    ]
    /// Members that are truth values.
    private static let flags: Set<String> = ["protected"]
    /// Members that are lists; in a cell their words stand with spaces between.
    private static let lists: Set<String> = ["protection"]

    /// More columns than any record has members.
    private static let mostColumns = 200

    /// One object in each line; empty lines are passed over.
    static func lines(ofNDJSON octets: [UInt8]) -> [ImportLine] {
        var lines: [ImportLine] = []
        var number = 0
        for line in octets.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let text = line.last == 0x0D ? line.dropLast() : line
            guard text.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
            let document: Result<JSONValue, GatewayError>
            do throws(JSONError) {
                document = .success(try JSONReader.parse(Array(text)))
            } catch {
                document = .failure(.malformedJSON(error))
            }
            lines.append(ImportLine(number: number, document: document))
        }
        return lines
    }

    /// A header of paths such as `channel.host`, then one record in each line; empty cells are members left out.
    ///
    /// - Throws: ``HTTPKit/Problem`` when the header cannot be used.
    static func lines(ofCSV octets: [UInt8]) throws(Problem) -> [ImportLine] {
        var reader = CSVReader(octets)
        guard let header = reader.next() else { throw .unfitParameter("body", expected: "a header and lines") }
        guard header.cells.count <= mostColumns else {
            throw .unfitParameter("body", expected: "CSV with at most \(mostColumns) columns")
        }
        let paths = header.cells.map { $0.split(separator: ".", omittingEmptySubsequences: false).map(String.init) }
        guard Set(header.cells).count == header.cells.count,
            paths.allSatisfy({ path in !path.contains("") && path.count <= 8 }), header.cells.contains("id")
        else { throw .unfitParameter("body", expected: "CSV whose header names id and other members, each once") }
        var lines: [ImportLine] = []
        while let row = reader.next() {
            if row.cells == [""] { continue }
            let document: Result<JSONValue, GatewayError> =
                row.cells.count == paths.count
                ? .success(record(zip(paths, row.cells).filter { !$0.1.isEmpty }.map { ($0.0[...], $0.1) }))
                : .failure(
                    .badParameter(
                        name: "body",
                        reason: "the line has \(row.cells.count) cells, the header \(paths.count)",
                        suggestion: nil
                    )
                )
            lines.append(ImportLine(number: row.line, document: document))
        }
        return lines
    }

    /// A record; a channel whose type the file leaves out is reached over TCP, as nearly all are.
    private static func record(_ members: [(path: ArraySlice<String>, cell: String)]) -> JSONValue {
        var record = object(members)
        if case .object(var object) = record, case .object(var channel)? = object["channel"], channel["type"] == nil {
            channel["type"] = "tcp"
            object["channel"] = .object(channel)
            record = .object(object)
        }
        return record
    }

    /// An object of the members at these paths; a text where an object stands, too, is left out of it.
    private static func object(_ members: [(path: ArraySlice<String>, cell: String)]) -> JSONValue {
        var names: [String] = []
        var groups: [String: [(path: ArraySlice<String>, cell: String)]] = [:]
        for member in members {
            guard let name = member.path.first else { continue }
            if groups[name] == nil { names.append(name) }
            groups[name, default: []].append(member)
        }
        var object = JSONObject()
        for name in names {
            guard let group = groups[name], let first = group.first else { continue }
            let inner = group.filter { $0.path.count > 1 }
            object[name] =
                inner.isEmpty
                ? value(first.cell, of: name)
                : self.object(inner.map { ($0.path.dropFirst(), $0.cell) })
        }
        return .object(object)
    }

    private static func value(_ cell: String, of name: String) -> JSONValue {
        if numbers.contains(name), let number = Int64(cell) { return .integer(number) }
        if flags.contains(name), cell == "true" || cell == "false" { return .bool(cell == "true") }
        if lists.contains(name) { return .array(cell.split(separator: " ").map { .string(String($0)) }) }
        return .string(cell)
    }
}
