// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Testing
import Timekeeping

@testable import MeterSimulator

@Suite struct ProfileTests {
    private static let name = ProfileObjects.loadName

    private func time(_ seconds: Int64) throws -> COSEMDateTime {
        try #require(COSEMDateTime(secondsSinceEpoch: seconds, deviationMinutes: -60))
    }

    @Test func thousandsOfRowsComeWithoutAHole() throws {
        let meter = MeterAtHand()
        let rows = try meter.rows(Self.name)
        #expect(rows.count == 3360)
        #expect(try meter.value(7, Self.name, 7) == .doubleLongUnsigned(3360))
        var coverage = try #require(
            ProfileCoverage(
                from: MeterAtHand.start - 3359 * 900,
                to: MeterAtHand.start + 900,
                period: 900,
                zone: FixedOffset(minutes: 60)
            )
        )
        coverage.note(rows)
        #expect(coverage.received == coverage.expected)
        #expect(coverage.expected == 3360)
    }

    @Test func aRangeIncludesBothItsEnds() throws {
        let meter = MeterAtHand()
        let from = MeterAtHand.start - 96 * 900
        let rows = try meter.rows(Self.name, selection: .range(from: time(from), to: time(MeterAtHand.start)))
        #expect(rows.count == 97)
        #expect(rows[0].time?.utcSeconds == from)
        let inside = try meter.rows(Self.name, selection: .range(from: time(from + 1), to: time(from + 1799)))
        #expect(inside.count == 1)
        let whole = try meter.rows(Self.name)
        #expect(inside[0].values == whole[3360 - 96].values)
        let before = try meter.rows(Self.name, selection: .range(from: time(0), to: time(900)))
        #expect(before.isEmpty)
    }

    @Test func localTimesAndOpenEndsAreUnderstood() throws {
        let meter = MeterAtHand()
        var from = try time(MeterAtHand.start - 900)
        from.rawDeviation = .min
        let open = COSEMDateTime(date: .unspecified, time: .unspecified)
        #expect(try meter.rows(Self.name, selection: .range(from: from, to: open)).count == 2)
    }

    @Test func columnsCanBeChosen() throws {
        let meter = MeterAtHand()
        let energy = CaptureObject(classID: 3, logicalName: OBISCode(1, 0, 1, 8, 0, 255), attributeIndex: 2)
        let selection = SelectiveAccess.range(
            from: try time(MeterAtHand.start),
            to: try time(MeterAtHand.start),
            columns: [.clock, energy]
        )
        guard case .array(let rows)? = try meter.get(7, Self.name, 2, selection: selection).value(),
            case .structure(let members)? = rows.first
        else { throw Surprise("no row") }
        #expect(rows.count == 1)
        #expect(members.map(\.dataTag) == [.octetString, .doubleLongUnsigned])
    }

    @Test func entriesAreCountedFromTheOldest() throws {
        let meter = MeterAtHand()
        let whole = try meter.rows(Self.name)
        let two = try meter.rows(Self.name, selection: .entries(from: 2, to: 3))
        #expect(two.count == 2)
        #expect(two[0].time == whole[1].time)
        #expect(try meter.rows(Self.name, selection: .entries(from: 3360)).count == 1)
        #expect(try meter.rows(Self.name, selection: .entries(from: 9999)).isEmpty)
        let selection = SelectiveAccess.entries(from: 1, to: 1, firstColumn: 3, lastColumn: 3)
        guard case .array(let rows)? = try meter.get(7, Self.name, 2, selection: selection).value() else {
            throw Surprise("no rows")
        }
        #expect(rows.count == 1)
        #expect(rows.first.map { DLMSData.array([$0]).octets.count } == 2 + 2 + 5)
    }

    @Test func selectionsThatMakeNoSenseAreRefused() {
        let meter = MeterAtHand()
        let odd = SelectiveAccess(selector: 1, parameters: .unsigned(1))
        #expect(meter.get(7, Self.name, 2, selection: odd) == .failure(.typeUnmatched))
        let unknown = SelectiveAccess(selector: 3, parameters: .structure([]))
        #expect(meter.get(7, Self.name, 2, selection: unknown) == .failure(.typeUnmatched))
    }

    @Test func daysAndMonthsAgreeWithTheLoadProfile() throws {
        let meter = MeterAtHand()
        let days = try meter.rows(ProfileObjects.dailyName)
        #expect(days.count == 62)
        let quarters = try meter.rows(Self.name)
        let last = days[61]
        let same = (0..<quarters.count).first { quarters[$0].time?.utcSeconds == last.time?.utcSeconds }
        #expect(last.time?.iso == "2026-11-22T00:00:00+01:00")
        #expect(last.cell(1) == same.map { quarters[$0].cell(2) })
        let months = try meter.rows(ProfileObjects.monthlyName)
        #expect(months.count == 13)
        #expect(months[12].time?.iso == "2026-11-01T00:00:00+01:00")
        #expect(months[0].time?.iso == "2025-11-01T00:00:00+01:00")
        let first = (0..<days.count).first { days[$0].time == months[12].time }
        #expect(months[12].cell(1) == first.map { days[$0].cell(1) })
    }

    @Test func aResetEmptiesTheBuffer() throws {
        let meter = MeterAtHand()
        #expect(meter.invoke(7, Self.name, 1, as: MeterAtHand.reader) == .readWriteDenied)
        #expect(meter.invoke(7, Self.name, 1) == .success)
        #expect(try meter.rows(Self.name).isEmpty)
        meter.advance(1800)
        #expect(try meter.rows(Self.name).count == 2)
    }

    @Test func theClockRunsAndCanBeSet() throws {
        let meter = MeterAtHand { $0.clockShiftSeconds = 40 }
        let clock = ClockObjects.name
        #expect(try meter.value(8, clock, 2) == .octetString(time(MeterAtHand.start + 40).octets))
        meter.advance(5)
        #expect(try meter.value(8, clock, 2) == .octetString(time(MeterAtHand.start + 45).octets))
        let target = DLMSData.octetString(try time(MeterAtHand.start + 6).octets)
        #expect(meter.set(8, clock, 2, target, as: MeterAtHand.reader) == .readWriteDenied)
        #expect(meter.set(8, clock, 2, target) == .success)
        meter.advance(1)
        #expect(try meter.value(8, clock, 2) == .octetString(time(MeterAtHand.start + 7).octets))
        #expect(meter.invoke(8, clock, 6, .long(-7)) == .success)
        #expect(try meter.value(8, clock, 2) == .octetString(time(MeterAtHand.start).octets))
        #expect(meter.invoke(8, clock, 6, .long(901)) == .otherReason)
        #expect(meter.set(8, clock, 2, .octetString([1])) == .typeUnmatched)
        let log = try meter.rows(ProfileObjects.standardLogName)
        #expect(log[log.count - 1].cell(1) == .integer(5))
        #expect(log[log.count - 2].cell(1) == .integer(4))
    }
}
