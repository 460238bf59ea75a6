// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Testing
import Timekeeping

/// Central Europe by its rule: daylight saving from the last Sunday of March to the last one of October, 01:00 UTC.
struct CentralEurope: TimeZoneRules {
    func offsetSeconds(atUTC seconds: Int64) -> Int {
        // 2026-03-29T01:00Z and 2026-10-25T01:00Z; the years around are not asked for.
        (1_774_746_000..<1_792_890_000).contains(seconds) ? 7200 : 3600
    }
}

@Suite struct ProfileTimeTests {
    private static let energy = CaptureObject(
        classID: 3,
        logicalName: OBISCode(1, 0, 1, 8, 0, 255),
        attributeIndex: 2
    )
    private static let layout = ProfileLayout(captureObjects: [.clock, energy])
    /// Midnight of 2026-10-25 in Central Europe, a day of 25 hours.
    private static let longDay: Int64 = 1_792_879_200
    /// Midnight of 2026-03-29, a day of 23 hours.
    private static let shortDay: Int64 = 1_774_738_800

    private func rows(_ stamps: [COSEMDateTime?], _ options: ProfileDecodingOptions) throws -> [ProfileRow] {
        let buffer = DLMSData.array(
            stamps.enumerated().map { index, stamp in
                .structure([stamp.map { .octetString($0.octets) } ?? .nullData, .doubleLongUnsigned(UInt32(index))])
            }
        )
        var decoder = ProfileRowDecoder(layout: Self.layout, options: options)
        try decoder.feed(buffer.octets)
        try decoder.finish()
        let rows = decoder.takeRows()
        return (0..<rows.count).map { rows[$0] }
    }

    private func options(
        _ time: TimeBehaviour = .standard,
        period: UInt32 = 900,
        sort: ProfileDescriptor.SortMethod = .fifo
    ) -> ProfileDecodingOptions {
        ProfileDecodingOptions(capturePeriod: period, sortMethod: sort, zone: CentralEurope(), time: time)
    }

    @Test func `A number of seconds that no clock can show is no time, whatever zone the meter is in`() throws {
        let zone = try #require(ZoneInfo(name: "Europe/Berlin"))
        let numbers: [DLMSData] = [
            .long64(.max), .long64(.min), .long64Unsigned(.max), .long64(.max - 1), .deltaDoubleLong(1), .long64(1),
        ]
        for number in numbers {
            // Twice, because a row like the one before is read in another way.
            let row = DLMSData.structure([number, .doubleLongUnsigned(5)])
            var decoder = ProfileRowDecoder(layout: Self.layout, options: ProfileDecodingOptions(zone: zone))
            try decoder.feed(DLMSData.array([row, row]).octets)
            try decoder.finish()
            let rows = decoder.takeRows()
            #expect(rows.count == 2)
            #expect((rows[1].time?.utcSeconds == 1) == (number == .long64(1)))
        }
    }

    /// The local time at an instant, with or without what tells its offset.
    private static func stamp(
        _ seconds: Int64,
        deviation: Bool = false,
        status: Bool = false
    ) -> COSEMDateTime? {
        let offset = CentralEurope().offsetSeconds(atUTC: seconds) / 60
        var stamp = COSEMDateTime(
            secondsSinceEpoch: seconds,
            deviationMinutes: -offset,
            clockStatus: status ? (offset == 120 ? .daylightSavingActive : []) : nil
        )
        if !deviation { stamp?.rawDeviation = .min }
        return stamp
    }

    private static func day(from start: Int64, hours: Int64) -> [Int64] {
        (1...hours * 4).map { start + $0 * 900 }
    }

    // Field report: a deviation that is not specified, on the days when the clock is set.
    @Test(
        arguments: [(longDay, 25, 100), (shortDay, 23, 92)],
        [ProfileDescriptor.SortMethod.fifo, .lifo]
    )
    func daysOfAClockChangeHaveAllTheirRowsAtTheirInstants(
        day: (start: Int64, hours: Int64, rows: Int),
        sort: ProfileDescriptor.SortMethod
    ) throws {
        var instants = Self.day(from: day.start, hours: day.hours)
        if sort == .lifo { instants.reverse() }
        #expect(instants.count == day.rows)
        for (deviation, status) in [(true, true), (false, true), (false, false)] {
            let stamps = instants.map { Self.stamp($0, deviation: deviation, status: status) }
            let found = try rows(stamps, options(sort: sort))
            #expect(found.compactMap { $0.time?.utcSeconds } == instants)
            #expect(found.allSatisfy { $0.time?.marks == [] })
            #expect(found.allSatisfy { $0.time?.source == (deviation ? .meterDeviation : .timeZone) })
        }
        // And when only the first row has a time.
        let stamps = instants.enumerated().map { $0.offset == 0 ? Self.stamp($0.element) : nil }
        let found = try rows(stamps, options(sort: sort))
        #expect(found.compactMap { $0.time?.utcSeconds } == instants)
        #expect(found.dropFirst().allSatisfy { $0.time?.source == .inferred && $0.inferredKeys == ["time"] })
    }

    @Test func aTimeThatComesTwiceIsAmbiguousUnlessSomethingTells() throws {
        let first = Self.longDay + 2 * 3600 + 1800  // 02:30 in daylight saving time
        let stamp = Self.stamp(first)
        let alone = try #require(try rows([stamp], options())[0].time)
        #expect(alone.utcSeconds == first)
        #expect(alone.marks == .ambiguous)
        #expect(try rows([stamp], options())[0].quality(.amr) == .suspect)
        #expect(try rows([stamp], options())[0].reasons(.amr) == ["ambiguous-time"])
        // The asked range tells.
        var late = options()
        late.rangeStart = ProfileTime(utcSeconds: first + 1800, zone: CentralEurope())
        #expect(try rows([stamp], late)[0].time?.utcSeconds == first + 3600)
        // The status tells, unless it is known to tell nothing.
        var standard = try #require(stamp)
        standard.rawClockStatus = 0
        #expect(try rows([standard], options())[0].time?.utcSeconds == first + 3600)
        let informative = options(TimeBehaviour(daylightBit: .informative))
        #expect(try rows([standard], informative)[0].time?.marks == .ambiguous)
        // Events come in order.
        let events = try rows([Self.stamp(first + 900), stamp], options(period: 0))
        #expect(events[1].time?.utcSeconds == first + 3600)
    }

    @Test func aTimeThatDoesNotExistIsMarked() throws {
        var skipped = try #require(Self.stamp(Self.shortDay + 3600))
        skipped.time = COSEMTime(hour: 2, minute: 30, second: 0)
        let time = try #require(try rows([skipped], options())[0].time)
        #expect(time.marks == .nonexistent)
        #expect(time.utcSeconds == Self.shortDay + 3600 + 5400)
    }

    @Test(arguments: [0x7FFF, 0x0FFF, -841, 841, -32_767] as [Int16])
    func `A deviation that no place on earth has is none`(deviation: Int16) throws {
        let instant: Int64 = 1_782_864_000
        var stamp = try #require(Self.stamp(instant))
        stamp.rawDeviation = deviation
        let found = try #require(try rows([stamp], options()).first?.time)
        #expect(found.utcSeconds == instant)
        #expect(found.offsetMinutes == 120)
        #expect(found.source == .timeZone)
        #expect(found.reasons == ["deviation-impossible"])
        #expect(stamp.secondsSinceEpoch == nil)
        let alone = ProfileTime(stamp, zone: nil, behaviour: .standard)
        #expect(alone.utcSeconds == nil)
        #expect(alone.marks == .deviationImpossible)
    }

    // Field reports: UTC = local + deviation by the standard; several models and companion specifications invert it.
    @Test func theSignOfTheDeviationIsASetting() throws {
        let instant: Int64 = 1_782_000_000
        let inverted = COSEMDateTime(secondsSinceEpoch: instant, deviationMinutes: -120).map { stamp in
            var stamp = stamp
            stamp.rawDeviation = 120
            return stamp
        }
        let wrong = try rows([inverted], options())[0]
        #expect(wrong.time?.utcSeconds == instant + 4 * 3600)
        #expect(wrong.reasons(.amr) == ["deviation-sign"])
        let right = try rows([inverted], options(TimeBehaviour(deviationSign: .inverted)))[0]
        #expect(right.time?.utcSeconds == instant)
        #expect(right.time?.source == .meterDeviation)
        #expect(right.time?.iso?.hasSuffix("+02:00") == true)
        #expect(right.reasons(.amr) == [])
    }

    // Field reports: standard time all year with an informative bit; a clock in UTC; a deviation that is always 0.
    @Test func clocksOfAnotherBaseAreSettings() throws {
        let summer: Int64 = 1_782_000_000
        func stamp(offset: Int, deviation: Int16 = .min, status: UInt8 = 0x80) -> COSEMDateTime? {
            var stamp = COSEMDateTime(secondsSinceEpoch: summer, deviationMinutes: -offset)
            stamp?.rawDeviation = deviation
            stamp?.rawClockStatus = status
            return stamp
        }
        let standard = try rows([stamp(offset: 60)], options(TimeBehaviour(clockBase: .standardTime)))[0].time
        #expect(standard?.utcSeconds == summer)
        #expect(standard?.source == .standardTime)
        let utc = try rows([stamp(offset: 0)], options(TimeBehaviour(clockBase: .utc)))[0].time
        #expect(utc?.utcSeconds == summer)
        #expect(utc?.source == .utcClock)
        let ignored = try rows([stamp(offset: 120, deviation: 0)], options(TimeBehaviour(deviationUse: .ignored)))[0]
        #expect(ignored.time?.utcSeconds == summer)
        #expect(ignored.time?.source == .timeZone)
    }

    @Test func daysWithoutTimeFollowTheCalendar() throws {
        let found = try rows([Self.stamp(Self.longDay, deviation: true), nil, nil], options(period: 86_400))
        #expect(found.compactMap { $0.time?.utcSeconds } == [0, 25, 49].map { Self.longDay + $0 * 3600 })
        #expect(found[1].time?.iso == "2026-10-26T00:00:00+01:00")
    }

    @Test func doubtOfTheClockIsTold() throws {
        var stamp = try #require(Self.stamp(Self.longDay, deviation: true))
        for (bits, reasons) in [(0x01, ["clock-invalid"]), (0x82, ["clock-doubtful"]), (0x80, []), (0xFF, [])] {
            stamp.rawClockStatus = UInt8(bits)
            let row = try rows([stamp], options())[0]
            #expect(row.reasons(.amr) == reasons)
            #expect(row.quality(.amr) == (reasons.isEmpty ? .valid : .suspect))
        }
    }

    @Test func aTimeWithOpenFieldsHasNoInstant() throws {
        let open = COSEMDateTime(year: 2026, month: nil, dayOfMonth: 1, hour: 0, minute: 0, second: 0)
        let time = try #require(try rows([open], options())[0].time)
        #expect(time.utcSeconds == nil)
        #expect(time.source == .none)
        #expect(time.dateTime == open)
    }
}

@Suite struct RangeBoundsTests {
    private let zone = CentralEurope()
    /// 2026-06-21T02:00:00+02:00.
    private let summer: Int64 = 1_782_000_000
    /// 02:30 in daylight saving time of 2026-10-25, a time that comes twice.
    private let fold: Int64 = 1_792_879_200 + 9000

    private func bounds(_ behaviour: ProfileBehaviour, _ from: Int64, _ to: Int64) throws -> [String] {
        let bounds = try #require(behaviour.rangeBounds(from: from, to: to, zone: zone))
        return [bounds.from, bounds.to].map { Hexadecimal.text(of: $0.octets) }
    }

    @Test func theStandardTellsDeviationAndDaylightSaving() throws {
        #expect(
            try bounds(.standard, summer, summer + 900) == [
                "090C07EA061507020000" + "00FF8880", "090C07EA06150702" + "0F0000FF8880",
            ]
        )
    }

    // Field report: one meter refuses a deviation, another refuses its absence; one searches in local time.
    @Test func eachMeterGetsTheBoundsThatItTakes() throws {
        #expect(
            try bounds(ProfileBehaviour(rangeDeviation: .unspecified, rangeStatus: .unspecified), summer, summer)[0]
                == "090C07EA06150702000000" + "8000FF"
        )
        #expect(
            try bounds(ProfileBehaviour(time: TimeBehaviour(deviationSign: .inverted)), summer, summer)[0]
                == "090C07EA06150702000000" + "007880"
        )
        #expect(
            try bounds(ProfileBehaviour(time: TimeBehaviour(clockBase: .standardTime)), summer, summer)[0]
                == "090C07EA06150701000000" + "FFC400"
        )
        #expect(
            try bounds(ProfileBehaviour(time: TimeBehaviour(clockBase: .utc)), summer, summer)[0]
                == "090C07EA06150700000000" + "000000"
        )
        #expect(
            try bounds(ProfileBehaviour(rangeEncoding: .dateTime), summer, summer)[0]
                == "1907EA06150702000000" + "FF8880"
        )
    }

    // Field report: some meters want whole hours, some take the start as exclusive.
    @Test func edgesAreMovedOut() throws {
        let exclusive = ProfileBehaviour(rangeStart: .exclusive, rangeEnd: .exclusive)
        #expect(
            try bounds(exclusive, summer, summer) == ["090C07EA061507013B3B00FF8880", "090C07EA06150702000100FF8880"]
        )
        let hours = ProfileBehaviour(rangeStep: 3600)
        #expect(
            try bounds(hours, summer + 60, summer + 60)
                == ["090C07EA06150702000000FF8880", "090C07EA06150703000000FF8880"]
        )
        let both = ProfileBehaviour(rangeStart: .exclusive, rangeStep: 3600)
        #expect(try bounds(both, summer, summer)[0] == "090C07EA06150701000000FF8880")
    }

    @Test func withoutDeviationTheHourThatComesTwiceIsAskedForWhole() throws {
        let local = ProfileBehaviour(rangeDeviation: .unspecified)
        // 45 minutes from 02:30 in summer time on end at 02:15 in standard time, earlier by the clock.
        #expect(
            try bounds(local, fold, fold + 2700)
                == ["090C07EA0A19070" + "11E00" + "00800000", "090C07EA0A190703" + "0F0000800080"]
        )
    }

    @Test func unixTimeIsUTC() throws {
        let unix = CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 1, 1, 0, 255), attributeIndex: 2)
        let bounds = try #require(
            ProfileBehaviour(rangeStart: .exclusive).rangeBounds(from: 1000, to: .max, zone: zone, restricting: unix)
        )
        #expect(bounds.from == .doubleLongUnsigned(999))
        #expect(bounds.to == .doubleLongUnsigned(4_102_444_800))
    }
}
