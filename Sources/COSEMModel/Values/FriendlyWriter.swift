// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Writes values the way people and dashboards want them.
struct FriendlyWriter {
    let context: ValueContext

    func write(_ data: DLMSData, into writer: inout JSONWriter) {
        if context.quantity != .none, writeQuantity(data, into: &writer) { return }
        write(data, shape: context.shape, into: &writer)
    }

    /// Writes a value by its own type; the shape gives names and meanings where it fits.
    func write(_ data: DLMSData, shape: Shape, into writer: inout JSONWriter) {
        let meaning = shape.meaning(for: data.dataTag)
        switch data {
        case .nullData, .dontCare: writer.null()
        case .boolean(let flag): writer.bool(flag)
        case .array(let items): write(items, element: shape, into: &writer)
        case .compactArray(let compact):
            // The contents were checked when they were decoded.
            let items = (try? compact.elements()) ?? []
            write(items, element: shape, into: &writer)
        case .structure(let items): write(members: items, shape: shape, into: &writer)
        case .bitString(let bits): Self.write(bits, meaning: meaning, into: &writer)
        case .octetString(let octets): write(octets, meaning: meaning, into: &writer)
        case .visibleString(let octets), .utf8String(let octets): Self.write(text: octets, into: &writer)
        case .enumeration(let code): Self.write(code: code, meaning: meaning, into: &writer)
        case .unsigned(let value) where meaning == .clockStatus:
            writer.beginObject()
            writer.member("code", value)
            writer.member("set", ClockStatus(rawValue: value).names)
            writer.endObject()
        case .float32(let bits): writer.number(Float(bitPattern: bits))
        case .float64(let bits): writer.number(Double(bitPattern: bits))
        case .dateTime(let dateTime):
            DateTimeText.write(dateTime, invertsDeviation: context.invertsDeviation, into: &writer)
        case .date(let date): DateTimeText.write(date, into: &writer)
        case .time(let time): DateTimeText.write(time, into: &writer)
        case .long64(let value): write(long: value, into: &writer)
        case .long64Unsigned(let value): write(long: value, into: &writer)
        case .bcd(let value): writer.integer(value)
        case .integer(let value), .deltaInteger(let value): writer.integer(value)
        case .long(let value), .deltaLong(let value): writer.integer(value)
        case .doubleLong(let value), .deltaDoubleLong(let value): writer.integer(value)
        case .unsigned(let value), .deltaUnsigned(let value): writer.integer(value)
        case .longUnsigned(let value), .deltaLongUnsigned(let value): writer.integer(value)
        case .doubleLongUnsigned(let value), .deltaDoubleLongUnsigned(let value): writer.integer(value)
        }
    }

    private func write(long value: some FixedWidthInteger, into writer: inout JSONWriter) {
        if context.numbersAsStrings { writer.string(String(value)) } else { writer.integer(value) }
    }

    private func write(_ items: [DLMSData], element shape: Shape, into writer: inout JSONWriter) {
        var element = Shape.any
        if case .array(let known) = shape.alternative(for: .array) { element = known }
        writer.beginArray()
        for item in items { write(item, shape: element, into: &writer) }
        writer.endArray()
    }

    private func write(members items: [DLMSData], shape: Shape, into writer: inout JSONWriter) {
        guard case .structure(let members) = shape.alternative(for: .structure), members.count == items.count,
            !items.isEmpty
        else {
            writer.beginArray()
            for item in items { write(item, shape: .any, into: &writer) }
            writer.endArray()
            return
        }
        writer.beginObject()
        for (member, item) in zip(members, items) {
            writer.name(member.name)
            write(item, shape: member.shape, into: &writer)
        }
        writer.endObject()
    }

    private func write(_ octets: [UInt8], meaning: Shape.Meaning, into writer: inout JSONWriter) {
        switch meaning {
        case .logicalName:
            if let code = try? OBISCode(octets: octets) { return writer.string(code.description) }
        case .dateTime:
            if let dateTime = try? COSEMDateTime(octets: octets) {
                return DateTimeText.write(dateTime, invertsDeviation: context.invertsDeviation, into: &writer)
            }
        case .date:
            if let date = try? COSEMDate(octets: octets) { return DateTimeText.write(date, into: &writer) }
        case .time:
            if let time = try? COSEMTime(octets: octets) { return DateTimeText.write(time, into: &writer) }
        case .text:
            if let text = PrintableText.ascii(octets) { return writer.string(text) }
        case .plain, .systemTitle, .clockStatus, .unit, .codes: break
        }
        writer.beginObject()
        writer.member("hex", Hexadecimal.text(of: octets))
        writer.member("text", octets.isEmpty ? nil : PrintableText.ascii(octets))
        writer.endObject()
    }

    private static func write(_ bits: BitString, meaning: Shape.Meaning, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("bits", bits.text)
        if case .codes(let names) = meaning {
            writer.member("set", names.filter { bits[Int($0.code)] }.map(\.name))
        } else {
            writer.name("set")
            writer.null()
        }
        writer.endObject()
    }

    private static func write(code: UInt8, meaning: Shape.Meaning, into writer: inout JSONWriter) {
        var name: String?
        switch meaning {
        case .codes(let codes): name = codes.first { $0.code == code }?.name
        case .unit: name = UnitTable.standard[code]?.symbol
        case .plain, .logicalName, .dateTime, .date, .time, .text, .systemTitle, .clockStatus: break
        }
        writer.beginObject()
        writer.member("code", code)
        writer.member("name", name)
        writer.endObject()
    }

    private static func write(text octets: [UInt8], into writer: inout JSONWriter) {
        if let text = String(validating: octets, as: UTF8.self) {
            writer.string(text)
        } else {
            writer.beginObject()
            writer.member("hex", Hexadecimal.text(of: octets))
            writer.endObject()
        }
    }
}
