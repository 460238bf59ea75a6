// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel

/// A decimal number as a text meter writes it: all of its digits, and how many stand behind the point.
struct TextQuantity: Hashable, Sendable {
    /// The digits without the point.
    let raw: Int64
    /// How many digits stand behind the point.
    let decimals: Int

    private static let mostDigits = 18

    /// Reads `000123.45`, `-1.5` or `17`; nil for anything else, as numbers with more digits than fit.
    init?(_ text: String) {
        var digits = Substring(text.drop { $0 == " " })
        while digits.last == " " { digits.removeLast() }
        var isNegative = false
        if let sign = digits.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            digits.removeFirst()
        }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard parts.count == 1 || !fraction.isEmpty,
            (whole.utf8 + Array(fraction.utf8)).allSatisfy({ (0x30...0x39).contains($0) }),
            fraction.utf8.count <= Self.mostDigits
        else { return nil }
        let significant = (whole + fraction).drop { $0 == "0" }
        guard significant.utf8.count <= Self.mostDigits,
            let magnitude = significant.isEmpty ? 0 : Int64(significant)
        else { return nil }
        raw = isNegative ? -magnitude : magnitude
        decimals = fraction.utf8.count
    }

    /// The same number with a given count of digits behind the point; nil when that would lose digits or does not fit.
    func raw(decimals wanted: Int) -> Int64? {
        guard wanted >= decimals else { return nil }
        var raw = raw
        for _ in decimals..<wanted {
            let (product, overflow) = raw.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            raw = product
        }
        return raw
    }

    /// Writes a number the way another text is written: as many digits behind the point, and as long.
    static func text(_ raw: Int64, decimals: Int, like other: String) -> String {
        let sign = raw < 0 ? "-" : ""
        var digits = String(raw.magnitude)
        if digits.count <= decimals { digits = String(repeating: "0", count: decimals + 1 - digits.count) + digits }
        let point = digits.index(digits.endIndex, offsetBy: -decimals)
        let text = decimals == 0 ? digits : digits[..<point] + "." + digits[point...]
        let missing = other.utf8.count - text.utf8.count - sign.utf8.count
        return sign + String(repeating: "0", count: max(0, missing)) + text
    }
}
