// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// How readouts of text meters look in JSON.
struct ReadoutRepresentation: Sendable {
    /// Whether numbers are written as strings.
    var numbersAsStrings = false

    /// Writes a whole readout.
    func write(_ readout: MeterReadout, meter: String, association: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("meter", meter)
        writer.name("identification")
        if let identification = readout.identification {
            writer.beginObject()
            writer.member("manufacturer", identification.manufacturer)
            writer.member("type", identification.identification)
            writer.member("mode", Self.mode(identification))
            writer.endObject()
        } else {
            writer.null()
        }
        let values = ReadingRepresentation(numbersAsStrings: numbersAsStrings)
        writer.member("items", readout.items) { item, writer in
            writer.member("address", item.set.address)
            writer.member("obis", item.reading?.object.logicalName.description)
            writer.member("class", item.reading?.object.classID)
            writer.member("name", item.reading?.object.name)
            if let reading = item.reading {
                values.write(reading.data, reading.context, named: "value", into: &writer)
            } else {
                writer.name("value")
                writer.null()
            }
            writer.member("raw", item.set.values) { value, writer in
                writer.member("text", value.text)
                writer.member("unit", value.unit)
            }
        }
        writer.member("readAt", readout.takenAt.rfc3339)
        writer.member("association", association)
        writer.endObject()
    }

    /// Writes what came of a file.
    static func write(_ outcome: ReadoutImport, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("items", outcome.items) { item, writer in
            writer.member("line", item.line)
            switch item.result {
            case .failure(let error):
                writer.name("problem")
                Problem(error).write(into: &writer)
            case .success(let accepted):
                writer.member("meter", accepted.meter.text)
                writer.member("readAt", accepted.takenAt.rfc3339)
                writer.member("objects", accepted.objectCount)
                writer.member("skippedLines", accepted.oddLines)
                writer.member("complete", accepted.isComplete)
                writer.member("checked", accepted.isChecked)
                writer.member("kept", accepted.isKept)
            }
        }
        writer.member("imported", outcome.items.count - outcome.failures)
        writer.member("failed", outcome.failures)
        writer.endObject()
    }

    /// The letter of the mode; that of mode D cannot be told from its identification.
    private static func mode(_ identification: IdentificationMessage) -> String {
        switch identification.mode {
        case .a: "A"
        case .b: "B"
        case .c: "C"
        case .e: "E"
        }
    }
}
