// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import JSONText

/// COSEM dates and times as text: RFC 3339 where everything is given, an object of fields where something is open.
public enum DateTimeText {
    /// The RFC 3339 text with the offset from UTC, or without one if the deviation is not specified.
    ///
    /// Nil if date, hour, minute or second is open or does not exist. COSEM counts the deviation from local time to UTC,
    /// the opposite of an ISO offset.
    /// - Parameters:
    ///   - dateTime: The date-time.
    ///   - invertsDeviation: The meter sends the ISO sign instead.
    public static func iso(_ dateTime: COSEMDateTime, invertsDeviation: Bool = false) -> String? {
        var octets: [UInt8] = []
        octets.reserveCapacity(28)
        let offset = dateTime.deviationMinutes.map { invertsDeviation ? $0 : -$0 }
        guard append(dateTime, offsetMinutes: offset, to: &octets) else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }

    /// The date as `2026-11-22`; nil if a field is open or the day does not exist.
    public static func iso(_ date: COSEMDate) -> String? {
        var octets: [UInt8] = []
        return append(date, to: &octets) ? String(decoding: octets, as: UTF8.self) : nil
    }

    /// The time as `08:15:00` or `08:15:00.25`; nil if hour, minute or second is open.
    public static func iso(_ time: COSEMTime) -> String? {
        var octets: [UInt8] = []
        return append(time, to: &octets) ? String(decoding: octets, as: UTF8.self) : nil
    }

    /// Appends local time and offset; false, with nothing appended, if something is open.
    static func append(_ dateTime: COSEMDateTime, offsetMinutes: Int?, to octets: inout [UInt8]) -> Bool {
        let start = octets.count
        guard append(dateTime.date, to: &octets) else { return false }
        octets.append(UInt8(ascii: "T"))
        guard append(dateTime.time, to: &octets), abs(offsetMinutes ?? 0) < 24 * 60 else {
            octets.removeLast(octets.count - start)
            return false
        }
        if let offsetMinutes {
            octets.append(offsetMinutes < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            appendTwo(abs(offsetMinutes) / 60, to: &octets)
            octets.append(UInt8(ascii: ":"))
            appendTwo(abs(offsetMinutes) % 60, to: &octets)
        }
        return true
    }

    /// Writes text or, if a field is open, the object of fields.
    public static func write(_ dateTime: COSEMDateTime, invertsDeviation: Bool, into writer: inout JSONWriter) {
        if let text = iso(dateTime, invertsDeviation: invertsDeviation) { return writer.string(text) }
        writeFields(of: dateTime, invertsDeviation: invertsDeviation, into: &writer)
    }

    /// Writes text or, if a field is open, the object of fields.
    public static func write(_ date: COSEMDate, into writer: inout JSONWriter) {
        if let text = iso(date) { return writer.string(text) }
        writeFields(of: date, into: &writer)
    }

    /// Writes text or, if a field is open, the object of fields.
    public static func write(_ time: COSEMTime, into writer: inout JSONWriter) {
        if let text = iso(time) { return writer.string(text) }
        writeFields(of: time, into: &writer)
    }

    static func writeFields(of dateTime: COSEMDateTime, invertsDeviation: Bool, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("iso", iso(dateTime, invertsDeviation: invertsDeviation))
        writeMembers(of: dateTime.date, into: &writer)
        writeMembers(of: dateTime.time, into: &writer)
        writer.member("deviationMinutes", dateTime.deviationMinutes)
        if let status = dateTime.clockStatus {
            writer.member("status", status.names)
        } else {
            writer.name("status")
            writer.null()
        }
        writer.member("hex", Hexadecimal.text(of: dateTime.octets))
        writer.endObject()
    }

    static func writeFields(of date: COSEMDate, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("iso", iso(date))
        writeMembers(of: date, into: &writer)
        writer.member("hex", Hexadecimal.text(of: date.octets))
        writer.endObject()
    }

    static func writeFields(of time: COSEMTime, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("iso", iso(time))
        writeMembers(of: time, into: &writer)
        writer.member("hex", Hexadecimal.text(of: time.octets))
        writer.endObject()
    }

    private static func writeMembers(of date: COSEMDate, into writer: inout JSONWriter) {
        writer.member("year", date.year)
        if date.isDaylightSavingBegin {
            writer.member("month", "dst-begin")
        } else if date.isDaylightSavingEnd {
            writer.member("month", "dst-end")
        } else {
            writer.member("month", date.month)
        }
        if date.isLastDayOfMonth {
            writer.member("dayOfMonth", "last")
        } else if date.isSecondLastDayOfMonth {
            writer.member("dayOfMonth", "second-last")
        } else {
            writer.member("dayOfMonth", date.dayOfMonth)
        }
        writer.member("dayOfWeek", date.dayOfWeek)
    }

    private static func writeMembers(of time: COSEMTime, into writer: inout JSONWriter) {
        writer.member("hour", time.hour)
        writer.member("minute", time.minute)
        writer.member("second", time.second)
        writer.member("hundredths", time.hundredths)
    }

    private static func append(_ date: COSEMDate, to octets: inout [UInt8]) -> Bool {
        guard date.daysSinceEpoch != nil, let year = date.year, year <= 9999, let month = date.month,
            let day = date.dayOfMonth
        else { return false }
        appendTwo(year / 100, to: &octets)
        appendTwo(year % 100, to: &octets)
        octets.append(UInt8(ascii: "-"))
        appendTwo(month, to: &octets)
        octets.append(UInt8(ascii: "-"))
        appendTwo(day, to: &octets)
        return true
    }

    private static func append(_ time: COSEMTime, to octets: inout [UInt8]) -> Bool {
        guard let hour = time.hour, let minute = time.minute, let second = time.second else { return false }
        appendTwo(hour, to: &octets)
        octets.append(UInt8(ascii: ":"))
        appendTwo(minute, to: &octets)
        octets.append(UInt8(ascii: ":"))
        appendTwo(second, to: &octets)
        if let hundredths = time.hundredths, hundredths > 0 {
            octets.append(UInt8(ascii: "."))
            appendTwo(hundredths, to: &octets)
        }
        return true
    }

    private static func appendTwo(_ value: Int, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10))
        octets.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
    }
}

extension ClockStatus {
    private static let bitNames = [
        "invalid", "doubtful", "different-base", "invalid-status", "bit-4", "bit-5", "bit-6", "dst-active",
    ]

    /// The names of the bits that are set, lowest bit first.
    public var names: [String] {
        Self.bitNames.enumerated().compactMap { rawValue & (1 << UInt8($0.offset)) != 0 ? $0.element : nil }
    }

    /// The status with these bits set; nil if a name is unknown.
    public init?(names: [String]) {
        var bits: UInt8 = 0
        for name in names {
            guard let bit = Self.bitNames.firstIndex(of: name) else { return nil }
            bits |= 1 << UInt8(bit)
        }
        self.init(rawValue: bits)
    }
}
