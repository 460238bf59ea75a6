// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    /// Writes the fields of a date-time as sent; those not specified are null.
    mutating func write(_ value: COSEMDateTime) {
        object { tree in
            tree.specified("year", value.date.rawYear, unless: 0xFFFF)
            tree.specified("month", value.date.rawMonth, unless: 0xFF)
            tree.specified("day", value.date.rawDayOfMonth, unless: 0xFF)
            tree.specified("weekday", value.date.rawDayOfWeek, unless: 0xFF)
            tree.specified("hour", value.time.rawHour, unless: 0xFF)
            tree.specified("minute", value.time.rawMinute, unless: 0xFF)
            tree.specified("second", value.time.rawSecond, unless: 0xFF)
            tree.specified("hundredths", value.time.rawHundredths, unless: 0xFF)
            tree.specified("deviation_minutes", value.rawDeviation, unless: .min)
            if value.rawClockStatus == 0xFF {
                tree.json.name("clock_status")
                tree.json.null()
            } else {
                tree.octets("clock_status", [value.rawClockStatus])
            }
        }
    }

    private mutating func specified<Number: FixedWidthInteger>(
        _ name: StaticString,
        _ value: Number,
        unless unspecified: Number
    ) {
        json.name(name)
        if value == unspecified { json.null() } else { json.integer(value) }
    }
}
