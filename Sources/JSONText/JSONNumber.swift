// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A JSON number that keeps the exact text it was written with.
public struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    /// The number's text, well-formed by RFC 8259 §6.
    public let text: String

    /// Makes a number from its text; nil if the text is no JSON number.
    public init?(text: String) {
        let octets = Array(text.utf8)
        guard Self.length(in: octets[...]) == octets.count, !octets.isEmpty else { return nil }
        self.text = text
    }

    /// Makes a number from an integer of any width.
    public init(_ value: some FixedWidthInteger) {
        text = String(value)
    }

    /// For the reader, which has checked the form.
    init(wellFormed text: String) {
        self.text = text
    }

    /// The exponents that an integer may be written with; a number has fewer digits than these allow for.
    private static let exponents = -(1 << 40)...(1 << 40)

    /// The value if it is an integer within Int64; `1e3` and `2.0` are integers, `2.5` is not.
    public var exactInt64: Int64? { exactInteger() }

    /// The value if it is an integer within UInt64.
    public var exactUInt64: UInt64? { exactInteger() }

    /// The nearest double-precision number; infinite if the text is out of its range.
    public var double: Double { Double(text) ?? .nan }

    /// The text itself.
    public var description: String { text }

    /// The value if it is an integer within the range of the wanted type, never rounded.
    public func exactInteger<Integer: FixedWidthInteger>(as type: Integer.Type = Integer.self) -> Integer? {
        if let plain = Integer(text) { return plain }
        var digits: [UInt8] = []
        var isNegative = false
        var isFraction = false
        var scale = 0
        var rest = text.utf8[...]
        scanning: while let octet = rest.popFirst() {
            switch octet {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case 0x30...0x39:
                digits.append(octet - 0x30)
                if isFraction { scale -= 1 }
            default:
                // The exponent. One out of the range cannot meet digits that make up for it, and cannot overflow with them.
                guard digits.contains(where: { $0 != 0 }) else { return 0 }
                guard let exponent = Int(Substring(rest)), Self.exponents.contains(exponent) else { return nil }
                scale += exponent
                break scanning
            }
        }
        while digits.last == 0 {
            digits.removeLast()
            scale += 1
        }
        if digits.isEmpty { return 0 }
        // 64 digits are more than any integer type of the standard library holds.
        guard scale >= 0, scale <= 64 else { return nil }
        digits.append(contentsOf: repeatElement(0, count: scale))
        var value: Integer = 0
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let step = Integer(digit)
            let (sum, carry) =
                isNegative ? product.subtractingReportingOverflow(step) : product.addingReportingOverflow(step)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// How many octets at the start form a number by RFC 8259 §6; nil if none do.
    static func length(in text: ArraySlice<UInt8>) -> Int? {
        var index = text.startIndex
        func digits() -> Int {
            var end = index
            while end < text.endIndex, (0x30...0x39).contains(text[end]) { end += 1 }
            return end - index
        }
        func octet() -> UInt8? { index < text.endIndex ? text[index] : nil }

        if octet() == UInt8(ascii: "-") { index += 1 }
        if octet() == UInt8(ascii: "0") {
            index += 1
        } else {
            let count = digits()
            guard count > 0 else { return nil }
            index += count
        }
        if octet() == UInt8(ascii: ".") {
            index += 1
            let count = digits()
            guard count > 0 else { return nil }
            index += count
        }
        if octet() == UInt8(ascii: "e") || octet() == UInt8(ascii: "E") {
            index += 1
            if octet() == UInt8(ascii: "+") || octet() == UInt8(ascii: "-") { index += 1 }
            let count = digits()
            guard count > 0 else { return nil }
            index += count
        }
        return index - text.startIndex
    }
}
