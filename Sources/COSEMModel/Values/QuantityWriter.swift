// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Physical quantities: one object whose members never change their type.
extension FriendlyWriter {
    /// Writes a number as `{"value","unit","raw","scaler","unitCode"}`; false if the value is no number.
    func writeQuantity(_ data: DLMSData, into writer: inout JSONWriter) -> Bool {
        var scalerUnit: ScalerUnit?
        if case .known(let known) = context.quantity { scalerUnit = known }
        let exponent = Int(scalerUnit?.scaler ?? 0) - (context.displayScale?.exponent ?? 0)
        let value: String?
        let raw: String?
        var isFinite = true
        switch data {
        case .float32(let bits):
            let number = Float(bitPattern: bits)
            isFinite = number.isFinite
            raw = isFinite ? number.description : nil
            value = raw.flatMap { DecimalText.shifted($0, by: exponent) }
        case .float64(let bits):
            let number = Double(bitPattern: bits)
            isFinite = number.isFinite
            raw = isFinite ? number.description : nil
            value = raw.flatMap { DecimalText.shifted($0, by: exponent) }
        case .long64Unsigned(let number):
            raw = String(number)
            value = DecimalText.scaled(number, scaler: exponent)
        case .integer, .long, .doubleLong, .long64, .unsigned, .longUnsigned, .doubleLongUnsigned, .bcd:
            guard let number = data.integerValue else { return false }
            raw = String(number)
            value = DecimalText.scaled(number, scaler: exponent)
        case .nullData, .array, .structure, .boolean, .bitString, .octetString, .visibleString, .utf8String,
            .compactArray, .enumeration, .dateTime, .date, .time, .deltaInteger, .deltaLong, .deltaDoubleLong,
            .deltaUnsigned, .deltaLongUnsigned, .deltaDoubleLongUnsigned, .dontCare:
            return false
        }
        writer.beginObject()
        writer.name("value")
        write(number: value, asString: context.numbersAsStrings, into: &writer)
        writer.member("unit", context.displayScale?.symbol ?? scalerUnit?.symbol)
        writer.name("raw")
        write(number: raw, asString: context.numbersAsStrings && data.isLong, into: &writer)
        writer.member("scaler", scalerUnit?.scaler)
        writer.member("unitCode", scalerUnit?.unitCode)
        if !isFinite { writer.member("note", "notFinite") }
        writer.endObject()
        return true
    }

    private func write(number text: String?, asString: Bool, into writer: inout JSONWriter) {
        guard let text else { return writer.null() }
        if asString { writer.string(text) } else { writer.number(text: text) }
    }
}

extension DLMSData {
    fileprivate var isLong: Bool {
        switch dataTag {
        case .long64, .long64Unsigned: true
        default: false
        }
    }
}
