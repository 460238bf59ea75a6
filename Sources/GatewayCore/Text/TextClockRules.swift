// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Timekeeping

/// What the times of a text meter mean: its zone, and how it tells daylight saving.
struct TextClockRules: Sendable {
    let zone: any TimeZoneRules
    let behaviour: TimeBehaviour

    /// A time of the text protocol as COSEM writes it; nil when it has no date or no time.
    ///
    /// The season becomes deviation and clock status, so that the hour that comes twice is told apart; without season
    /// both stay open, and the rules of the zone decide.
    func dateTime(_ moment: TextTime) -> COSEMDateTime? {
        guard moment.date.daysSinceEpoch != nil, moment.time.secondOfDay != nil else { return nil }
        var dateTime = COSEMDateTime(date: moment.date, time: moment.time)
        guard let season = moment.season, let local = dateTime.localSecondsSinceEpoch else { return dateTime }
        let offset: Int
        switch season {
        case .utc: offset = 0
        case .standard: offset = zone.standardOffsetSeconds(atUTC: local)
        case .daylightSaving: offset = daylightOffset(local)
        }
        dateTime.rawDeviation = Int16(clamping: -offset / 60)
        dateTime.rawClockStatus = season == .daylightSaving ? ClockStatus.daylightSavingActive.rawValue : 0
        return dateTime
    }

    /// The instant of a time; nil when nothing tells it.
    func instant(_ moment: TextTime) -> Timestamp? {
        guard let dateTime = dateTime(moment) else { return nil }
        if moment.season != nil { return dateTime.secondsSinceEpoch.map { Timestamp(seconds: $0) } }
        return ProfileTime(dateTime, zone: zone, behaviour: behaviour).utcSeconds.map { Timestamp(seconds: $0) }
    }

    /// An instant in the local time of the meter, with its season.
    func moment(at seconds: Int64, in wanted: TextTime.Season? = nil) -> TextTime? {
        let standard = zone.standardOffsetSeconds(atUTC: seconds)
        var offset: Int
        switch (wanted, behaviour.clockBase) {
        case (.utc, _), (nil, .utc): offset = 0
        case (_, .standardTime): offset = standard
        default: offset = zone.offsetSeconds(atUTC: seconds)
        }
        if wanted == .standard, offset != standard { offset = standard }
        guard let local = COSEMDateTime(secondsSinceEpoch: seconds, deviationMinutes: -offset / 60) else { return nil }
        let season: TextTime.Season = wanted == .utc ? .utc : offset == standard ? .standard : .daylightSaving
        var date = local.date
        date.rawDayOfWeek = 0xFF
        return TextTime(date: date, time: local.time, season: season)
    }

    /// The offset of daylight saving time around a local time: the larger one of the half year, or an hour on from standard.
    private func daylightOffset(_ local: Int64) -> Int {
        let standard = zone.standardOffsetSeconds(atUTC: local)
        let day: Int64 = 86_400
        let near = [local - day, local, local + day].map { zone.offsetSeconds(atUTC: $0) }.max() ?? standard
        return near > standard ? near : standard + 3600
    }
}
