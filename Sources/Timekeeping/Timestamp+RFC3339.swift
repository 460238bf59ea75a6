// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension Timestamp {
    /// Reads an RFC 3339 date and time, such as `2026-11-22T08:15:00+01:00`; nil when it is anything else.
    ///
    /// The offset is required. Fractions beyond the microsecond are cut off, and a leap second counts as the first
    /// second of the next minute.
    public init?(rfc3339 text: some StringProtocol) {
        var scanner = TimeScanner(text)
        guard
            let year = scanner.number(digits: 4), scanner.skip("-"),
            let month = scanner.number(digits: 2), scanner.skip("-"),
            let day = scanner.number(digits: 2), let date = CivilDate(year: year, month: month, day: day),
            scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.number(digits: 2), hour < 24, scanner.skip(":"),
            let minute = scanner.number(digits: 2), minute < 60, scanner.skip(":"),
            let second = scanner.number(digits: 2), second <= 60,
            let fraction = scanner.fractionInMicroseconds(),
            let offset = scanner.offsetInMinutes(), scanner.isAtEnd
        else { return nil }
        let minutes = (date.daysSinceEpoch * 24 + hour) * 60 + minute - offset
        self.init(microseconds: Int64(minutes * 60 + second) * 1_000_000 + Int64(fraction))
    }

    /// The moment in RFC 3339 form in UTC, such as `2026-11-22T08:15:03.120Z`.
    ///
    /// There are as many digits of fraction as needed: none, three or six.
    public var rfc3339: String { rfc3339(offsetMinutes: 0) }

    /// The moment in RFC 3339 form in the local time of a zone, to whole minutes of its offset.
    public func rfc3339(in zone: some TimeZoneRules) -> String {
        rfc3339(offsetMinutes: zone.offsetSeconds(atUTC: seconds) / 60)
    }

    /// The moments that RFC 3339 has words for: the years 0000 to 9999.
    private static let expressible: ClosedRange<Int64> = {
        func start(_ year: Int) -> Int64 {
            Int64(CivilDate.daysSinceEpoch(year: year, month: 1, day: 1)) * 86_400 * 1_000_000
        }
        return start(0)...start(10_000) - 1
    }()

    /// The moment in RFC 3339 form at an offset, in minutes east of UTC; UTC itself is written `Z`.
    ///
    /// What lies before the year 0000 or after 9999 is written as the first or last moment of them.
    public func rfc3339(offsetMinutes: Int) -> String {
        let shifted = (self + .seconds(offsetMinutes * 60)).microseconds
        let local = Timestamp(
            microseconds: min(max(shifted, Self.expressible.lowerBound), Self.expressible.upperBound)
        )
        let seconds = Int(local.seconds)
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let date = CivilDate(daysSinceEpoch: days)
        let secondOfDay = seconds - days * 86_400
        let rest = Int(local.microseconds % 1_000_000)
        let fraction = rest < 0 ? rest + 1_000_000 : rest

        var octets: [UInt8] = []
        octets.reserveCapacity(32)
        octets.append(date.year, digits: 4)
        octets.append(UInt8(ascii: "-"))
        octets.append(date.month, digits: 2)
        octets.append(UInt8(ascii: "-"))
        octets.append(date.day, digits: 2)
        octets.append(UInt8(ascii: "T"))
        octets.append(secondOfDay / 3600, digits: 2)
        octets.append(UInt8(ascii: ":"))
        octets.append(secondOfDay / 60 % 60, digits: 2)
        octets.append(UInt8(ascii: ":"))
        octets.append(secondOfDay % 60, digits: 2)
        if fraction != 0 {
            octets.append(UInt8(ascii: "."))
            if fraction % 1000 == 0 {
                octets.append(fraction / 1000, digits: 3)
            } else {
                octets.append(fraction, digits: 6)
            }
        }
        guard offsetMinutes != 0 else {
            octets.append(UInt8(ascii: "Z"))
            return String(decoding: octets, as: UTF8.self)
        }
        octets.append(UInt8(ascii: offsetMinutes < 0 ? "-" : "+"))
        octets.append(abs(offsetMinutes) / 60, digits: 2)
        octets.append(UInt8(ascii: ":"))
        octets.append(abs(offsetMinutes) % 60, digits: 2)
        return String(decoding: octets, as: UTF8.self)
    }
}

extension Timestamp: CustomStringConvertible {
    /// The RFC 3339 form in UTC.
    public var description: String { rfc3339 }
}

/// Takes a text of digits and separators apart from left to right.
struct TimeScanner {
    private let octets: [UInt8]
    private var position = 0

    init(_ text: some StringProtocol) {
        octets = Array(text.utf8)
    }

    var isAtEnd: Bool { position == octets.count }

    /// Whether this scanner of the same text has read more than the other.
    func isFurther(than other: TimeScanner) -> Bool { position > other.position }

    /// Steps over one given character, or stays and gives false.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < octets.count, octets[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Reads exactly this many digits.
    mutating func number(digits: Int) -> Int? {
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
        var value = 0
        var count = 0
        while position < octets.count, let digit = Self.digit(octets[position]) {
            if count < 6 { value = value * 10 + digit }
            count += 1
            position += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// Reads `Z` or `+hh:mm` or `-hh:mm`, in minutes east of UTC.
    mutating func offsetInMinutes() -> Int? {
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

extension [UInt8] {
    /// Appends a number in decimal, filled up with zeros on the left.
    fileprivate mutating func append(_ value: Int, digits: Int) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }
}
