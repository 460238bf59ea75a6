// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Makes instants of the time column, cell by cell.
struct ProfileClock: Sendable {
    private let zone: (any TimeZoneRules)?
    private let invertsDeviation: Bool
    /// Seconds from one row to the next; negative if the newest comes first, 0 if there is no fixed period.
    private let step: Int64
    private let rangeStart: ProfileTime?
    private var previous: ProfileTime?
    private var isFirst = true
    private var cached = CachedOffset(localDay: .min, offset: 0)

    /// The zone's offset on a local day that has only one.
    private struct CachedOffset {
        var localDay: Int64
        var offset: Int64
    }

    init(options: ProfileDecodingOptions) {
        zone = options.zone
        invertsDeviation = options.invertsDeviation
        step = Int64(options.capturePeriod) * (options.sortMethod == .lifo ? -1 : 1)
        rangeStart = options.sortMethod == .lifo ? nil : options.rangeStart
    }

    /// The time of an explicit date-time.
    mutating func time(of dateTime: COSEMDateTime) -> ProfileTime {
        var utcSeconds: Int64?
        var offsetMinutes: Int16?
        if let local = dateTime.localSecondsSinceEpoch {
            if let deviation = dateTime.deviationMinutes {
                let offset = invertsDeviation ? deviation : -deviation
                offsetMinutes = Int16(clamping: offset)
                utcSeconds = local - Int64(offset) * 60
            } else if zone != nil {
                let utc = utc(ofLocal: local, status: dateTime.clockStatus)
                utcSeconds = utc
                offsetMinutes = Int16(clamping: (local - utc) / 60)
            }
        }
        let time = ProfileTime(dateTime: dateTime, utcSeconds: utcSeconds, offsetMinutes: offsetMinutes)
        previous = time
        isFirst = false
        return time
    }

    /// The time of a UNIX clock.
    mutating func time(ofUNIX seconds: Int64) -> ProfileTime? {
        let offset = Int16(clamping: (zone?.offsetSeconds(atUTC: seconds) ?? 0) / 60)
        guard let dateTime = COSEMDateTime(secondsSinceEpoch: seconds, deviationMinutes: -Int(offset)) else {
            return nil
        }
        let time = ProfileTime(dateTime: dateTime, utcSeconds: seconds, offsetMinutes: offset)
        previous = time
        isFirst = false
        return time
    }

    /// The time of a row whose time is null: one period on from the row before, or the start of the asked range.
    mutating func timeOfNull() -> (time: ProfileTime?, isRangeStart: Bool) {
        if isFirst {
            isFirst = false
            previous = rangeStart
            return (rangeStart, rangeStart != nil)
        }
        guard step != 0, let before = previous else { return (nil, false) }
        previous = next(after: before)
        return (previous, false)
    }

    private func next(after before: ProfileTime) -> ProfileTime? {
        if let utc = before.utcSeconds, let offset = before.offsetMinutes {
            let instant = utc + step
            let minutes = zone.map { Int16(clamping: $0.offsetSeconds(atUTC: instant) / 60) } ?? offset
            guard var dateTime = COSEMDateTime(secondsSinceEpoch: instant, deviationMinutes: -Int(minutes)) else {
                return nil
            }
            dateTime.rawClockStatus = before.dateTime.rawClockStatus
            return ProfileTime(dateTime: dateTime, utcSeconds: instant, offsetMinutes: minutes)
        }
        guard let local = before.dateTime.localSecondsSinceEpoch,
            var dateTime = COSEMDateTime(secondsSinceEpoch: local + step, deviationMinutes: 0)
        else { return nil }
        dateTime.rawDeviation = .min
        dateTime.rawClockStatus = before.dateTime.rawClockStatus
        return ProfileTime(dateTime: dateTime, utcSeconds: nil, offsetMinutes: nil)
    }

    /// Asks the zone once a day, except on the days around a change of the offset.
    private mutating func utc(ofLocal local: Int64, status: ClockStatus?) -> Int64 {
        guard let zone else { return local }
        let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        if cached.localDay == day { return local - cached.offset }
        let before = zone.offsetSeconds(atUTC: (day - 1) * 86_400)
        let after = zone.offsetSeconds(atUTC: (day + 2) * 86_400)
        guard before == after else {
            return zone.utcSeconds(ofLocal: local, isDaylightSaving: status?.contains(.daylightSavingActive))
        }
        cached = CachedOffset(localDay: day, offset: Int64(before))
        return local - cached.offset
    }
}
