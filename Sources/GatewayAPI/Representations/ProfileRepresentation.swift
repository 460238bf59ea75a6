// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// How profiles and their rows look in JSON and CSV.
struct ProfileRepresentation: Sendable {
    /// What stands before every path.
    var basePath = ""
    /// Whether numbers are written as strings.
    var numbersAsStrings = false
    /// How the values of rows are written.
    var rowFormat = ProfileRowWriter.RowFormat.array

    /// Writes what a profile records.
    func write(_ sheet: ProfileSheet, meter: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("obis", sheet.object.logicalName.description)
        writer.member("class", sheet.object.classID)
        writer.member("name", sheet.object.name)
        writer.member("capturePeriod", Self.period(sheet))
        writer.name("columns")
        ProfileRowWriter(layout: sheet.layout).writeColumns(into: &writer)
        writer.member("intervalLabel", sheet.behaviour.intervalLabel.rawValue)
        writer.member("sortMethod", sheet.descriptor.sortMethod?.name)
        writer.member("entriesInUse", sheet.descriptor.entriesInUse)
        writer.member("profileEntries", sheet.descriptor.profileEntries)
        writeLinks(sheet.object, meter, into: &writer)
        writer.endObject()
    }

    /// Writes a profile that could not be described.
    func write(_ object: MeterObject, problem: GatewayError, meter: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("obis", object.logicalName.description)
        writer.member("class", object.classID)
        writer.member("name", object.name)
        writer.name("capturePeriod")
        writer.null()
        writer.name("columns")
        writer.beginArray()
        writer.endArray()
        writer.name("entriesInUse")
        writer.null()
        writer.name("profileEntries")
        writer.null()
        writeLinks(object, meter, into: &writer)
        writer.name("problem")
        Problem(problem).write(into: &writer)
        writer.endObject()
    }

    /// Writes rows with columns and coverage.
    func write(_ answer: RowsAnswer, meter: String, next: String?, into writer: inout JSONWriter) {
        let behaviour = answer.sheet.behaviour
        var rows = ProfileRowWriter(
            layout: answer.layout,
            behaviour: behaviour,
            rowFormat: rowFormat,
            numbersAsStrings: numbersAsStrings
        )
        writer.beginObject()
        writer.member("meter", meter)
        writer.member("profile", answer.sheet.object.logicalName.description)
        writer.member("capturePeriod", Self.period(answer.sheet))
        writer.name("columns")
        rows.writeColumns(into: &writer)
        writer.name("rows")
        writer.beginArray()
        for batch in answer.batches {
            for index in batch.indices { rows.write(batch.rows, at: index, into: &writer) }
        }
        writer.endArray()
        writer.member("intervalLabel", behaviour.intervalLabel.rawValue)
        writer.member("source", Self.source(isStored: answer.isStored))
        Self.write(answer.selection, into: &writer)
        writer.name("coverage")
        writeCoverage(answer, into: &writer)
        writer.member("next", next)
        writer.endObject()
    }

    /// Where rows come from.
    static func source(isStored: Bool) -> String { isStored ? "stored" : "live" }

    /// Writes who chose rows and columns.
    static func write(_ selection: RowsSelection, into writer: inout JSONWriter) {
        writer.name("selection")
        writer.beginObject()
        writer.member("rows", selection.rows.rawValue)
        writer.member("columns", selection.columns.rawValue)
        writer.endObject()
    }

    private func writeCoverage(_ answer: RowsAnswer, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("expected", answer.coverage?.expected)
        writer.member("received", answer.coverage?.received ?? answer.count)
        writer.member("gaps", answer.coverage?.gaps ?? []) { gap, writer in
            writer.member("from", Self.local(gap.from, answer.zone))
            writer.member("to", Self.local(gap.to, answer.zone))
            writer.member("missing", gap.missing)
        }
        writer.endObject()
    }

    private func writeLinks(_ object: MeterObject, _ meter: String, into writer: inout JSONWriter) {
        let path = "\(basePath)/meters/\(meter)/profiles/\(object.logicalName)"
        writer.name("links")
        writer.beginObject()
        writer.member("self", path)
        writer.member("rows", path + "/rows")
        writer.endObject()
    }

    /// The capture period, nil for rows that events capture.
    private static func period(_ sheet: ProfileSheet) -> String? {
        let seconds = sheet.descriptor.capturePeriod
        return seconds == 0 ? nil : Duration.seconds(Int64(seconds)).iso8601
    }

    private static func local(_ seconds: Int64, _ zone: any TimeZoneRules) -> String {
        Timestamp(seconds: seconds).rfc3339(offsetMinutes: zone.offsetSeconds(atUTC: seconds) / 60)
    }
}
