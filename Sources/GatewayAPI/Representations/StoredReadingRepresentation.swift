// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import JSONText
import Timekeeping

/// How stored readings look in JSON and CSV: a quantity with its moment and quality, all on one level.
struct StoredReadingRepresentation {
    private static let csvColumns = [
        "meter", "name", "time", "value", "unit", "quality", "reasons", "source", "object", "attribute",
    ]

    let numbersAsStrings: Bool
    /// Whether a reading of one of many meters has but the members that a chart needs, all on one level.
    var isFlat = false

    /// Writes the members of a reading into an object that is begun.
    func writeMembers(_ reading: StoredReading, into writer: inout JSONWriter) {
        writer.name("value")
        writeValue(reading, into: &writer)
        writer.member("unit", reading.scalerUnit?.symbol)
        writer.name("raw")
        write(number: reading.value.decimalText(scaler: 0), into: &writer)
        writer.member("scaler", reading.scalerUnit?.scaler)
        writer.member("unitCode", reading.scalerUnit?.unitCode)
        writer.member("time", reading.at.rfc3339)
        writer.member("quality", reading.quality.rawValue)
        writer.member("reasons", reading.reasons)
        writer.member("source", Self.source(reading.series))
        writer.name("object")
        writer.beginObject()
        writer.member("obis", reading.series.object.description)
        writer.member("class", reading.series.classID)
        writer.member("attribute", reading.series.attribute)
        if reading.series.element != 0 { writer.member("element", reading.series.element) }
        writer.endObject()
        writer.member("receivedAt", reading.receivedAt.rfc3339)
        guard let detail = reading.detail else { return }
        writer.member("origin", detail.origin?.word)
        writer.member("job", detail.origin?.job?.text)
        writer.member("clock", detail.timeSource == nil ? "gateway" : "meter")
        writer.member("timeSource", detail.timeSource?.rawValue)
        writer.member("rawTime", detail.rawTime)
        writer.member("status", detail.status)
    }

    /// Writes a reading of one of many meters.
    func write(_ reading: StoredReading, of meter: MeterID, into writer: inout JSONWriter) {
        writer.beginObject()
        if isFlat { writer.member("time", reading.at.rfc3339) }
        writer.member("meter", meter.text)
        writer.member("name", ReadingName.usual(reading.series))
        if isFlat {
            writer.name("value")
            writeValue(reading, into: &writer)
            writer.member("unit", reading.scalerUnit?.symbol)
            writer.member("quality", reading.quality.rawValue)
        } else {
            writeMembers(reading, into: &writer)
        }
        writer.endObject()
    }

    /// Adds the line of CSV that names the columns.
    static func writeCSVHeader(into text: inout CSVText) {
        for name in csvColumns { text.add(name.utf8) }
        text.endLine()
    }

    /// Adds a line of CSV.
    func writeCSV(_ reading: StoredReading, of meter: MeterID, into text: inout CSVText) {
        let value: String
        if let number = reading.decimalText {
            value = number
        } else {
            var writer = JSONWriter(reservingCapacity: 64)
            writeValue(reading, into: &writer)
            let json = String(decoding: writer.octets, as: UTF8.self)
            value = json == "null" ? "" : (try? JSONReader.parse(writer.octets))?.string ?? json
        }
        let fields = [
            meter.text, ReadingName.usual(reading.series), reading.at.rfc3339, value,
            reading.scalerUnit?.symbol ?? "", reading.quality.rawValue, reading.reasons.joined(separator: " "),
            Self.source(reading.series), reading.series.object.description, String(reading.series.attribute),
        ]
        for field in fields { text.add(field.utf8) }
        text.endLine()
    }

    private func writeValue(_ reading: StoredReading, into writer: inout JSONWriter) {
        if let number = reading.decimalText {
            return write(number: number, into: &writer)
        }
        var context = ValueContext.attribute(
            classID: reading.series.classID,
            version: nil,
            logicalName: reading.series.object,
            index: reading.series.attribute
        )
        context.quantity = .none
        context.numbersAsStrings = numbersAsStrings
        ValueForm.friendly.write(reading.value.data, context: context, into: &writer)
    }

    private func write(number: String?, into writer: inout JSONWriter) {
        guard let number else { return writer.null() }
        if numbersAsStrings { writer.string(number) } else { writer.number(text: number) }
    }

    private static func source(_ series: ReadingSeries) -> String {
        switch series.source {
        case .register: "register"
        case .profile(let profile): "profile \(profile)"
        case .push: "push"
        }
    }
}
