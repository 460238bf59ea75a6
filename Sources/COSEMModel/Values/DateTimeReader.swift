// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Reads the texts and objects that ``DateTimeText`` writes.
enum DateTimeReader {
    /// Reads `2026-11-22T08:15:00+01:00`, with or without fraction and offset; nil for anything else.
    ///
    /// Without an offset, deviation and clock status are sent as not specified.
    static func dateTime(_ text: String, invertsDeviation: Bool = false) -> COSEMDateTime? {
        var scanner = DigitScanner(text)
        guard let date = date(&scanner), scanner.take("T") || scanner.take("t") || scanner.take(" "),
            let time = time(&scanner)
        else { return nil }
        if scanner.isAtEnd { return COSEMDateTime(date: date, time: time) }
        var offset = 0
        if !scanner.take("Z"), !scanner.take("z") {
            let isWest = scanner.take("-")
            guard isWest || scanner.take("+"), let hours = scanner.number(2), scanner.take(":"),
                let minutes = scanner.number(2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (isWest ? -1 : 1)
        }
        guard scanner.isAtEnd else { return nil }
        return COSEMDateTime(
            date: date,
            time: time,
            deviationMinutes: invertsDeviation ? offset : -offset,
            clockStatus: []
        )
    }

    /// Reads `2026-11-22`; nil for anything else, also for a day that does not exist.
    static func date(_ text: String) -> COSEMDate? {
        var scanner = DigitScanner(text)
        guard let date = date(&scanner), scanner.isAtEnd else { return nil }
        return date
    }

    /// Reads `08:15:00` or `08:15:00.25`; nil for anything else.
    static func time(_ text: String) -> COSEMTime? {
        var scanner = DigitScanner(text)
        guard let time = time(&scanner), scanner.isAtEnd else { return nil }
        return time
    }

    private static func date(_ scanner: inout DigitScanner) -> COSEMDate? {
        guard let year = scanner.number(4), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
            let day = scanner.number(2)
        else { return nil }
        let date = COSEMDate(year: year, month: month, dayOfMonth: day)
        return date.daysSinceEpoch == nil ? nil : date
    }

    private static func time(_ scanner: inout DigitScanner) -> COSEMTime? {
        guard let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2), scanner.take(":"),
            let second = scanner.number(2), hour < 24, minute < 60, second < 60
        else { return nil }
        var hundredths = 0
        if scanner.take(".") {
            guard let fraction = scanner.fraction() else { return nil }
            hundredths = fraction
        }
        return COSEMTime(hour: hour, minute: minute, second: second, hundredths: hundredths)
    }

    /// Reads the object of fields of a date-time; its hex, if given, must agree with the fields that are given.
    static func dateTime(fields object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> COSEMDateTime {
        var reader = FieldReader(object: object, pointer: pointer)
        let hex = try reader.hex(count: 12)
        let sent = hex.flatMap { try? COSEMDateTime(octets: $0) }
        let date = try reader.date(sent: sent?.date)
        let time = try reader.time(sent: sent?.time)
        let deviation = try reader.raw("deviationMinutes", Int16.min, shown: sent?.deviationMinutes, sent?.rawDeviation)
        let status = try reader.status(sent: sent)
        try reader.finish()
        var dateTime = COSEMDateTime(date: date, time: time)
        dateTime.rawDeviation = deviation
        dateTime.rawClockStatus = status
        return dateTime
    }

    /// Reads the object of fields of a date.
    static func date(fields object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> COSEMDate {
        var reader = FieldReader(object: object, pointer: pointer)
        let sent = try reader.hex(count: 5).flatMap { try? COSEMDate(octets: $0) }
        let date = try reader.date(sent: sent)
        try reader.finish()
        return date
    }

    /// Reads the object of fields of a time.
    static func time(fields object: JSONObject, at pointer: JSONPointer) throws(ValueError) -> COSEMTime {
        var reader = FieldReader(object: object, pointer: pointer)
        let sent = try reader.hex(count: 4).flatMap { try? COSEMTime(octets: $0) }
        let time = try reader.time(sent: sent)
        try reader.finish()
        return time
    }
}

/// Numbers of a fixed count of digits, one after the other.
private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ digits: Int) -> Int? {
        guard rest.prefix(digits).count == digits else { return nil }
        var value = 0
        for octet in rest.prefix(digits) {
            guard (0x30...0x39).contains(octet) else { return nil }
            value = value * 10 + Int(octet - 0x30)
        }
        rest.removeFirst(digits)
        return value
    }

    /// A fraction of a second in hundredths; nil if it is finer than that.
    mutating func fraction() -> Int? {
        let digits = rest.prefix { (0x30...0x39).contains($0) }.map { Int($0 - 0x30) }
        guard !digits.isEmpty, digits.dropFirst(2).allSatisfy({ $0 == 0 }) else { return nil }
        rest.removeFirst(digits.count)
        return digits[0] * 10 + (digits.count > 1 ? digits[1] : 0)
    }
}
