// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension Duration {
    /// Reads an ISO 8601 duration such as `PT15M` or `P1DT12H`, or the short form `15m`; nil when it is anything else.
    ///
    /// Weeks, days, hours, minutes and seconds may stand in it, each once and in this order; a day is 24 hours. Years
    /// and months have no fixed length and are refused. Only seconds may have a fraction. The short form is a whole
    /// number with `ms`, `s`, `m`, `h` or `d`.
    public init?(iso8601 text: some StringProtocol) {
        var scanner = TimeScanner(text)
        let microseconds = scanner.skip("P") ? scanner.longDuration() : scanner.shortDuration()
        guard let microseconds, scanner.isAtEnd else { return nil }
        self = .microseconds(microseconds)
    }

    /// The ISO 8601 form, such as `PT15M`, to the microsecond.
    ///
    /// Whole days are written as days, everything else in hours, minutes and seconds, so that `P1D` comes back as it
    /// was given and `PT36H` does too. A negative duration, which no setting allows, is written with a leading minus.
    public var iso8601: String {
        let total = wholeMicroseconds
        guard total >= 0 else { return "-" + (.zero - self).iso8601 }
        guard total > 0 else { return "PT0S" }
        let day: Int64 = 86_400_000_000
        guard total % day != 0 else { return "P\(total / day)D" }
        let hours = total / 3_600_000_000
        let minutes = total / 60_000_000 % 60
        let seconds = total / 1_000_000 % 60
        let fraction = total % 1_000_000
        var text = "PT"
        if hours > 0 { text += "\(hours)H" }
        if minutes > 0 { text += "\(minutes)M" }
        if fraction > 0 {
            var digits = String(String(1_000_000 + fraction).dropFirst())
            while digits.last == "0" { digits.removeLast() }
            text += "\(seconds).\(digits)S"
        } else if seconds > 0 {
            text += "\(seconds)S"
        }
        return text
    }
}

extension TimeScanner {
    /// Reads what follows the `P`, in microseconds.
    fileprivate mutating func longDuration() -> Int64? {
        let days: [(Unicode.Scalar, Int64)] = [("W", 604_800_000_000), ("D", 86_400_000_000)]
        let times: [(Unicode.Scalar, Int64)] = [("H", 3_600_000_000), ("M", 60_000_000), ("S", 1_000_000)]
        var total: Int64 = 0
        if !skip("T") {
            guard let sum = elements(days) else { return nil }
            total = sum
            guard skip("T") else { return total }
        }
        guard let sum = elements(times) else { return nil }
        let (all, overflow) = total.addingReportingOverflow(sum)
        return overflow ? nil : all
    }

    /// Reads one or more numbers with their designators, which must come in the order given.
    private mutating func elements(_ designators: [(Unicode.Scalar, Int64)]) -> Int64? {
        var total: Int64 = 0
        var rest = designators[...]
        var next = self
        while let number = next.number() {
            let start = next
            guard let fraction = next.fractionInMicroseconds() else { return nil }
            let hasFraction = next.isFurther(than: start)
            var found: Int64?
            while found == nil, let (designator, unit) = rest.popFirst() {
                if next.skip(designator) { found = unit }
            }
            guard let unit = found, !hasFraction || unit == 1_000_000 else { return nil }
            let (product, overflow) = Int64(number).multipliedReportingOverflow(by: unit)
            let (whole, overflowOfWhole) = total.addingReportingOverflow(product)
            let (sum, overflowOfSum) = whole.addingReportingOverflow(Int64(fraction))
            guard !overflow, !overflowOfWhole, !overflowOfSum else { return nil }
            total = sum
            self = next
        }
        return rest.count < designators.count ? total : nil
    }

    /// Reads a number with a unit, in microseconds.
    fileprivate mutating func shortDuration() -> Int64? {
        guard let value = number() else { return nil }
        let unit: Int64
        if skip("m") {
            unit = skip("s") ? 1000 : 60_000_000
        } else if skip("s") {
            unit = 1_000_000
        } else if skip("h") {
            unit = 3_600_000_000
        } else if skip("d") {
            unit = 86_400_000_000
        } else {
            return nil
        }
        let (product, overflow) = Int64(value).multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }
}
