// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel

extension ReadingValue {
    /// The exact decimal text of the value times a power of ten; nil for what is no number.
    public func decimalText(scaler: Int) -> String? {
        switch self {
        case .integer(let number): return DecimalText.scaled(number, scaler: scaler)
        case .unsigned(let number): return DecimalText.scaled(number, scaler: scaler)
        case .float32(let bits):
            let number = Float(bitPattern: bits)
            return number.isFinite ? DecimalText.shifted(number.description, by: scaler) : nil
        case .float64(let bits):
            let number = Double(bitPattern: bits)
            return number.isFinite ? DecimalText.shifted(number.description, by: scaler) : nil
        case .null, .boolean, .text, .octets, .data: return nil
        }
    }
}

extension StoredReading {
    /// The exact decimal text of the scaled value; nil for what is no number.
    public var decimalText: String? { value.decimalText(scaler: Int(scalerUnit?.scaler ?? 0)) }
}
