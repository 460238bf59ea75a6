// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Writes the text of a usual row in place: a complete time, numbers, nothing doubtful.
///
/// Every function writes to memory that its caller has made large enough, and returns the end of what it wrote.
struct RowText: Sendable {
    typealias Place = UnsafeMutablePointer<UInt8>

    /// Room for everything in a row but its values, in octets.
    static let room = 192

    /// The date written last, with the T behind it.
    private var date: COSEMDate?
    private var dateText: InlineArray<11, UInt8> = .init(repeating: 0)
    /// The offset written last.
    private var offset: Int16?
    private var offsetText: InlineArray<6, UInt8> = .init(repeating: 0)

    private static let pairs: StaticString =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
    private static let hexadecimal: StaticString = "0123456789ABCDEF"

    /// Whether a time can be written here: complete, to the second, with an offset of less than a day.
    @inline(__always)
    mutating func accepts(_ time: ProfileTime) -> Bool {
        let clock = time.dateTime.time
        guard clock.rawHour < 24, clock.rawMinute < 60, clock.rawSecond < 60,
            clock.rawHundredths == 0 || clock.rawHundredths >= 100
        else { return false }
        return prepare(time.dateTime.date) && prepare(time.offsetMinutes)
    }

    /// Writes the time that was accepted, without quotes.
    @inline(__always)
    func write(_ time: ProfileTime, at place: Place) -> Place {
        for index in dateText.indices { place[index] = dateText[index] }
        Self.write(pair: time.dateTime.time.rawHour, at: place + 11)
        place[13] = UInt8(ascii: ":")
        Self.write(pair: time.dateTime.time.rawMinute, at: place + 14)
        place[16] = UInt8(ascii: ":")
        Self.write(pair: time.dateTime.time.rawSecond, at: place + 17)
        guard offset != nil else { return place + 19 }
        for index in offsetText.indices { place[19 + index] = offsetText[index] }
        return place + 25
    }

    /// Writes the twelve octets of a date-time as hexadecimal digits.
    @inline(__always)
    static func write(octetsOf dateTime: COSEMDateTime, at place: Place) -> Place {
        let year = dateTime.date.rawYear
        let deviation = UInt16(bitPattern: dateTime.rawDeviation)
        write(hex: UInt8(truncatingIfNeeded: year >> 8), at: place)
        write(hex: UInt8(truncatingIfNeeded: year), at: place + 2)
        write(hex: dateTime.date.rawMonth, at: place + 4)
        write(hex: dateTime.date.rawDayOfMonth, at: place + 6)
        write(hex: dateTime.date.rawDayOfWeek, at: place + 8)
        write(hex: dateTime.time.rawHour, at: place + 10)
        write(hex: dateTime.time.rawMinute, at: place + 12)
        write(hex: dateTime.time.rawSecond, at: place + 14)
        write(hex: dateTime.time.rawHundredths, at: place + 16)
        write(hex: UInt8(truncatingIfNeeded: deviation >> 8), at: place + 18)
        write(hex: UInt8(truncatingIfNeeded: deviation), at: place + 20)
        write(hex: dateTime.rawClockStatus, at: place + 22)
        return place + 24
    }

    /// Writes fixed text.
    @inline(__always)
    static func write(_ text: StaticString, at place: Place) -> Place {
        place.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        return place + text.utf8CodeUnitCount
    }

    /// Room for a number with a scaler, in octets.
    static func room(scaler: Int) -> Int { 24 + abs(scaler) }

    /// Writes an integer times a power of ten, as ``DecimalText`` does.
    @inline(__always)
    static func write(_ value: Int64, scaler: Int, at place: Place) -> Place {
        var end = place
        if value < 0 {
            end[0] = UInt8(ascii: "-")
            end += 1
        }
        let magnitude = value.magnitude
        if scaler == 0 || magnitude == 0 && scaler > 0 { return write(digits: magnitude, at: end) }
        if scaler > 0 {
            end = write(digits: magnitude, at: end)
            for _ in 0..<scaler {
                end[0] = UInt8(ascii: "0")
                end += 1
            }
            return end
        }
        let count = countDigits(magnitude)
        guard count > -scaler else {
            end = write("0.", at: end)
            for _ in 0..<(-scaler - count) {
                end[0] = UInt8(ascii: "0")
                end += 1
            }
            return write(digits: magnitude, at: end)
        }
        // The digits behind the point move on by one.
        let last = write(digits: magnitude, at: end)
        var index = last
        for _ in 0..<(-scaler) {
            index[0] = index[-1]
            index -= 1
        }
        index[0] = UInt8(ascii: ".")
        return last + 1
    }

    @inline(__always)
    private static func write(digits value: UInt64, at place: Place) -> Place {
        let count = countDigits(value)
        var rest = value
        var position = place + count
        while rest >= 100 {
            let quotient = rest / 100
            position -= 2
            write(pair: UInt8(truncatingIfNeeded: rest - quotient * 100), at: position)
            rest = quotient
        }
        if rest >= 10 {
            write(pair: UInt8(truncatingIfNeeded: rest), at: place)
        } else {
            place[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest)
        }
        return place + count
    }

    @inline(__always)
    private static func countDigits(_ value: UInt64) -> Int {
        var count = 1
        var bound: UInt64 = 10
        while value >= bound {
            count += 1
            let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
            if overflow { break }
            bound = next
        }
        return count
    }

    @inline(__always)
    private static func write(pair value: UInt8, at place: Place) {
        let digits = pairs.utf8Start + 2 * Int(value)
        place[0] = digits[0]
        place[1] = digits[1]
    }

    @inline(__always)
    private static func write(hex octet: UInt8, at place: Place) {
        place[0] = hexadecimal.utf8Start[Int(octet >> 4)]
        place[1] = hexadecimal.utf8Start[Int(octet & 15)]
    }

    @inline(__always)
    private mutating func prepare(_ date: COSEMDate) -> Bool {
        if self.date == date { return true }
        return makeText(of: date)
    }

    private mutating func makeText(of date: COSEMDate) -> Bool {
        guard let text = DateTimeText.iso(date), text.utf8.count == 10 else { return false }
        for (index, octet) in text.utf8.enumerated() { dateText[index] = octet }
        dateText[10] = UInt8(ascii: "T")
        self.date = date
        return true
    }

    @inline(__always)
    private mutating func prepare(_ offset: Int16?) -> Bool {
        if self.offset == offset { return true }
        guard let offset else {
            self.offset = nil
            return true
        }
        guard abs(Int(offset)) < 24 * 60 else { return false }
        let minutes = Int(offset.magnitude)
        offsetText[0] = offset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
        for (index, digit) in [minutes / 600, minutes / 60 % 10].enumerated() {
            offsetText[1 + index] = UInt8(ascii: "0") + UInt8(digit)
        }
        offsetText[3] = UInt8(ascii: ":")
        for (index, digit) in [minutes % 60 / 10, minutes % 10].enumerated() {
            offsetText[4 + index] = UInt8(ascii: "0") + UInt8(digit)
        }
        self.offset = offset
        return true
    }
}
