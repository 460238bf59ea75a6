// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Timekeeping

/// Makes instants of the time column, cell by cell.
struct ProfileClock: Sendable {
    private let zone: (any TimeZoneRules)?
    private let behaviour: TimeBehaviour
    /// Seconds from one row to the next; negative if the newest comes first, 0 if that is not known.
    private let step: Int64
    private let rangeStart: ProfileTime?
    private var previous: ProfileTime?
    private var isFirst = true
    private var day = KnownDay()
    private var localDay = KnownLocalDay()

    /// The date decoded last.
    private struct KnownDay {
        var date: COSEMDate?
        var startOfDay: Int64 = 0
    }

    /// What the zone says of the local day looked up last.
    private struct KnownLocalDay {
        var number = Int64.min
        /// The offset in seconds; nil on days around a change of it.
        var offset: Int?
    }

    init(options: ProfileDecodingOptions) {
        zone = options.zone
        behaviour = options.time
        step =
            switch options.sortMethod {
            case .fifo: Int64(options.capturePeriod)
            case .lifo: -Int64(options.capturePeriod)
            case .largest, .smallest, .nearestToZero, .farthestFromZero: 0
            }
        rangeStart = step < 0 ? nil : options.rangeStart
    }

    /// The time of an explicit date-time.
    @inline(__always)
    mutating func time(of dateTime: COSEMDateTime) -> ProfileTime {
        let time = resolved(dateTime)
        previous = time
        isFirst = false
        return time
    }

    /// The time of a UNIX clock.
    ///
    /// - Returns: nil outside of the years that COSEM can write: whatever the meter means by that, it is no time.
    mutating func time(ofUNIX seconds: Int64) -> ProfileTime? {
        guard COSEMDateTime.writableSeconds.contains(seconds) else { return nil }
        let offset = Int16(clamping: (zone?.offsetSeconds(atUTC: seconds) ?? 0) / 60)
        guard let dateTime = COSEMDateTime(secondsSinceEpoch: seconds, deviationMinutes: -Int(offset)) else {
            return nil
        }
        let time = ProfileTime(dateTime: dateTime, utcSeconds: seconds, offsetMinutes: offset, source: .unix)
        previous = time
        isFirst = false
        return time
    }

    /// The time of a row whose time is null: one period on from the row before, or the start of the asked range.
    mutating func timeOfNull() -> ProfileTime? {
        if isFirst {
            isFirst = false
            previous = rangeStart
            return rangeStart
        }
        guard step != 0, let before = previous else { return nil }
        previous = next(after: before)
        return previous
    }

    @inline(__always)
    private mutating func resolved(_ dateTime: COSEMDateTime) -> ProfileTime {
        guard let local = localSeconds(dateTime) else {
            return ProfileTime(dateTime: dateTime, utcSeconds: nil, offsetMinutes: nil, source: .none)
        }
        guard dateTime.rawDeviation != .min, behaviour.deviationUse == .trusted else {
            return resolved(dateTime, local: local)
        }
        let deviation = Int(dateTime.rawDeviation)
        // Observed: meters that write 7FFF or 0FFF for "not specified".
        guard COSEMDateTime.possibleDeviations.contains(deviation) else {
            return resolved(dateTime, local: local, .deviationImpossible)
        }
        let offset = behaviour.deviationSign == .inverted ? deviation : -deviation
        return ProfileTime(
            dateTime: dateTime,
            utcSeconds: local - Int64(offset) * 60,
            offsetMinutes: Int16(clamping: offset),
            source: .meterDeviation,
            marks: offset != 0 && contradicts(offset, local: local) ? .deviationSign : []
        )
    }

    /// Local seconds since 1970; the date of the row before is not computed again.
    @inline(__always)
    private mutating func localSeconds(_ dateTime: COSEMDateTime) -> Int64? {
        guard let second = dateTime.time.secondOfDay else { return nil }
        if day.date != dateTime.date {
            guard let days = dateTime.date.daysSinceEpoch else { return nil }
            day = KnownDay(date: dateTime.date, startOfDay: Int64(days) * 86_400)
        }
        return day.startOfDay + Int64(second)
    }

    /// Whether the zone has the opposite offset on that day.
    @inline(__always)
    private mutating func contradicts(_ offsetMinutes: Int, local: Int64) -> Bool {
        guard let offset = offset(ofLocal: local), offset != 0 else { return false }
        return offset == -offsetMinutes * 60
    }

    /// The instant of a local time whose deviation is not given or does not count.
    private mutating func resolved(
        _ dateTime: COSEMDateTime,
        local: Int64,
        _ known: ProfileTime.Marks = []
    ) -> ProfileTime {
        func time(_ offset: Int, _ source: ProfileTime.Source, _ marks: ProfileTime.Marks = []) -> ProfileTime {
            ProfileTime(
                dateTime: dateTime,
                utcSeconds: local - Int64(offset),
                offsetMinutes: Int16(clamping: offset / 60),
                source: source,
                marks: marks.union(known)
            )
        }
        if behaviour.clockBase == .utc { return time(0, .utcClock) }
        guard let zone else {
            return ProfileTime(dateTime: dateTime, utcSeconds: nil, offsetMinutes: nil, source: .none, marks: known)
        }
        if behaviour.clockBase == .standardTime {
            return time(zone.standardOffsetSeconds(atUTC: local), .standardTime)
        }
        if let offset = offset(ofLocal: local) { return time(offset, .timeZone) }
        switch zone.meaning(ofLocal: local) {
        case .once(let offset): return time(offset, .timeZone)
        case .skipped(let offset): return time(offset, .timeZone, .nonexistent)
        case .twice(let first, let second):
            guard let offset = choice(dateTime, local: local, first: first, second: second) else {
                return time(first, .timeZone, .ambiguous)
            }
            return time(offset, .timeZone)
        }
    }

    /// Which of two offsets is meant: the one that goes on from the row before, else what the clock status says, else
    /// the one that lies in the asked range; nil if nothing tells.
    private func choice(_ dateTime: COSEMDateTime, local: Int64, first: Int, second: Int) -> Int? {
        let instants = (local - Int64(first), local - Int64(second))
        if let before = previous?.utcSeconds {
            if step != 0, before + step == instants.0 { return first }
            if step != 0, before + step == instants.1 { return second }
        }
        if behaviour.daylightBit == .decides, let status = dateTime.clockStatus {
            return status.contains(.daylightSavingActive) ? first : second
        }
        if let before = previous?.utcSeconds {
            if step >= 0, instants.0 < before, instants.1 >= before { return second }
            if step < 0, instants.1 > before, instants.0 <= before { return first }
        }
        if let start = rangeStart?.utcSeconds, instants.0 < start, instants.1 >= start { return second }
        return nil
    }

    private func next(after before: ProfileTime) -> ProfileTime? {
        guard let utc = before.utcSeconds, let offset = before.offsetMinutes else {
            guard let local = before.dateTime.localSecondsSinceEpoch,
                var dateTime = COSEMDateTime(secondsSinceEpoch: local + step, deviationMinutes: 0)
            else { return nil }
            dateTime.rawDeviation = .min
            dateTime.rawClockStatus = before.dateTime.rawClockStatus
            return ProfileTime(dateTime: dateTime, utcSeconds: nil, offsetMinutes: nil, source: .inferred)
        }
        var instant = utc + step
        if step % 86_400 == 0, let zone, behaviour.clockBase == .local {
            // Days are days of the calendar, of 23 to 25 hours.
            instant = zone.utcSeconds(ofLocal: utc + Int64(zone.offsetSeconds(atUTC: utc)) + step)
        }
        var minutes = offset
        if let zone, behaviour.clockBase == .local {
            minutes = Int16(clamping: zone.offsetSeconds(atUTC: instant) / 60)
        }
        guard var dateTime = COSEMDateTime(secondsSinceEpoch: instant, deviationMinutes: -Int(minutes)) else {
            return nil
        }
        dateTime.rawClockStatus = before.dateTime.rawClockStatus
        return ProfileTime(dateTime: dateTime, utcSeconds: instant, offsetMinutes: minutes, source: .inferred)
    }

    /// The zone's offset, asked for once a day; nil without a zone and on the days around a change.
    @inline(__always)
    private mutating func offset(ofLocal local: Int64) -> Int? {
        let number = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        if localDay.number == number { return localDay.offset }
        return offset(ofDay: number)
    }

    private mutating func offset(ofDay number: Int64) -> Int? {
        guard let zone else { return nil }
        let before = zone.offsetSeconds(atUTC: (number - 1) * 86_400)
        let after = zone.offsetSeconds(atUTC: (number + 2) * 86_400)
        localDay = KnownLocalDay(number: number, offset: before == after ? before : nil)
        return localDay.offset
    }
}
