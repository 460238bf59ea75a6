// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// A date with wildcards, five octets (Blue Book, date).
///
/// | octets | field |
/// |---|---|
/// | 2 | year, FFFF = any |
/// | 1 | month 1-12, FF = any, FE = daylight saving begins, FD = it ends |
/// | 1 | day of month 1-31, FF = any, FE = last, FD = second last |
/// | 1 | day of week 1 (Monday) to 7, FF = any |
///
/// The octets are kept as they came; inconsistent ones are not refused, since meters send them.
public struct COSEMDate: Hashable, Sendable {
    /// The year as sent.
    public var rawYear: UInt16
    /// The month as sent.
    public var rawMonth: UInt8
    /// The day of month as sent.
    public var rawDayOfMonth: UInt8
    /// The day of week as sent.
    public var rawDayOfWeek: UInt8

    /// Makes a date of its octets.
    public init(rawYear: UInt16, rawMonth: UInt8, rawDayOfMonth: UInt8, rawDayOfWeek: UInt8) {
        self.rawYear = rawYear
        self.rawMonth = rawMonth
        self.rawDayOfMonth = rawDayOfMonth
        self.rawDayOfWeek = rawDayOfWeek
    }

    /// Makes a date; nil stands for any.
    ///
    /// The day of week is computed when it is not given and the date is complete.
    public init(year: Int?, month: Int?, dayOfMonth: Int?, dayOfWeek: Int? = nil) {
        rawYear = year.flatMap { UInt16(exactly: $0) } ?? 0xFFFF
        rawMonth = month.flatMap { UInt8(exactly: $0) } ?? 0xFF
        rawDayOfMonth = dayOfMonth.flatMap { UInt8(exactly: $0) } ?? 0xFF
        rawDayOfWeek = dayOfWeek.flatMap { UInt8(exactly: $0) } ?? 0xFF
        if dayOfWeek == nil, let days = daysSinceEpoch {
            rawDayOfWeek = UInt8(CivilDate.dayOfWeek(daysSinceEpoch: days))
        }
    }

    /// Every field any.
    public static let unspecified = Self(rawYear: 0xFFFF, rawMonth: 0xFF, rawDayOfMonth: 0xFF, rawDayOfWeek: 0xFF)

    /// The year; nil for any.
    public var year: Int? { rawYear == 0xFFFF ? nil : Int(rawYear) }

    /// The month 1-12; nil for any and for the daylight saving marks.
    public var month: Int? { (1...12).contains(rawMonth) ? Int(rawMonth) : nil }

    /// The day of month 1-31; nil for any and for days counted from the end.
    public var dayOfMonth: Int? { (1...31).contains(rawDayOfMonth) ? Int(rawDayOfMonth) : nil }

    /// The day of week, 1 = Monday to 7 = Sunday; nil for any.
    public var dayOfWeek: Int? { (1...7).contains(rawDayOfWeek) ? Int(rawDayOfWeek) : nil }

    /// Whether the month stands for the month in which daylight saving begins.
    public var isDaylightSavingBegin: Bool { rawMonth == 0xFE }

    /// Whether the month stands for the month in which daylight saving ends.
    public var isDaylightSavingEnd: Bool { rawMonth == 0xFD }

    /// Whether the day is the last of its month.
    public var isLastDayOfMonth: Bool { rawDayOfMonth == 0xFE }

    /// Whether the day is the second last of its month.
    public var isSecondLastDayOfMonth: Bool { rawDayOfMonth == 0xFD }

    /// Days since 1970-01-01; nil unless year, month and day are given and exist.
    public var daysSinceEpoch: Int? {
        guard let year, let month, let dayOfMonth,
            dayOfMonth <= CivilDate.daysInMonth(month, of: year)
        else { return nil }
        return CivilDate.daysSinceEpoch(year: year, month: month, day: dayOfMonth)
    }
}

extension COSEMDate: OctetCodable {
    /// Reads the five octets.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        rawYear = try reader.readUInt16("year")
        rawMonth = try reader.readUInt8("month")
        rawDayOfMonth = try reader.readUInt8("day of month")
        rawDayOfWeek = try reader.readUInt8("day of week")
    }

    /// Writes the five octets.
    public func encode(into writer: inout OctetWriter) {
        writer.write(rawYear)
        writer.write(rawMonth)
        writer.write(rawDayOfMonth)
        writer.write(rawDayOfWeek)
    }
}
