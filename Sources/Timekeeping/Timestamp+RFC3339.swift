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
