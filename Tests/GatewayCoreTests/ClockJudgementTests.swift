// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Judging clocks")
struct ClockJudgementTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    private static func sample(_ seconds: Int64, _ offset: Double, corrected: Bool = false) -> ClockSample {
        ClockSample(
            at: start + .seconds(seconds),
            offset: .microseconds(Int64(offset * 1_000_000)),
            uncertainty: .milliseconds(50),
            isCorrected: corrected
        )
    }

    @Test func `A clock that gains a second a day drifts by 11,6 millionths`() throws {
        let drift = try #require(
            ClockDrift([Self.sample(0, 3), Self.sample(43_200, 3.5), Self.sample(86_400, 4)])
        )
        #expect((drift.partsPerMillion - 11.574).magnitude < 0.01)
        #expect(drift.sampleCount == 3)
        // Both ends off by 50 ms the wrong way would make it 1.16 millionths more.
        #expect((drift.uncertainty - 1.157).magnitude < 0.01)
    }

    @Test func `What was before a setting does not count, whoever set it`() throws {
        let told = [
            Self.sample(0, 50), Self.sample(3600, 50), Self.sample(7200, 0, corrected: true), Self.sample(10_800, 0.36),
        ]
        #expect((try #require(ClockDrift(told)).partsPerMillion - 100).magnitude < 0.1)
        let untold = [Self.sample(0, 50), Self.sample(3600, 50), Self.sample(7200, 0), Self.sample(10_800, 0.36)]
        #expect((try #require(ClockDrift(untold)).partsPerMillion - 100).magnitude < 0.1)
        // Right after a setting, what the time before told is still the best there is.
        #expect(try #require(ClockDrift(Array(told.prefix(3)))).partsPerMillion.magnitude < 0.1)
    }

    @Test func `Numbers that a clock's settings cannot have tell nothing`() throws {
        for number in [Int64.min, Int64.max, 0x4000_0000_0000_0000, 32_768] {
            let settings = ClockZone.Settings([3: .long64(number), 7: .long64(number), 8: .boolean(true)])
            #expect(settings.timeZoneMinutes == nil)
            #expect(settings.lengthMinutes == nil)
            let zone = ClockZone(settings, zone: .utc, behaviour: TimeBehaviour(), now: Self.start)
            #expect(zone.differences == [.daylightSavingOn])
        }
        #expect(ClockZone.Settings([3: .long(-120), 7: .integer(60)]).timeZoneMinutes == -120)
    }

    @Test func `Samples that lie close together tell nothing`() {
        #expect(ClockDrift([]) == nil)
        #expect(ClockDrift([Self.sample(0, 1), Self.sample(599, 1)]) == nil)
    }

    // 1_800_000_000 is a multiple of 3600.
    @Test func `Corrections within a period pass nothing`() {
        let captures = CaptureGuard(periods: [900])
        let inside = Self.start + .seconds(100)
        #expect(captures.crossing(now: inside, offset: .seconds(-99), margin: .seconds(1), zone: 0) == nil)
        #expect(captures.crossing(now: inside, offset: .seconds(798), margin: .seconds(1), zone: 0) == nil)
        #expect(captures.crossing(now: Self.start, offset: .seconds(42), margin: .zero, zone: 3600) == nil)
    }

    @Test func `A correction over a moment of capture waits until both times are past it`() {
        let captures = CaptureGuard(periods: [900])
        let late = captures.crossing(now: Self.start + .seconds(20), offset: .seconds(-50), margin: .zero, zone: 0)
        #expect(late == .init(period: 900, freeAt: Self.start + .seconds(50)))
        let early = captures.crossing(now: Self.start + .seconds(-20), offset: .seconds(50), margin: .zero, zone: 0)
        #expect(early == .init(period: 900, freeAt: Self.start))
        // Setting takes time, in which the moment may come.
        let soon = captures.crossing(now: Self.start + .seconds(-1), offset: .zero, margin: .seconds(2), zone: 0)
        #expect(soon?.freeAt == Self.start)
    }

    @Test func `Periods begin by local time, and the longest decides nothing alone`() {
        let captures = CaptureGuard(periods: [3600, 86_400])
        let half: Int64 = 19_800
        let crossing = captures.crossing(
            now: Self.start + .seconds(1790),
            offset: .seconds(20),
            margin: .zero,
            zone: half
        )
        #expect(crossing == .init(period: 3600, freeAt: Self.start + .seconds(1800)))
        #expect(captures.crossing(now: Self.start, offset: .seconds(20), margin: .zero, zone: half) == nil)
        #expect(captures.crossing(now: Self.start, offset: .seconds(4000), margin: .zero, zone: 0)?.freeAt == nil)
    }

    // MARK: Zones

    private static func settings(
        _ minutes: Int,
        enabled: Bool = true,
        begin: String = "ffff03fe07020000ff800000",
        end: String = "ffff0afe07030000ff800000",
        length: Int = 60
    ) throws -> ClockZone.Settings {
        ClockZone.Settings(
            timeZoneMinutes: minutes,
            begin: try COSEMDateTime(octets: try #require(Hexadecimal.octets(of: begin))),
            end: try COSEMDateTime(octets: try #require(Hexadecimal.octets(of: end))),
            lengthMinutes: length,
            isEnabled: enabled
        )
    }

    private static func differences(
        _ settings: ClockZone.Settings,
        _ name: String = "Europe/Vienna",
        _ behaviour: TimeBehaviour = TimeBehaviour()
    ) throws -> [ClockZone.Difference] {
        let zone = try #require(ZoneInfo.named(name))
        return ClockZone(settings, zone: zone, behaviour: behaviour, now: Timestamp(seconds: 1_795_000_000)).differences
    }

    @Test func `A meter with the settings of its zone agrees`() throws {
        #expect(try Self.differences(Self.settings(-60)) == [])
        // Whole dates of the year, as other meters have them: 2026-03-29 02:00 and 2026-10-25 03:00.
        let dated = try Self.settings(-60, begin: "07ea031d07020000ff800000", end: "07ea0a1907030000ff800000")
        #expect(try Self.differences(dated) == [])
        #expect(try Self.differences(Self.settings(-330, enabled: false), "Asia/Kolkata") == [])
        // In the south it begins in October and ends in April: first Sundays.
        let south = try Self.settings(-600, begin: "ffff0a0107020000ff800000", end: "ffff040107030000ff800000")
        #expect(try Self.differences(south, "Australia/Sydney") == [])
    }

    @Test func `Each setting that differs is told`() throws {
        #expect(try Self.differences(Self.settings(60)) == [.offsetSign])
        #expect(try Self.differences(Self.settings(0)) == [.standardOffset])
        #expect(try Self.differences(Self.settings(-60, enabled: false)) == [.daylightSavingOff])
        #expect(try Self.differences(Self.settings(-330), "Asia/Kolkata") == [.daylightSavingOn])
        let march = try Self.settings(-60, begin: "ffff030107020000ff800000")
        #expect(try Self.differences(march) == [.daylightSavingBegin])
        let october = try Self.settings(-60, end: "ffff0afd07030000ff800000")
        #expect(try Self.differences(october) == [.daylightSavingEnd])
        #expect(try Self.differences(Self.settings(-60, length: 30)) == [.daylightSavingLength])
    }

    @Test func `A meter that keeps standard time should have no daylight saving`() throws {
        var behaviour = TimeBehaviour()
        behaviour.clockBase = .standardTime
        #expect(try Self.differences(Self.settings(-60, enabled: false), "Europe/Vienna", behaviour) == [])
        #expect(try Self.differences(Self.settings(-60), "Europe/Vienna", behaviour) == [.daylightSavingOn])
    }
}
