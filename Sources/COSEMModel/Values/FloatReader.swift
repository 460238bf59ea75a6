// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Reads the floats of the typed form: the bits if they are given, else the number.
enum FloatReader {
    static func bits32(of object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> UInt32 {
        if let octets = try bits(of: object, at: pointer, count: 4) {
            let bits = octets.reduce(0) { $0 << 8 | UInt32($1) }
            try check(Float(bitPattern: bits), against: object, at: pointer)
            return bits
        }
        guard let value = try number(of: object, at: pointer) else { return Float.nan.bitPattern }
        guard let float = Float(value), float.isFinite || isInfinity(value) else {
            throw .outOfRange(at: pointer.appending("value"), expected: "a number within the range of float32")
        }
        return float.bitPattern
    }

    static func bits64(of object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> UInt64 {
        if let octets = try bits(of: object, at: pointer, count: 8) {
            let bits = octets.reduce(0) { $0 << 8 | UInt64($1) }
            try check(Double(bitPattern: bits), against: object, at: pointer)
            return bits
        }
        guard let value = try number(of: object, at: pointer) else { return Double.nan.bitPattern }
        guard let double = Double(value), double.isFinite || isInfinity(value) else {
            throw .outOfRange(at: pointer.appending("value"), expected: "a number within the range of float64")
        }
        return double.bitPattern
    }

    /// A number beside its bits must say the same, or an edit of the number would be lost.
    private static func check<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ sent: Number,
        against object: JSONObject,
        at pointer: JSONPointer
    ) throws(ValueError) {
        guard object["value"] != nil else { return }
        let said = try number(of: object, at: pointer).flatMap { Number($0) } ?? .nan
        guard said == sent || (said.isNaN && sent.isNaN) else {
            throw .malformed(at: pointer.appending("value"), reason: "disagrees with \"hex\"; leave one of them out")
        }
    }

    private static func isInfinity(_ text: String) -> Bool { text == "Infinity" || text == "-Infinity" }

    private static func bits(of object: JSONObject, at pointer: JSONPointer, count: Int) throws(ValueError) -> [UInt8]?
    {
        guard let hex = object["hex"] else { return nil }
        guard let octets = hex.string.flatMap({ Hexadecimal.octets(of: $0) }), octets.count == count else {
            throw .malformed(at: pointer.appending("hex"), reason: "\(count * 2) hexadecimal digits are needed")
        }
        return octets
    }

    /// The text of the number; nil for NaN.
    private static func number(of object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> String? {
        switch object["value"] {
        case .number(let number): return number.text
        case .string("NaN"): return nil
        case .string(let text) where isInfinity(text): return text
        default: throw TypedReader.missing("value", "a number, \"NaN\", \"Infinity\" or \"-Infinity\"", object, pointer)
        }
    }
}
