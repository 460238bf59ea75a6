// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@testable import MeterSimulator

@Suite("Pushes to the destination of a push set-up")
struct PushingTests {
    private static let friday = COSEMDateTime(
        date: COSEMDate(year: 2026, month: 11, dayOfMonth: 20),
        time: COSEMTime(hour: 12, minute: 30, second: 20)
    )

    private static func window(_ start: COSEMDateTime, _ end: COSEMDateTime) throws -> PushWindow {
        try #require(PushWindow(.structure([.octetString(start.octets), .octetString(end.octets)])))
    }

    private static func daily(_ hour: Int?, _ minute: Int, dayOfWeek: Int? = nil) -> COSEMDateTime {
        COSEMDateTime(
            date: COSEMDate(year: nil, month: nil, dayOfMonth: nil, dayOfWeek: dayOfWeek),
            time: COSEMTime(hour: hour, minute: minute, second: 0)
        )
    }

    private static func dated(_ day: Int) -> COSEMDateTime {
        COSEMDateTime(
            date: COSEMDate(year: 2026, month: 11, dayOfMonth: day),
            time: COSEMTime(hour: 0, minute: 0, second: 0)
        )
    }

    private static let cases: [(start: COSEMDateTime, end: COSEMDateTime, wait: Int64?)] = [
        // Daily, open now; daily, opening in the evening; over midnight, open until the afternoon; hourly.
        (daily(12, 0), daily(13, 0), 0), (daily(18, 0), daily(19, 0), 5 * 3600 + 29 * 60 + 40),
        (daily(22, 0), daily(14, 0), 0), (daily(nil, 45), daily(nil, 50), 14 * 60 + 40),
        // On Saturdays; between days that are named, before, within and after them.
        (daily(0, 0, dayOfWeek: 6), daily(6, 0, dayOfWeek: 6), 11 * 3600 + 29 * 60 + 40),
        (dated(21), dated(22), 11 * 3600 + 29 * 60 + 40), (dated(19), dated(22), 0), (dated(18), dated(19), nil),
    ]

    @Test("A window says how long a push waits")
    func windows() throws {
        let local = try #require(Self.friday.localSecondsSinceEpoch)
        for each in Self.cases {
            let window = try Self.window(each.start, each.end)
            #expect(window.wait(at: local, offset: 0) == each.wait, "\(each)")
            #expect(window.wait(at: local - 3600, offset: 3600) == each.wait, "\(each)")
        }
    }

    @Test("What was written says where a push goes, and what is not understood leaves it to the association")
    func destinations() {
        let meter = MeterAtHand()
        func endpoint(_ text: String, transport: UInt8 = 0) -> String? {
            let destination = DLMSData.structure([
                .enumeration(transport), .octetString(Array(text.utf8)), .enumeration(0),
            ])
            #expect(meter.set(40, PushObjects.onInterval, 3, destination) == .success)
            return meter.meter.state.withLock { PushSetup(PushObjects.onInterval, $0).endpoint?.description }
        }
        #expect(meter.meter.state.withLock { PushSetup(PushObjects.onInterval, $0).endpoint } == nil)
        #expect(endpoint("192.0.2.7:4059") == "192.0.2.7:4059")
        #expect(endpoint("[2001:db8::1]:4059") == "[2001:db8::1]:4059")
        #expect(endpoint("192.0.2.7") == nil)
        #expect(endpoint("192.0.2.7:4059", transport: 4) == nil)
    }
}
