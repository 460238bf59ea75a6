// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Reads the friendly form of a simple type.
struct SimpleValueReader {
    let type: DataTag
    let meaning: Shape.Meaning
    let context: ValueContext

    func data(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> DLMSData {
        switch type {
        case .nullData, .dontCare:
            guard value.isNull else { throw mismatch("null", value, pointer) }
            return type == .nullData ? .nullData : .dontCare
        case .boolean:
            guard let flag = value.bool else { throw mismatch("true or false", value, pointer) }
            return .boolean(flag)
        case .bitString: return .bitString(try bits(value, at: pointer))
        case .octetString: return .octetString(try octets(value, at: pointer))
        case .visibleString: return .visibleString(try text(value, at: pointer))
        case .utf8String: return .utf8String(try text(value, at: pointer))
        case .enumeration: return .enumeration(try code(value, at: pointer))
        case .unsigned where meaning == .clockStatus: return .unsigned(try clockStatus(value, at: pointer))
        case .float32, .float64:
            guard case .number(let number) = value else { throw mismatch("a number", value, pointer) }
            return try Self.number(number.text, as: type, at: pointer)
        case .bcd, .integer, .long, .doubleLong, .long64, .unsigned, .longUnsigned, .doubleLongUnsigned,
            .long64Unsigned,
            .deltaInteger, .deltaLong, .deltaDoubleLong, .deltaUnsigned, .deltaLongUnsigned, .deltaDoubleLongUnsigned:
            guard let number = Self.number(in: value) else { throw mismatch("an integer", value, pointer) }
            return try Self.number(number.text, as: type, at: pointer)
        case .dateTime: return .dateTime(try dateTime(value, at: pointer))
        case .date: return .date(try date(value, at: pointer))
        case .time: return .time(try time(value, at: pointer))
        case .array, .structure, .compactArray: throw .typeRequired(at: pointer)
        }
    }

    /// A JSON number, or a string that holds one.
    static func number(in value: JSONValue) -> JSONNumber? {
        switch value {
        case .number(let number): number
        case .string(let text): JSONNumber(text: text)
        case .null, .bool, .array, .object: nil
        }
    }

    private func mismatch(_ expected: String, _ value: JSONValue, _ pointer: JSONPointer) -> ValueError {
        .typeMismatch(at: pointer, expected: expected, found: value.kindInWords)
    }

    private func bits(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> BitString {
        guard let text = value.string ?? value["bits"]?.string, let bits = BitString(text: text) else {
            throw mismatch("{\"bits\":\"1010…\"}", value, pointer)
        }
        if case .codes(let codes) = meaning, let set = value["set"]?.array {
            let names = codes.filter { bits[Int($0.code)] }.map(\.name)
            guard Set(set.compactMap(\.string)) == Set(names) else {
                throw .malformed(at: pointer.appending("set"), reason: "disagrees with \"bits\"; leave one of them out")
            }
        }
        return bits
    }

    private func octets(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> [UInt8] {
        if let object = value.object {
            let isFields = object.names.contains { !OctetStringReader.members.contains($0) }
            if !isFields, let octets = try OctetStringReader.octets(of: object, at: pointer) { return octets }
        }
        switch meaning {
        case .logicalName:
            guard let code = value.string.flatMap({ OBISCode($0) }) else {
                throw mismatch("an OBIS code such as \"1.0.1.8.0.255\"", value, pointer)
            }
            return code.octets
        case .dateTime: return try dateTime(value, at: pointer).octets
        case .date: return try date(value, at: pointer).octets
        case .time: return try time(value, at: pointer).octets
        case .text:
            guard let text = value.string else { throw mismatch("a string", value, pointer) }
            return Array(text.utf8)
        case .plain, .systemTitle, .clockStatus, .unit, .codes:
            throw mismatch("{\"hex\":…}, {\"text\":…} or {\"base64\":…}", value, pointer)
        }
    }

    private func text(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> [UInt8] {
        if let text = value.string { return Array(text.utf8) }
        if let object = value.object, let octets = try OctetStringReader.octets(of: object, at: pointer) {
            return octets
        }
        throw mismatch("a string", value, pointer)
    }

    private func code(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> UInt8 {
        if let number = value.number ?? value["code"]?.number {
            guard let code: UInt8 = number.exactInteger() else {
                throw .outOfRange(at: pointer, expected: "a code from 0 to 255")
            }
            if let name = value["name"]?.string, let known = self.code(named: name), known != code {
                throw .malformed(at: pointer.appending("name"), reason: "disagrees with \"code\"")
            }
            return code
        }
        guard let name = value.string ?? value["name"]?.string else {
            throw mismatch("a code or a name", value, pointer)
        }
        guard let code = code(named: name) else {
            let like = nearest(name, in: names).map { ", did you mean \"\($0)\"?" } ?? ""
            throw .malformed(at: pointer, reason: "unknown name \"\(name)\"\(like)")
        }
        return code
    }

    private var names: [String] {
        switch meaning {
        case .codes(let codes): codes.map(\.name)
        case .unit: UnitTable.standard.units.map(\.symbol)
        case .plain, .logicalName, .dateTime, .date, .time, .text, .systemTitle, .clockStatus: []
        }
    }

    private func code(named name: String) -> UInt8? {
        switch meaning {
        case .codes(let codes): codes.first { $0.name == name }?.code
        case .unit: UnitTable.standard.units.first { $0.symbol == name }?.code
        case .plain, .logicalName, .dateTime, .date, .time, .text, .systemTitle, .clockStatus: nil
        }
    }

    private func clockStatus(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> UInt8 {
        if let number = value.number ?? value["code"]?.number, let status: UInt8 = number.exactInteger() {
            return status
        }
        if let names = value["set"]?.array, let status = ClockStatus(names: names.compactMap(\.string)) {
            return status.rawValue
        }
        throw mismatch("{\"code\":…}", value, pointer)
    }

    private func dateTime(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> COSEMDateTime {
        if let object = value.object { return try DateTimeReader.dateTime(fields: object, at: pointer) }
        guard let text = value.string,
            let dateTime = DateTimeReader.dateTime(text, invertsDeviation: context.invertsDeviation)
        else { throw mismatch("a time such as \"2026-11-22T08:15:00+01:00\"", value, pointer) }
        return dateTime
    }

    private func date(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> COSEMDate {
        if let object = value.object { return try DateTimeReader.date(fields: object, at: pointer) }
        guard let date = value.string.flatMap({ DateTimeReader.date($0) }) else {
            throw mismatch("a date such as \"2026-11-22\"", value, pointer)
        }
        return date
    }

    private func time(_ value: JSONValue, at pointer: JSONPointer) throws(ValueError) -> COSEMTime {
        if let object = value.object { return try DateTimeReader.time(fields: object, at: pointer) }
        guard let time = value.string.flatMap({ DateTimeReader.time($0) }) else {
            throw mismatch("a time such as \"08:15:00\"", value, pointer)
        }
        return time
    }
}
