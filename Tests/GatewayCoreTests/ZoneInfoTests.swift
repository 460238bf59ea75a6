// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Testing

@testable import GatewayCore

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
}
