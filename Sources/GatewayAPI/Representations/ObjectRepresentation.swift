// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// How objects with their access rights look in JSON.
struct ObjectRepresentation: Sendable {
    /// How values are written.
    var values = ReadingRepresentation()

    /// Writes an object of the list.
    func write(_ entry: ObjectListEntry, into writer: inout JSONWriter) {
        let object = MeterObject(
            logicalName: entry.logicalName,
            classID: entry.classID,
            version: entry.version
        )
        writer.beginObject()
        writeHead(object, entry, into: &writer)
        writer.member("attributes", Self.attributes(entry, object)) { item, writer in
            let (index, access) = item
            writer.member("id", index)
            writer.member("name", object.model?.attribute(index)?.name)
            writer.member("access", access)
        }
        writeMethods(object, entry, into: &writer)
        writer.endObject()
    }

    /// Writes one object with the values asked for.
    func write(_ answer: Gateway.ObjectAnswer, meter: String, into writer: inout JSONWriter) {
        let object = answer.object
        writer.beginObject()
        writer.member("meter", meter)
        writeHead(object, answer.entry, into: &writer)
        writer.name("attributes")
        writer.beginArray()
        let rights = Self.attributes(answer.entry, object)
        if let values = answer.values {
            for outcome in values.outcomes {
                writer.beginObject()
                writeAttribute(outcome, object, rights, into: &writer)
                writer.endObject()
            }
        } else {
            for (index, access) in rights {
                writer.beginObject()
                writer.member("id", index)
                writer.member("name", object.model?.attribute(index)?.name)
                writer.member("access", access)
                writer.endObject()
            }
        }
        writer.endArray()
        writeMethods(object, answer.entry, into: &writer)
        writer.member("association", answer.association)
        if let values = answer.values { writer.member("failed", values.failures) }
        writer.endObject()
    }

    private func writeHead(_ object: MeterObject, _ entry: ObjectListEntry, into writer: inout JSONWriter) {
        writer.member("obis", object.logicalName.description)
        writer.member("class", object.classID)
        writer.member("version", entry.version)
        writer.member("name", object.name)
        writer.member("shortName", entry.shortName)
    }

    private func writeAttribute(
        _ outcome: ReadAnswer.Outcome,
        _ object: MeterObject,
        _ rights: [(Int8, String)],
        into writer: inout JSONWriter
    ) {
        if let index = outcome.attributeIndex {
            writer.member("id", index)
            writer.member("name", object.model?.attribute(index)?.name)
            writer.member("access", rights.first { $0.0 == index }?.1 ?? "none")
        } else {
            writer.member("id", 0)
            writer.member("name", outcome.query.attribute.description)
            writer.member("access", "none")
        }
        switch outcome.result {
        case .success(let reading): values.writeValue(reading, into: &writer)
        case .failure(let error):
            writer.name("problem")
            Problem(error).write(into: &writer)
        }
    }

    private func writeMethods(_ object: MeterObject, _ entry: ObjectListEntry, into writer: inout JSONWriter) {
        writer.member("methods", entry.methods) { method, writer in
            writer.member("id", method.index)
            writer.member("name", object.model?.method(method.index)?.name)
            writer.member("access", method.access.name)
        }
    }

    /// The attributes with their rights; those of the class model where the meter tells no rights.
    private static func attributes(_ entry: ObjectListEntry, _ object: MeterObject) -> [(Int8, String)] {
        guard entry.attributes.isEmpty else { return entry.attributes.map { ($0.index, $0.access.name) } }
        return object.model?.attributes.map { ($0.index, "read") } ?? []
    }
}
