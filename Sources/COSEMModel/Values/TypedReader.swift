// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Reads the typed form: every value names its type.
struct TypedReader {
    /// Members that a typed value may carry and that say nothing new.
    private static let readOnly: Set<String> = ["as", "fields", "hex"]

    /// The type that an object names, nil if it names none.
    static func type(of object: JSONObject) -> DataTag? {
        object["type"]?.string.flatMap { DataTag(name: $0) }
    }

    static func data(_ value: JSONValue, at pointer: JSONPointer, depth: Int = 0) throws(ValueError) -> DLMSData {
        guard let object = value.object else {
            throw .typeMismatch(at: pointer, expected: "an object with \"type\"", found: value.kindInWords)
        }
        guard let name = object["type"]?.string else { throw .typeRequired(at: pointer) }
        guard let type = DataTag(name: name) else {
            let like = nearest(name, in: DataTag.allCases.map(\.name)).map { ", did you mean \"\($0)\"?" } ?? ""
            throw .malformed(at: pointer.appending("type"), reason: "unknown type \"\(name)\"\(like)")
        }
        guard depth < DLMSData.deepestNesting else { throw .malformed(at: pointer, reason: "nested too deep") }
        try checkMembers(of: object, type: type, at: pointer)
        switch type {
        case .nullData: return .nullData
        case .dontCare: return .dontCare
        case .boolean:
            guard let flag = object["value"]?.bool else { throw missing("value", "true or false", object, pointer) }
            return .boolean(flag)
        case .array: return .array(try items(of: object, at: pointer, depth: depth))
        case .structure: return .structure(try items(of: object, at: pointer, depth: depth))
        case .compactArray:
            return .compactArray(try CompactArrayReader.read(object, at: pointer, depth: depth))
        case .bitString:
            guard let text = object["bits"]?.string, let bits = BitString(text: text) else {
                throw missing("bits", "a string of 0 and 1", object, pointer)
            }
            return .bitString(bits)
        case .octetString:
            guard let octets = try OctetStringReader.octets(of: object, at: pointer) else {
                throw missing("hex", "a string of hexadecimal digits", object, pointer)
            }
            return .octetString(octets)
        case .visibleString: return .visibleString(try text(of: object, at: pointer))
        case .utf8String: return .utf8String(try text(of: object, at: pointer))
        case .enumeration: return .enumeration(try integer(object, pointer))
        case .bcd: return .bcd(try integer(object, pointer))
        case .integer: return .integer(try integer(object, pointer))
        case .long: return .long(try integer(object, pointer))
        case .doubleLong: return .doubleLong(try integer(object, pointer))
        case .long64: return .long64(try integer(object, pointer))
        case .unsigned: return .unsigned(try integer(object, pointer))
        case .longUnsigned: return .longUnsigned(try integer(object, pointer))
        case .doubleLongUnsigned: return .doubleLongUnsigned(try integer(object, pointer))
        case .long64Unsigned: return .long64Unsigned(try integer(object, pointer))
        case .deltaInteger: return .deltaInteger(try integer(object, pointer))
        case .deltaLong: return .deltaLong(try integer(object, pointer))
        case .deltaDoubleLong: return .deltaDoubleLong(try integer(object, pointer))
        case .deltaUnsigned: return .deltaUnsigned(try integer(object, pointer))
        case .deltaLongUnsigned: return .deltaLongUnsigned(try integer(object, pointer))
        case .deltaDoubleLongUnsigned: return .deltaDoubleLongUnsigned(try integer(object, pointer))
        case .float32: return .float32(bitPattern: try FloatReader.bits32(of: object, at: pointer))
        case .float64: return .float64(bitPattern: try FloatReader.bits64(of: object, at: pointer))
        case .dateTime: return .dateTime(try decoded(object, pointer, count: 12))
        case .date: return .date(try decoded(object, pointer, count: 5))
        case .time: return .time(try decoded(object, pointer, count: 4))
        }
    }

    static func items(of object: JSONObject, at pointer: JSONPointer, depth: Int) throws(ValueError) -> [DLMSData] {
        guard let items = object["items"]?.array else { throw missing("items", "an array", object, pointer) }
        var values: [DLMSData] = []
        values.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            values.append(try data(item, at: pointer.appending("items").appending(index), depth: depth + 1))
        }
        return values
    }

    static func missing(
        _ name: String,
        _ expected: String,
        _ object: JSONObject,
        _ pointer: JSONPointer
    ) -> ValueError {
        .typeMismatch(
            at: pointer.appending(name),
            expected: expected,
            found: object[name]?.kindInWords ?? "nothing"
        )
    }

    private static func checkMembers(of object: JSONObject, type: DataTag, at pointer: JSONPointer) throws(ValueError) {
        let own: Set<String> =
            switch type {
            case .array, .structure: ["type", "items"]
            case .compactArray: ["type", "description", "items"]
            case .bitString: ["type", "bits"]
            case .octetString: OctetStringReader.members.union(["type"])
            default: ["type", "value"]
            }
        for name in object.names where !own.contains(name) && !readOnly.contains(name) {
            let like = nearest(name, in: own.sorted()).map { ", did you mean \"\($0)\"?" } ?? ""
            throw .malformed(at: pointer.appending(name), reason: "unknown member of a \(type.name)\(like)")
        }
    }

    private static func integer<Integer: FixedWidthInteger>(
        _ object: JSONObject,
        _ pointer: JSONPointer
    ) throws(ValueError) -> Integer {
        let place = pointer.appending("value")
        let number: JSONNumber?
        switch object["value"] {
        case .number(let exact): number = exact
        case .string(let text): number = JSONNumber(text: text)
        default: number = nil
        }
        guard let number else { throw missing("value", "an integer", object, pointer) }
        guard let value: Integer = number.exactInteger() else {
            throw .outOfRange(at: place, expected: "an integer from \(Integer.min) to \(Integer.max)")
        }
        return value
    }

    private static func hex(of object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> [UInt8] {
        guard let text = object["hex"]?.string, let octets = Hexadecimal.octets(of: text) else {
            throw missing("hex", "a string of hexadecimal digits", object, pointer)
        }
        return octets
    }

    private static func text(of object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> [UInt8] {
        if let text = object["value"]?.string { return Array(text.utf8) }
        guard object["hex"] != nil else { throw missing("value", "a string", object, pointer) }
        return try hex(of: object, at: pointer)
    }

    private static func decoded<Value: OctetCodable>(
        _ object: JSONObject,
        _ pointer: JSONPointer,
        count: Int
    ) throws(ValueError) -> Value {
        guard let octets = object["hex"]?.string.flatMap({ Hexadecimal.octets(of: $0) }),
            let value = try? Value(octets: octets)
        else { throw missing("hex", "\(count * 2) hexadecimal digits", object, pointer) }
        return value
    }
}
