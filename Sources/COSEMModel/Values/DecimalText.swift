// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Exact decimals: a raw integer times a power of ten as text and back, never through floating point.
public enum DecimalText {
    /// The decimal text of `raw * 10^scaler`: (2301, -1) is "230.1", (5, 3) is "5000", (0, -2) is "0.00".
    ///
    /// All digits of the raw value are kept, so zeros at the end of the fraction show the resolution.
    /// - Parameters:
    ///   - raw: The integer as the meter sent it.
    ///   - scaler: The power of ten.
    public static func scaled(_ raw: some BinaryInteger, scaler: Int) -> String {
        let negative = raw < 0
        let digits = String(raw.magnitude)
        return shifted(digits: digits, by: raw == 0 ? min(scaler, 0) : scaler, negative: negative)
    }

    /// Moves the decimal point of a decimal number, given as text with an optional exponent; nil if it is no number.
    public static func shifted(_ text: String, by exponent: Int) -> String? {
        guard let number = parse(text) else { return nil }
        let (shift, overflow) = number.exponent.addingReportingOverflow(exponent)
        guard !overflow else { return nil }
        // Beyond what scalers of integers reach, an exponent is shorter than its zeros.
        guard shift.magnitude <= 128 else {
            let digits = number.digits.drop { $0 == "0" }
            return digits.isEmpty ? "0" : (number.negative ? "-" : "") + digits + "e\(shift)"
        }
        return shifted(digits: number.digits, by: shift, negative: number.negative)
    }

    /// The integer whose scaled value is the decimal text: ("230.1", -1) is 2301; nil if that is no integer or does not fit.
    /// - Parameters:
    ///   - text: A decimal number, with or without an exponent.
    ///   - scaler: The power of ten of the register.
    public static func raw<Integer: FixedWidthInteger>(
        _ text: String,
        scaler: Int,
        as type: Integer.Type = Integer.self
    ) -> Integer? {
        guard let number = parse(text) else { return nil }
        var digits = Substring(number.digits)
        var shift = number.exponent &- scaler
        while digits.last == "0" {
            digits.removeLast()
            shift &+= 1
        }
        digits = digits.drop { $0 == "0" }
        guard !digits.isEmpty else { return 0 }
        guard shift >= 0, shift + digits.count <= 40 else { return nil }
        return Integer((number.negative ? "-" : "") + digits + String(repeating: "0", count: shift))
    }

    /// Appends the decimal text of `raw * 10^scaler` as ASCII; the same text as ``scaled(_:scaler:)`` makes.
    static func append(_ magnitude: UInt64, negative: Bool, scaler: Int, to octets: inout [UInt8]) {
        if negative { octets.append(UInt8(ascii: "-")) }
        if magnitude == 0, scaler >= 0 {
            octets.append(UInt8(ascii: "0"))
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            // UInt64.max has 20 digits.
            var rest = magnitude
            var start = 20
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            let count = 20 - start
            if scaler >= 0 {
                octets.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start..<20]))
                octets.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: scaler))
            } else if count > -scaler {
                octets.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start..<20 + scaler]))
                octets.append(UInt8(ascii: "."))
                octets.append(contentsOf: UnsafeBufferPointer(rebasing: digits[20 + scaler..<20]))
            } else {
                octets.append(UInt8(ascii: "0"))
                octets.append(UInt8(ascii: "."))
                octets.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -scaler - count))
                octets.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start..<20]))
            }
        }
    }

    private static func shifted(digits: String, by exponent: Int, negative: Bool) -> String {
        let sign = negative ? "-" : ""
        if exponent >= 0 {
            let whole = digits.drop { $0 == "0" }
            return whole.isEmpty ? "0" : sign + whole + String(repeating: "0", count: exponent)
        }
        let places = -exponent
        let padding = max(0, places + 1 - digits.utf8.count)
        let padded = String(repeating: "0", count: padding) + digits
        var whole = padded.dropLast(places).drop { $0 == "0" }
        if whole.isEmpty { whole = "0" }
        return sign + whole + "." + padded.suffix(places)
    }

    /// Digits without a point and the power of ten they are to be taken by.
    private static func parse(_ text: String) -> (digits: String, exponent: Int, negative: Bool)? {
        var rest = Substring(text)
        let negative = rest.first == "-"
        if negative { rest.removeFirst() }
        let whole = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest[whole.endIndex...]
        var digits = String(whole)
        var exponent = 0
        if rest.first == "." {
            rest.removeFirst()
            let fraction = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[fraction.endIndex...]
            digits += fraction
            exponent = -fraction.count
        }
        guard !digits.isEmpty else { return nil }
        if rest.first == "e" || rest.first == "E" {
            guard let power = Int(rest.dropFirst()), (-999...999).contains(power) else { return nil }
            exponent += power
        } else if !rest.isEmpty {
            return nil
        }
        return (digits, exponent, negative)
    }
}
