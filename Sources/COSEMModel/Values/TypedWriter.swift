// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Writes values with their types, so that the same octets can be made of them again.
enum TypedWriter {
    static func write(_ data: DLMSData, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", data.typeName)
        switch data {
        case .nullData, .dontCare: break
        case .boolean(let flag): writer.member("value", flag)
        case .array(let items), .structure(let items): write(items, into: &writer)
        case .compactArray(let compact):
            writer.name("description")
            write(compact.elementType, into: &writer)
            // The contents were checked when they were decoded.
            write((try? compact.elements()) ?? [], into: &writer)
        case .bitString(let bits): writer.member("bits", bits.text)
        case .octetString(let octets): writer.member("hex", Hexadecimal.text(of: octets))
        case .visibleString(let octets), .utf8String(let octets):
            if let text = String(validating: octets, as: UTF8.self) {
                writer.member("value", text)
            } else {
                writer.member("hex", Hexadecimal.text(of: octets))
            }
        case .enumeration(let value), .bcd(let value), .unsigned(let value), .deltaUnsigned(let value):
            writer.member("value", value)
        case .integer(let value), .deltaInteger(let value): writer.member("value", value)
        case .long(let value), .deltaLong(let value): writer.member("value", value)
        case .doubleLong(let value), .deltaDoubleLong(let value): writer.member("value", value)
        case .longUnsigned(let value), .deltaLongUnsigned(let value): writer.member("value", value)
        case .doubleLongUnsigned(let value), .deltaDoubleLongUnsigned(let value): writer.member("value", value)
        case .long64(let value): writer.member("value", String(value))
        case .long64Unsigned(let value): writer.member("value", String(value))
        case .float32(let bits): write(Float(bitPattern: bits), octets: data.octets, into: &writer)
        case .float64(let bits): write(Double(bitPattern: bits), octets: data.octets, into: &writer)
        case .dateTime(let dateTime):
            writer.member("hex", Hexadecimal.text(of: dateTime.octets))
            writer.name("fields")
            DateTimeText.writeFields(of: dateTime, invertsDeviation: false, into: &writer)
        case .date(let date):
            writer.member("hex", Hexadecimal.text(of: date.octets))
            writer.name("fields")
            DateTimeText.writeFields(of: date, into: &writer)
        case .time(let time):
            writer.member("hex", Hexadecimal.text(of: time.octets))
            writer.name("fields")
            DateTimeText.writeFields(of: time, into: &writer)
        }
        writer.endObject()
    }

    private static func write(_ items: [DLMSData], into writer: inout JSONWriter) {
        writer.name("items")
        writer.beginArray()
        for item in items { write(item, into: &writer) }
        writer.endArray()
    }

    /// The bits stand beside the number: no decimal text tells one not-a-number from another.
    private static func write<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ value: Number,
        octets: [UInt8],
        into writer: inout JSONWriter
    ) {
        writer.name("value")
        if value.isFinite {
            writer.number(text: value.description)
        } else if value.isNaN {
            writer.string("NaN")
        } else {
            writer.string(value < 0 ? "-Infinity" : "Infinity")
        }
        writer.member("hex", Hexadecimal.text(of: octets.dropFirst()))
    }

    /// Writes the element type of a compact array.
    private static func write(_ type: TypeDescription, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type.dataTag.name)
        switch type {
        case .simple: break
        case .array(let count, let element):
            writer.member("count", count)
            writer.name("element")
            write(element, into: &writer)
        case .structure(let members):
            writer.name("items")
            writer.beginArray()
            for member in members { write(member, into: &writer) }
            writer.endArray()
        }
        writer.endObject()
    }
}
