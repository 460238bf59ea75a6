// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Takes a text of digits and separators apart from left to right.
package struct TimeScanner {
    private let octets: [UInt8]
    private var position = 0

    /// Begins at the first character.
    package init(_ text: some StringProtocol) {
        octets = Array(text.utf8)
    }

    /// Whether nothing is left.
    package var isAtEnd: Bool { position == octets.count }

    /// Whether this scanner of the same text has read more than the other.
    func isFurther(than other: TimeScanner) -> Bool { position > other.position }

    /// Steps over one given character, or stays and gives false.
    package mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < octets.count, octets[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Reads exactly this many digits.
    package mutating func number(digits: Int) -> Int? {
        guard position + digits <= octets.count else { return nil }
        var value = 0
        for octet in octets[position..<position + digits] {
            guard let digit = Self.digit(octet) else { return nil }
            value = value * 10 + digit
        }
        position += digits
        return value
    }

    /// Reads the digits that follow, at least one and at most fifteen.
    mutating func number() -> Int? {
        var count = 0
        while position + count < octets.count, Self.digit(octets[position + count]) != nil { count += 1 }
        guard (1...15).contains(count) else { return nil }
        return number(digits: count)
    }

    /// Reads an optional `.` or `,` with digits; zero without it, nil when no digit follows.
    mutating func fractionInMicroseconds() -> Int? {
        guard skip(".") || skip(",") else { return 0 }
        return decimals(6)?.value
    }

    /// Reads the digits after a decimal point, at least one, as a number of so many; inexact if others than zeros are
    /// left out.
    package mutating func decimals(_ count: Int) -> (value: Int, isExact: Bool)? {
        var (value, read, isExact) = (0, 0, true)
        while position < octets.count, let digit = Self.digit(octets[position]) {
            if read < count { value = value * 10 + digit } else if digit != 0 { isExact = false }
            read += 1
            position += 1
        }
        guard read > 0 else { return nil }
        for _ in min(read, count)..<count { value *= 10 }
        return (value, isExact)
    }

    /// Reads `Z` or `+hh:mm` or `-hh:mm`, in minutes east of UTC.
    package mutating func offsetInMinutes() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let isWest = skip("-")
        guard
            isWest || skip("+"),
            let hours = number(digits: 2), hours < 24, skip(":"),
            let minutes = number(digits: 2), minutes < 60
        else { return nil }
        return isWest ? -(hours * 60 + minutes) : hours * 60 + minutes
    }

    private static func digit(_ octet: UInt8) -> Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) ? Int(octet - UInt8(ascii: "0")) : nil
    }
}
