// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import Timekeeping

@Suite("Time zones")
struct ZoneInfoTests {
    @Test("A rule of the present knows summer and winter in both hemispheres")
    func rules() throws {
        let bratislava = try #require(PosixZone("CET-1CEST,M3.5.0,M10.5.0/3"))
        // 2026-03-29T00:59:59Z and one second later.
        #expect(bratislava.offsetSeconds(atUTC: 1_774_745_999) == 3600)
        #expect(bratislava.offsetSeconds(atUTC: 1_774_746_000) == 7200)
        // 2026-10-25T00:59:59Z and one second later.
        #expect(bratislava.offsetSeconds(atUTC: 1_792_889_999) == 7200)
        #expect(bratislava.offsetSeconds(atUTC: 1_792_890_000) == 3600)
        let sydney = try #require(PosixZone("AEST-10AEDT,M10.1.0,M4.1.0/3"))
        #expect(sydney.offsetSeconds(atUTC: 1_767_225_600) == 11 * 3600)
        #expect(sydney.offsetSeconds(atUTC: 1_782_864_000) == 10 * 3600)
        #expect(try #require(PosixZone("<+0545>-5:45")).offsetSeconds(atUTC: 0) == 20_700)
        #expect(PosixZone("CET") == nil)
        #expect(PosixZone("CET-1CEST,M13.5.0,M10.5.0") == nil)
    }

    @Test("The ends of all numbers have an offset, too")
    func extremes() throws {
        let bratislava = try #require(PosixZone("CET-1CEST,M3.5.0,M10.5.0/3"))
        for seconds in [Int64.min, .min + 1, .max - 1, .max] {
            #expect([3600, 7200].contains(bratislava.offsetSeconds(atUTC: seconds)))
        }
    }

    @Test("Zones come from the system's database, and nothing else does")
    func database() throws {
        let zone = try #require(ZoneInfo(name: "Europe/Bratislava"))
        #expect(zone.offsetSeconds(atUTC: 1_774_746_000) == 7200)
        #expect(zone.offsetSeconds(atUTC: 1_792_890_000) == 3600)
        // 2050-07-01T00:00:00Z, beyond all listed changes.
        #expect(zone.offsetSeconds(atUTC: 2_540_246_400) == 7200)
        #expect(ZoneInfo(name: "UTC")?.offsetSeconds(atUTC: 0) == 0)
        for name in ["", "Europe/Nowhere", "../etc/passwd", "/etc/passwd", "Europe", "zone.tab"] {
            #expect(ZoneInfo(name: name) == nil, "\(name)")
        }
    }

    @Test("A local time is told from its instants, skipped and repeated ones too")
    func localTimes() throws {
        let zone = try #require(ZoneInfo(name: "Europe/Bratislava"))
        func local(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int) -> Int64 {
            Int64(CivilDate.daysSinceEpoch(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60)
        }
        #expect(zone.meaning(ofLocal: local(2026, 3, 29, 2, 30)) == .skipped(offset: 3600))
        #expect(zone.firstInstant(ofLocal: local(2026, 3, 29, 2, 30)) == 1_774_746_000)
        #expect(zone.utcSeconds(ofLocal: local(2026, 3, 29, 2, 30)) == 1_774_746_000 + 1800)
        #expect(zone.meaning(ofLocal: local(2026, 10, 25, 2, 30)) == .twice(first: 7200, second: 3600))
        #expect(zone.firstInstant(ofLocal: local(2026, 10, 25, 2, 30)) == 1_792_890_000 - 1800)
        #expect(zone.firstInstant(ofLocal: local(2026, 6, 1, 0, 0)) == local(2026, 6, 1, 0, 0) - 7200)
        // Half an hour is skipped here, and a whole day there.
        let lordHowe = try #require(ZoneInfo(name: "Australia/Lord_Howe"))
        #expect(lordHowe.firstInstant(ofLocal: local(2026, 10, 4, 2, 10)) == local(2026, 10, 4, 2, 30) - 39_600)
        let apia = try #require(ZoneInfo(name: "Pacific/Apia"))
        #expect(apia.firstInstant(ofLocal: local(2011, 12, 30, 12, 0)) == local(2011, 12, 31, 0, 0) - 14 * 3600)
    }

    @Test("The next change of the offset is found to the second")
    func changes() throws {
        let zone = try #require(ZoneInfo(name: "Europe/Bratislava"))
        #expect(zone.nextChange(after: 1_774_700_000, within: 86_400) == 1_774_746_000)
        #expect(zone.nextChange(after: 1_774_746_000, within: 86_400) == nil)
    }

    @Test("The system's zones are listed with their other names")
    func names() {
        #expect(ZoneInfo.names.contains("Europe/Prague"))
        #expect(ZoneInfo.names.contains("Europe/Bratislava"))
        #expect(ZoneInfo.names.allSatisfy { !$0.isEmpty && $0.utf8.first != UInt8(ascii: "#") })
    }
}
