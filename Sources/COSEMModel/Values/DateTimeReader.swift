// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText
import Timekeeping

/// Reads the texts and objects that ``DateTimeText`` writes.
enum DateTimeReader {
    /// Reads `2026-11-22T08:15:00+01:00`, with or without fraction and offset; nil for anything else.
    ///
    /// Without an offset, deviation and clock status are sent as not specified.
    static func dateTime(_ text: String, invertsDeviation: Bool = false) -> COSEMDateTime? {
        var scanner = TimeScanner(text)
        guard let date = date(&scanner), scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let time = time(&scanner)
        else { return nil }
        if scanner.isAtEnd { return COSEMDateTime(date: date, time: time) }
        guard let offset = scanner.offsetInMinutes(), scanner.isAtEnd else { return nil }
        return COSEMDateTime(
            date: date,
            time: time,
            deviationMinutes: invertsDeviation ? offset : -offset,
            clockStatus: []
        )
    }

    /// Reads `2026-11-22`; nil for anything else, also for a day that does not exist.
    static func date(_ text: String) -> COSEMDate? {
        var scanner = TimeScanner(text)
        guard let date = date(&scanner), scanner.isAtEnd else { return nil }
        return date
    }

    /// Reads `08:15:00` or `08:15:00.25`; nil for anything else.
    static func time(_ text: String) -> COSEMTime? {
        var scanner = TimeScanner(text)
        guard let time = time(&scanner), scanner.isAtEnd else { return nil }
        return time
    }

    private static func date(_ scanner: inout TimeScanner) -> COSEMDate? {
        guard let year = scanner.number(digits: 4), scanner.skip("-"), let month = scanner.number(digits: 2),
            scanner.skip("-"),
            let day = scanner.number(digits: 2)
        else { return nil }
        let date = COSEMDate(year: year, month: month, dayOfMonth: day)
        return date.daysSinceEpoch == nil ? nil : date
    }

    private static func time(_ scanner: inout TimeScanner) -> COSEMTime? {
        guard let hour = scanner.number(digits: 2), scanner.skip(":"), let minute = scanner.number(digits: 2),
            scanner.skip(":"),
            let second = scanner.number(digits: 2), hour < 24, minute < 60, second < 60
        else { return nil }
        var hundredths = 0
        if scanner.skip(".") {
            guard let fraction = scanner.decimals(2), fraction.isExact else { return nil }
            hundredths = fraction.value
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
