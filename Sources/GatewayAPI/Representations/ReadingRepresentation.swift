// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import Timekeeping

/// How values look in JSON, and how the caller wants them.
struct ReadingRepresentation: Sendable {
    /// The form of values.
    var form = ValueForm.friendly
    /// Whether numbers are written as strings.
    var numbersAsStrings = false
    /// The unit in which a quantity is told; nil for that of the meter.
    var scale: DisplayScale?

    /// Writes `type` and `value`, `readAt` and `source`.
    func writeValue(_ reading: Reading, into writer: inout JSONWriter) {
        writer.member("type", reading.data.typeName)
        write(reading.data, reading.context, named: "value", into: &writer)
        writer.member("readAt", reading.readAt.rfc3339)
        writer.member("source", reading.source.rawValue)
        if reading.isStale { writer.member("stale", true) }
        if !reading.isVerified { writer.member("verified", false) }
    }

    /// Writes one value as a member.
    func write(_ data: DLMSData, _ context: ValueContext, named name: StaticString, into writer: inout JSONWriter) {
        var context = context
        context.numbersAsStrings = numbersAsStrings
        context.displayScale = scale
        writer.name(name)
        form.write(data, context: context, into: &writer)
    }

    /// Writes the member `object`.
    static func write(_ object: MeterObject, into writer: inout JSONWriter) {
        writer.name("object")
        writer.beginObject()
        writer.member("obis", object.logicalName.description)
        writer.member("class", object.classID)
        writer.member("version", object.version)
        writer.member("name", object.name)
        writer.endObject()
    }

    /// Writes a member with id and name of an attribute or method.
    static func write(
        _ index: Int8,
        _ name: String?,
        as member: StaticString = "attribute",
        into writer: inout JSONWriter
    ) {
        writer.name(member)
        writer.beginObject()
        writer.member("id", index)
        writer.member("name", name)
        writer.endObject()
    }

    /// Writes the outcomes of a batch as the members `items`, `association` and `failed`.
    func writeMembers(_ answer: ReadAnswer, into writer: inout JSONWriter) {
        writer.name("items")
        writer.beginArray()
        for outcome in answer.outcomes { write(outcome, into: &writer) }
        writer.endArray()
        writer.member("association", answer.association)
        writer.member("failed", answer.failures)
    }

    private func write(_ outcome: ReadAnswer.Outcome, into writer: inout JSONWriter) {
        writer.beginObject()
        if let object = outcome.object {
            Self.write(object, into: &writer)
        } else {
            writer.name("object")
            writer.beginObject()
            writer.member("obis", outcome.query.object.description)
            writer.member("class", outcome.query.classID)
            writer.endObject()
        }
        if let index = outcome.attributeIndex {
            Self.write(index, outcome.object?.model?.attribute(index)?.name, into: &writer)
        } else {
            writer.name("attribute")
            writer.beginObject()
            switch outcome.query.attribute {
            case .index(let index): writer.member("id", index)
            case .name(let name): writer.member("name", name)
            }
            writer.endObject()
        }
        switch outcome.result {
        case .success(let reading): writeValue(reading, into: &writer)
        case .failure(let error):
            writer.name("problem")
            Problem(error).write(into: &writer)
        }
        writer.endObject()
    }
}

extension ExchangeTimings {
    /// The field `Server-Timing`: waiting in line, reaching the meter, the meter itself.
    var field: String {
        func milliseconds(_ duration: Duration) -> String {
            let tenths = duration.wholeMicroseconds / 100
            return "\(tenths / 10).\(tenths % 10)"
        }
        return "queue;dur=\(milliseconds(queue)), connect;dur=\(milliseconds(connect)), "
            + "meter;dur=\(milliseconds(exchange))"
    }
}
