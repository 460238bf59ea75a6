// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Physical quantities: `{"value":12345.67,"unit":"Wh"}`, `{"raw":1234567}`, or the scaled number alone.
extension ValueReader {
    func quantity(_ value: JSONValue, type: DataTag, at pointer: JSONPointer) throws(ValueError) -> DLMSData {
        var scalerUnit: ScalerUnit?
        if case .known(let known) = context.quantity { scalerUnit = known }
        let scaler = Int(scalerUnit?.scaler ?? 0)
        guard let object = value.object else {
            guard let number = SimpleValueReader.number(in: value) else {
                throw .typeMismatch(at: pointer, expected: "a number", found: value.kindInWords)
            }
            return try SimpleValueReader.number(number.text, as: type, scaler: scaler, at: pointer)
        }
        let names = ["value", "unit", "raw", "scaler", "unitCode", "note"]
        for name in object.names where !names.contains(name) {
            let like = nearest(name, in: names).map { ", did you mean \"\($0)\"?" } ?? ""
            throw .malformed(at: pointer.appending(name), reason: "unknown member of a quantity\(like)")
        }
        try check("scaler", is: scalerUnit.map { Int($0.scaler) }, in: object, at: pointer)
        try check("unitCode", is: scalerUnit.map { Int($0.unitCode) }, in: object, at: pointer)
        let shift = try exponent(of: object, scalerUnit: scalerUnit, at: pointer)

        var found: DLMSData?
        if let raw = object["raw"], !raw.isNull {
            let place = pointer.appending("raw")
            guard let number = SimpleValueReader.number(in: raw) else {
                throw .typeMismatch(at: place, expected: "a number", found: raw.kindInWords)
            }
            found = try SimpleValueReader.number(number.text, as: type, at: place)
        }
        if let scaled = object["value"], !scaled.isNull {
            let place = pointer.appending("value")
            guard let number = SimpleValueReader.number(in: scaled) else {
                throw .typeMismatch(at: place, expected: "a number", found: scaled.kindInWords)
            }
            let data = try SimpleValueReader.number(number.text, as: type, scaler: scaler - shift, at: place)
            guard found == nil || found == data else {
                throw .malformed(at: place, reason: "disagrees with \"raw\"; leave one of them out")
            }
            found = data
        }
        guard let found else {
            throw .typeMismatch(at: pointer.appending("value"), expected: "a number", found: "nothing")
        }
        return found
    }

    private func check(
        _ name: String,
        is known: Int?,
        in object: JSONObject,
        at pointer: JSONPointer
    ) throws(ValueError) {
        guard let value = object[name], !value.isNull else { return }
        guard let known, value.number?.exactInteger(as: Int.self) == known else {
            let reason = known.map { "is \($0) at the meter" } ?? "is not known of this meter"
            throw .malformed(at: pointer.appending(name), reason: reason)
        }
    }

    /// The power of ten of the unit that the value is given in, against the register's unit.
    private func exponent(
        of object: JSONObject,
        scalerUnit: ScalerUnit?,
        at pointer: JSONPointer
    ) throws(ValueError) -> Int {
        guard let unit = object["unit"], !unit.isNull else { return 0 }
        guard let symbol = unit.string, let known = scalerUnit?.unit, let scale = DisplayScale(symbol, of: known) else {
            let expected = scalerUnit?.symbol.map { "the meter's unit is \($0)" } ?? "the meter's unit is not known"
            throw .malformed(at: pointer.appending("unit"), reason: expected)
        }
        return scale.exponent
    }
}
