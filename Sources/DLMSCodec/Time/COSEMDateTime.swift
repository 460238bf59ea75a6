// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// A date and time with wildcards, twelve octets (Blue Book, date-time).
///
/// | octets | field |
/// |---|---|
/// | 5 | date, local |
/// | 4 | time, local |
/// | 2 | deviation in minutes, signed: UTC = local + deviation; 8000 = not specified |
/// | 1 | clock status, FF = not specified |
public struct COSEMDateTime: Hashable, Sendable {
    /// The local date.
    public var date: COSEMDate
    /// The local time.
    public var time: COSEMTime
    /// The deviation as sent.
    public var rawDeviation: Int16
    /// The clock status as sent.
    public var rawClockStatus: UInt8

    /// Makes a date-time of its parts; a nil deviation or status is sent as not specified.
    public init(date: COSEMDate, time: COSEMTime, deviationMinutes: Int? = nil, clockStatus: ClockStatus? = nil) {
        self.date = date
        self.time = time
        rawDeviation = deviationMinutes.flatMap { Int16(exactly: $0) } ?? .min
        rawClockStatus = clockStatus?.rawValue ?? 0xFF
    }

    /// Makes a date-time of its fields; nil stands for not specified.
    public init(
        year: Int?,
        month: Int?,
        dayOfMonth: Int?,
        dayOfWeek: Int? = nil,
        hour: Int?,
        minute: Int?,
        second: Int?,
        hundredths: Int? = 0,
        deviationMinutes: Int? = nil,
        clockStatus: ClockStatus? = nil
    ) {
        self.init(
            date: COSEMDate(year: year, month: month, dayOfMonth: dayOfMonth, dayOfWeek: dayOfWeek),
            time: COSEMTime(hour: hour, minute: minute, second: second, hundredths: hundredths),
            deviationMinutes: deviationMinutes,
            clockStatus: clockStatus
        )
    }

    /// Instants that may be written as a date-time, in seconds since 1970-01-01T00:00:00Z; a little more than its years.
    ///
    /// Numbers outside of it must not be calculated with as times: the sums might not fit.
    public static let writableSeconds: ClosedRange<Int64> = -100_000_000_000...3_000_000_000_000

    /// Deviations that some place on earth has, in minutes, with either sign: the Blue Book's -840 to 720, and meters that
    /// count the other way round.
    public static let possibleDeviations = -840...840

    /// Makes the local date-time of an instant; nil outside of the years 0 to 65 534.
    ///
    /// - Parameters:
    ///   - seconds: seconds since 1970-01-01T00:00:00Z.
    ///   - deviationMinutes: minutes to add to local time to get UTC; -60 for UTC+1.
    ///   - hundredths: hundredths of a second; nil = not specified.
    ///   - clockStatus: the clock status; nil = not specified.
    public init?(
        secondsSinceEpoch seconds: Int64,
        deviationMinutes: Int,
        hundredths: Int? = 0,
        clockStatus: ClockStatus? = []
    ) {
        guard Self.writableSeconds.contains(seconds), (-32_767...32_767).contains(deviationMinutes)
        else { return nil }
        let local = Int(seconds) - deviationMinutes * 60
        let secondOfDay = ((local % 86_400) + 86_400) % 86_400
        let day = CivilDate(daysSinceEpoch: (local - secondOfDay) / 86_400)
        guard (0..<0xFFFF).contains(day.year) else { return nil }
        self.init(
            year: day.year,
            month: day.month,
            dayOfMonth: day.day,
            hour: secondOfDay / 3600,
            minute: secondOfDay / 60 % 60,
            second: secondOfDay % 60,
            hundredths: hundredths,
            deviationMinutes: deviationMinutes,
            clockStatus: clockStatus
        )
    }

    /// Minutes to add to local time to get UTC; nil when not specified.
    public var deviationMinutes: Int? { rawDeviation == .min ? nil : Int(rawDeviation) }

    /// The clock status; nil when not specified.
    public var clockStatus: ClockStatus? {
        rawClockStatus == 0xFF ? nil : ClockStatus(rawValue: rawClockStatus)
    }

    /// Local seconds since 1970-01-01T00:00:00, a second not specified counting as 0; nil unless date, hour and minute
    /// are given.
    public var localSecondsSinceEpoch: Int64? {
        guard let days = date.daysSinceEpoch, let second = time.secondOfDay else { return nil }
        return Int64(days) * 86_400 + Int64(second)
    }

    /// Seconds since 1970-01-01T00:00:00Z; nil unless local time and a possible deviation are given.
    public var secondsSinceEpoch: Int64? {
        guard let local = localSecondsSinceEpoch, let deviationMinutes,
            Self.possibleDeviations.contains(deviationMinutes)
        else { return nil }
        return local + Int64(deviationMinutes) * 60
    }
}

extension COSEMDateTime: OctetCodable {
    /// Reads the twelve octets.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        date = try COSEMDate(decoding: &reader)
        time = try COSEMTime(decoding: &reader)
        rawDeviation = try reader.readInt16("deviation")
        rawClockStatus = try reader.readUInt8("clock status")
    }

    /// Writes the twelve octets.
    public func encode(into writer: inout OctetWriter) {
        date.encode(into: &writer)
        time.encode(into: &writer)
        writer.write(rawDeviation)
        writer.write(rawClockStatus)
    }
}
