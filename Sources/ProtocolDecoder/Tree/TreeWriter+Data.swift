// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    mutating func write(_ value: DLMSData) {
        json.beginObject()
        json.member("type", value.typeName)
        switch value {
        case .nullData, .dontCare: break
        case .array(let elements), .structure(let elements): data("value", elements)
        case .boolean(let value): json.member("value", value)
        case .bitString(let bits): json.member("value", bits.text)
        case .octetString(let octets): self.octets("value", octets)
        case .visibleString(let text), .utf8String(let text): write(text: text)
        case .integer(let number), .deltaInteger(let number): json.member("value", number)
        case .long(let number), .deltaLong(let number): json.member("value", number)
        case .doubleLong(let number), .deltaDoubleLong(let number): json.member("value", number)
        case .long64(let number): json.member("value", number)
        case .bcd(let number), .unsigned(let number), .enumeration(let number), .deltaUnsigned(let number):
            json.member("value", number)
        case .longUnsigned(let number), .deltaLongUnsigned(let number): json.member("value", number)
        case .doubleLongUnsigned(let number), .deltaDoubleLongUnsigned(let number): json.member("value", number)
        case .long64Unsigned(let number): json.member("value", number)
        case .float32(let pattern): write(number: Double(Float(bitPattern: pattern)), raw: value.octets.dropFirst())
        case .float64(let pattern): write(number: Double(bitPattern: pattern), raw: value.octets.dropFirst())
        case .dateTime(let value): octets("value", value.octets)
        case .date(let value): octets("value", value.octets)
        case .time(let value): octets("value", value.octets)
        case .compactArray(let array): write(array)
        }
        json.endObject()
    }

    /// Writes the value of a string; octets that are not UTF-8 are also written as they are.
    private mutating func write(text: [UInt8]) {
        json.name("value")
        json.string(utf8: text)
        if !String(decoding: text, as: UTF8.self).utf8.elementsEqual(text) { octets("raw", text) }
    }

    /// Writes the value of a float, null when JSON has no number for it, and its octets.
    private mutating func write(number: Double, raw: some Collection<UInt8>) {
        json.name("value")
        json.number(number)
        octets("raw", raw)
    }

    private mutating func write(_ array: CompactArray) {
        json.name("description")
        write(array.elementType)
        octets("contents", array.contents)
        data("elements", (try? array.elements()) ?? [])
    }

    private mutating func write(_ type: TypeDescription) {
        object { tree in
            tree.json.member("type", type.dataTag.name)
            switch type {
            case .simple: break
            case .array(let count, let element):
                tree.json.member("count", count)
                tree.json.name("element")
                tree.write(element)
            case .structure(let members): tree.list("members", members) { $0.write($1) }
            }
        }
    }
}
