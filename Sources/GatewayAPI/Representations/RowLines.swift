// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Rows as NDJSON: one object a line, the last line telling that nothing is missing, or what went wrong.
struct RowLines {
    private var rows: ProfileRowWriter
    private var writer = JSONWriter(reservingCapacity: 16_384)
    private var count = 0
    private let limit: Int?

    init(
        layout: ProfileLayout,
        behaviour: ProfileBehaviour,
        numbersAsStrings: Bool,
        rowFormat: ProfileRowWriter.RowFormat = .array,
        limit: Int?
    ) {
        rows = ProfileRowWriter(
            layout: layout,
            behaviour: behaviour,
            rowFormat: rowFormat,
            numbersAsStrings: numbersAsStrings
        )
        self.limit = limit
    }

    /// Whether no more rows are taken.
    var isFull: Bool { limit.map { count >= $0 } ?? false }

    /// Adds rows; gives octets to send at once, so that a row is passed on when it came.
    mutating func add(_ batch: RowsBatch) -> [UInt8]? {
        let room = limit.map { $0 - count } ?? .max
        for index in batch.indices.prefix(room) {
            rows.write(batch.rows, at: index, into: &writer)
            writer.endLine()
            count += 1
        }
        return writer.count > 0 ? writer.takeOctets() : nil
    }

    /// The last line after all rows.
    mutating func end(_ selection: RowsSelection, isStored: Bool) -> [UInt8] {
        writer.beginObject()
        writer.member("end", true)
        writer.member("rows", count)
        if isStored { writer.member("source", ProfileRepresentation.source(isStored: true)) }
        ProfileRepresentation.write(selection, into: &writer)
        writer.endObject()
        writer.endLine()
        return writer.takeOctets()
    }

    /// The last line of rows that are not all.
    mutating func end(_ failure: GatewayError) -> [UInt8] {
        writer.beginObject()
        writer.member("end", false)
        writer.member("rows", count)
        writer.name("problem")
        Problem(failure).write(into: &writer)
        writer.endObject()
        writer.endLine()
        return writer.takeOctets()
    }
}
