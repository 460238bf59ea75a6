// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Fleet
import HTTPKit
import JSONText

/// Rows as NDJSON: one object a line, the last line telling that nothing is missing, or what went wrong.
struct RowLines {
    /// So many octets are gathered before they are sent.
    private static let pieceLength = 16_384

    private var rows: ProfileRowWriter
    private var writer = JSONWriter(reservingCapacity: RowLines.pieceLength + 512)
    private var count = 0
    private let limit: Int?

    init(layout: ProfileLayout, numbersAsStrings: Bool, limit: Int?) {
        rows = ProfileRowWriter(layout: layout, numbersAsStrings: numbersAsStrings)
        self.limit = limit
    }

    /// Adds a row; gives octets to send when enough have gathered.
    mutating func add(_ row: ProfileRow) -> [UInt8]? {
        guard limit.map({ count < $0 }) ?? true else { return nil }
        rows.write(row, into: &writer)
        writer.endLine()
        count += 1
        return writer.octets.count >= Self.pieceLength ? writer.takeOctets() : nil
    }

    /// The last octets with the last line.
    mutating func end(_ failure: GatewayError?) -> [UInt8] {
        writer.beginObject()
        writer.member("end", failure == nil)
        writer.member("rows", count)
        if let failure {
            writer.name("problem")
            Problem(failure).write(into: &writer)
        }
        writer.endObject()
        writer.endLine()
        return writer.takeOctets()
    }
}
