// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
public import Timekeeping

/// Whether a meter's own settings of zone and daylight saving agree with its configured zone.
public struct ClockZone: Hashable, Sendable {
    /// In what they differ.
    public enum Difference: String, CaseIterable, Hashable, Sendable {
        /// The meter has the offset with the other sign.
        case offsetSign = "offset-sign"
        /// The standard offsets differ.
        case standardOffset = "standard-offset"
        /// The zone has daylight saving and the meter does not follow it.
        case daylightSavingOff = "daylight-saving-off"
        /// The meter has daylight saving and its times should have none.
        case daylightSavingOn = "daylight-saving-on"
        /// Daylight saving begins at another time.
        case daylightSavingBegin = "daylight-saving-begin"
        /// Daylight saving ends at another time.
        case daylightSavingEnd = "daylight-saving-end"
        /// The hour of daylight saving has another length.
        case daylightSavingLength = "daylight-saving-length"
    }

    /// What the meter has (Blue Book, class 8, attributes 3 and 5 to 8); nil for what it does not tell.
    struct Settings: Hashable {
        var timeZoneMinutes: Int?
        var begin: COSEMDateTime?
        var end: COSEMDateTime?
        var lengthMinutes: Int?
        var isEnabled: Bool?

        init(
            timeZoneMinutes: Int? = nil,
            begin: COSEMDateTime? = nil,
            end: COSEMDateTime? = nil,
            lengthMinutes: Int? = nil,
            isEnabled: Bool? = nil
        ) {
            self.timeZoneMinutes = timeZoneMinutes
            self.begin = begin
            self.end = end
            self.lengthMinutes = lengthMinutes
            self.isEnabled = isEnabled
        }

        /// Takes attributes by their indexes; numbers that the attributes cannot have, whatever their type, tell nothing.
        init(_ attributes: [Int8: DLMSData]) {
            self.init(
                timeZoneMinutes: attributes[3]?.integerValue.flatMap { Int16(exactly: $0) }.map { Int($0) },
                begin: attributes[5]?.clockTime,
                end: attributes[6]?.clockTime,
                lengthMinutes: attributes[7]?.integerValue.flatMap { Int8(exactly: $0) }.map { Int($0) },
                isEnabled: attributes[8]?.truth
            )
        }
    }

    /// The offset of standard time that the meter's times should have, in minutes ahead of UTC.
    public let standardOffsetMinutes: Int
    /// The first instant from now on at which the configured zone changes its offset; nil when it does not in a year.
    public let nextChange: Timestamp?
    /// In what they differ, as far as the meter tells its settings.
    public let differences: [Difference]
    /// Whether the meter told anything to compare.
    public let isCompared: Bool

    init(_ settings: Settings, zone: ZoneInfo, behaviour: TimeBehaviour, now: Timestamp) {
        let standard = behaviour.clockBase == .utc ? 0 : zone.standardOffsetSeconds(atUTC: now.seconds)
        let changes = Changes(zone, around: now.seconds)
        standardOffsetMinutes = standard / 60
        nextChange = changes.next.map { Timestamp(seconds: $0) }
        isCompared = settings.timeZoneMinutes != nil || settings.isEnabled != nil
        var found: [Difference] = []
        if let minutes = settings.timeZoneMinutes {
            let offset = (behaviour.deviationSign == .inverted ? minutes : -minutes) * 60
            if offset != standard { found.append(offset == -standard ? .offsetSign : .standardOffset) }
        }
        let isExpected = behaviour.clockBase == .local && changes.begin != nil && changes.end != nil
        switch (settings.isEnabled, isExpected) {
        case (false, true): found.append(.daylightSavingOff)
        case (true, false): found.append(.daylightSavingOn)
        case (true, true):
            let year = changes.year
            if let begin = settings.begin?.localMoment(in: year), begin != changes.begin {
                found.append(.daylightSavingBegin)
            }
            if let end = settings.end?.localMoment(in: year), end != changes.end { found.append(.daylightSavingEnd) }
            if let length = settings.lengthMinutes, length.magnitude * 60 != changes.length {
                found.append(.daylightSavingLength)
            }
        default: break
        }
        differences = found
    }

    /// The changes of a zone in one civil year, by the wall clock right before each of them.
    private struct Changes {
        var year: Int
        var begin: Int64?
        var end: Int64?
        var length: UInt = 0
        /// The next one from now on.
        var next: Int64?

        init(_ zone: ZoneInfo, around now: Int64) {
            let day: Int64 = 86_400
            year = CivilDate(daysSinceEpoch: Int((now + Int64(zone.offsetSeconds(atUTC: now))) / day)).year
            let first = Int64(CivilDate.daysSinceEpoch(year: year, month: 1, day: 1)) * day
            for month in 0..<24 {
                let start = first + Int64(month) * 30 * day
                guard let change = zone.nextChange(after: start, within: 30 * day) else { continue }
                if next == nil, change >= now { next = change }
                guard change < first + 366 * day else { continue }
                let before = Int64(zone.offsetSeconds(atUTC: change - 1))
                let after = Int64(zone.offsetSeconds(atUTC: change))
                length = UInt((after - before).magnitude)
                if after > before { begin = begin ?? change + before } else { end = end ?? change + before }
            }
        }
    }
}

extension COSEMDateTime {
    /// The local second of a year that a date-time with wildcards means; nil when it leaves more open than the year.
    fileprivate func localMoment(in year: Int) -> Int64? {
        guard date.year == nil || date.year == year, let month = date.month, let second = time.secondOfDay else {
            return nil
        }
        let length = CivilDate.daysInMonth(month, of: year)
        let isFromEnd = date.isLastDayOfMonth || date.isSecondLastDayOfMonth
        var day: Int
        switch (date.dayOfMonth, date.dayOfWeek) {
        case (let exact?, nil): day = exact
        case (nil, nil) where isFromEnd: day = length - (date.isLastDayOfMonth ? 0 : 1)
        case (nil, let weekday?) where isFromEnd:
            // The last, or last but one, such day of the week.
            let last = CivilDate.dayOfWeek(
                daysSinceEpoch: CivilDate.daysSinceEpoch(year: year, month: month, day: length)
            )
            day = length - (last - weekday + 7) % 7 - (date.isLastDayOfMonth ? 0 : 7)
        case (let from?, let weekday?):
            // The first such day of the week from a day on; of a whole date the day of the week says nothing more.
            let start = CivilDate.dayOfWeek(
                daysSinceEpoch: CivilDate.daysSinceEpoch(year: year, month: month, day: from)
            )
            day = date.year == nil ? from + (weekday - start + 7) % 7 : from
        default: return nil
        }
        guard day >= 1, day <= length else { return nil }
        return Int64(CivilDate.daysSinceEpoch(year: year, month: month, day: day)) * 86_400 + Int64(second)
    }
}
