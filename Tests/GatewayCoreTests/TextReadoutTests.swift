// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Readouts of text meters")
struct TextReadoutTests {
    /// 2026-11-22T12:00:00Z.
    private static let now = Timestamp(seconds: 1_795_348_800)
    private static let rules = TextClockRules(
        zone: ZoneInfo.named("Europe/Bratislava") ?? .utc,
        behaviour: .standard
    )

    private static func readout(_ lines: String...) throws -> MeterReadout {
        let text = "/ISk5MT174-0001\r\n" + lines.map { $0 + "\r\n" }.joined() + "!\r\n"
        let item = try #require(ReadoutFile(Array(text.utf8)).items.first)
        return MeterReadout(
            try item.readout.get(),
            origin: .file,
            receivedAt: now,
            takenAt: nil,
            rules: rules
        )
    }

    private static func object(_ line: String) throws -> TextObject {
        let readout = try readout(line)
        return try #require(readout.names.first.flatMap { readout.objects[$0] })
    }

    @Test(arguments: [
        ("1.8.0(000123.45*kWh)", Int64(12345), 1, 30), ("1.8.0(17*Wh)", 17, 0, 30), ("1.8.0(0.5*MWh)", 5, 5, 30),
        ("32.7.0(230.1*V)", 2301, -1, 35), ("31.7.0(0012*mA)", 12, -3, 33), ("3.8.0(1.5*kvarh)", 15, 2, 32),
        ("3.8.0(1.5*KVARH)", 15, 2, 32), ("14.7.0(49.98*Hz)", 4998, -2, 44), ("2.7.0(-1.250*kW)", -1250, 0, 27),
        ("13.7.0(0.98)", 98, -2, 255), ("7-0:3.0.0(00042.125*m3)", 42125, -3, 13),
    ])
    func `A number with a unit is a register`(line: String, raw: Int64, scaler: Int8, unit: UInt8) throws {
        let object = try Self.object(line)
        #expect(object.classID == 3)
        #expect(object.value == .long64(raw))
        #expect(object.scalerUnit == ScalerUnit(scaler: scaler, unitCode: unit))
    }

    @Test(arguments: [
        ("C.1.0(00123456)", "00123456"), ("0.0.0(ABC-1)", "ABC-1"), ("C.7.0(0003)", "0003"), ("F.F(00)", "00"),
        ("1.8.0(12*furlong)", "12*furlong"), ("1.8.0(12*mWh)", "12*mWh"), ("1.8.0(--*kWh)", "--*kWh"),
        ("1.8.0(99999999999999999999*kWh)", "99999999999999999999*kWh"),
    ])
    func `Anything else is text as it stands`(line: String, text: String) throws {
        let object = try Self.object(line)
        #expect(object.classID == 1)
        #expect(object.value == .visibleString(Array(text.utf8)))
    }

    @Test func `A maximum with its time is an extended register`() throws {
        for line in ["1.6.0(01.234*kW)(2611201815)", "0-1:24.2.1(261120181500W)(00016.713*m3)"] {
            let object = try Self.object(line)
            #expect(object.classID == 4)
            let time = try #require(object.attribute(5, Self.rules))
            guard case .octetString(let octets) = time else {
                Issue.record("\(time)")
                return
            }
            #expect(try COSEMDateTime(octets: octets).date.dayOfMonth == 20)
        }
    }

    @Test func `Stored values take the unit of the present one`() throws {
        let readout = try Self.readout("1.8.0(000123.45*kWh)", "1.8.0*01(000120.00)", "1.8.0&02(000100.00)")
        #expect(readout.names.map(\.f) == [255, 1, 2])
        for object in readout.objects.values { #expect(object.scalerUnit == ScalerUnit(scaler: 1, unitCode: 30)) }
    }

    @Test func `The first of two equal codes counts`() throws {
        let readout = try Self.readout("1.8.0(1*kWh)", "1-0:1.8.0*255(2*kWh)")
        #expect(readout.items.count == 2)
        #expect(readout.items[1].reading == nil)
        #expect(readout.objects[OBISCode(1, 0, 1, 8, 0, 255)]?.value == .long64(1))
    }

    @Test(arguments: [
        (["0.9.1(123000)", "0.9.2(261120)"], "2026-11-20T11:30:00Z"),
        (["0.9.1(12:30:00)", "0.9.2(26-11-20)"], "2026-11-20T11:30:00Z"),
        (["0.9.1(1123000)", "0.9.2(1260720)"], "2026-07-20T10:30:00Z"),
        (["1.0.0(0261120123000)"], "2026-11-20T11:30:00Z"),
        (["0-0:1.0.0(260720123000S)"], "2026-07-20T10:30:00Z"), (["1.0.0(2261120113000)"], "2026-11-20T11:30:00Z"),
        (["1.8.0(1*kWh)"], "2026-11-22T12:00:00Z"), (["0.9.1(990000)", "0.9.2(261120)"], "2026-11-22T12:00:00Z"),
        (["0.9.1(123000)", "0.9.2(271120)"], "2026-11-22T12:00:00Z"),
        // The hour that comes twice: 2026-10-25, 02:30 in summer and in winter.
        (["1.0.0(1261025023000)"], "2026-10-25T00:30:00Z"), (["1.0.0(0261025023000)"], "2026-10-25T01:30:00Z"),
    ])
    func `The meter's clock tells when it was read, but nothing that is yet to come`(
        lines: [String],
        moment: String
    ) throws {
        let text = "/ISk5\r\n" + lines.map { $0 + "\r\n" }.joined() + "!\r\n"
        let item = try #require(ReadoutFile(Array(text.utf8)).items.first)
        let readout = MeterReadout(
            try item.readout.get(),
            origin: .file,
            receivedAt: Self.now,
            takenAt: nil,
            rules: Self.rules
        )
        #expect(readout.takenAt == Timestamp(rfc3339: moment))
    }

    @Test func `What was kept is read again`() throws {
        let readout = try Self.readout("0.9.1(123000)", "0.9.2(261120)", "1.8.0(1*kWh)")
        let again = try #require(MeterReadout(readout.stored, rules: Self.rules))
        #expect(again.takenAt == readout.takenAt)
        #expect(again.objects == readout.objects)
        #expect(again.identification?.manufacturer == "ISk")
    }

    @Test(arguments: [
        (Int64(20000), "000123.45", "000200.00"), (5, "0.01", "0.05"), (-125, "001.00", "-01.25"), (7, "0003", "0007"),
    ])
    func `A number is written the way the meter shows it`(raw: Int64, like: String, text: String) throws {
        let decimals = try #require(TextQuantity(like)).decimals
        #expect(TextQuantity.text(raw, decimals: decimals, like: like) == text)
    }

    @Test func `A clock is set in the form in which it is shown`() throws {
        let clock = TextClock(form: .separate(date: "0.9.2", time: "0.9.1"))
        let moment = try #require(Self.rules.moment(at: Self.now.seconds))
        let writes = try #require(clock.writes(moment, like: ["0261122", "0125500", "0261122"]))
        #expect(writes.map(\.address) == ["0.9.1"])
        #expect(writes.map(\.text) == ["0130000"])
        let other = try #require(clock.writes(moment, like: ["26-11-21", "12:55", "26-11-21"]))
        #expect(other.map(\.text) == ["26-11-22", "13:00"])
    }

    @Test func `A date that changes while the clock is read belongs to the time of day`() throws {
        let clock = TextClock.usual
        let late = try #require(clock.moment(["261121", "235959", "261122"]))
        #expect(late.date.dayOfMonth == 21)
        let early = try #require(clock.moment(["261121", "000001", "261122"]))
        #expect(early.date.dayOfMonth == 22)
    }
}
