// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Testing

@testable import MeterSimulator

@Suite struct ConsumptionTests {
    private static let energy = OBISCode(1, 0, 1, 8, 0, 255)

    @Test(arguments: [0, 1, 17])
    func energiesOnlyGrow(number: Int) {
        let identity = MeterIdentity(number: number, fleetSeed: 1)
        let load = LoadModel(seed: identity.seed, offsetMinutes: 60, hasPlant: identity.hasPlant)
        var before = load.totals(at: MeterAtHand.start)
        for step in 1..<600 {
            let now = load.totals(at: MeterAtHand.start + Int64(step) * 333)
            #expect(now.importDay >= before.importDay)
            #expect(now.importNight >= before.importNight)
            #expect(now.export >= before.export)
            before = now
        }
    }

    @Test func equalSeedsGiveEqualMeters() throws {
        let profile = ProfileObjects.loadName
        #expect(MeterAtHand(number: 4).get(7, profile, 2) == MeterAtHand(number: 4).get(7, profile, 2))
        #expect(MeterAtHand(number: 4).get(7, profile, 2) != MeterAtHand(number: 5).get(7, profile, 2))
        let other = MeterAtHand(number: 4) { $0.seed = 2 }
        #expect(MeterAtHand(number: 4).get(7, profile, 2) != other.get(7, profile, 2))
    }

    @Test func aDayLooksLikeAHousehold() {
        let identity = MeterIdentity(number: 1, fleetSeed: 1)
        let load = LoadModel(seed: identity.seed, offsetMinutes: 60, hasPlant: false)
        var hours = [Int](repeating: 0, count: 24)
        for day in Int64(20_500)..<20_560 where !load.isWeekend(day) {
            let curve = DayCurve(model: load, day: day)
            for hour in 0..<24 {
                hours[hour] +=
                    curve.totals(atQuarter: hour * 4 + 4).importTotal - curve.totals(atQuarter: hour * 4).importTotal
            }
        }
        #expect(hours[19] > 2 * hours[14])
        #expect(hours[7] > hours[10])
        #expect(hours[14] > hours[3])
        let winter = (0..<30).map { load.energies(ofDay: 20_470 + $0).importTotal }.reduce(0, +)
        let summer = (0..<30).map { load.energies(ofDay: 20_640 + $0).importTotal }.reduce(0, +)
        #expect(winter > summer)
    }

    @Test func tariffsAndPhasesAddUp() throws {
        let meter = MeterAtHand()
        let total = try meter.number(Self.energy)
        let rates = try (1...2).map { try meter.number(OBISCode(1, 0, 1, 8, UInt8($0), 255)) }
        #expect(rates.reduce(0, +) == total)
        let phases = try [21, 41, 61].map { try meter.number(OBISCode(1, 0, UInt8($0), 8, 0, 255)) }
        #expect(phases.reduce(0, +) == total)
        let power = try meter.number(OBISCode(1, 0, 1, 7, 0, 255))
        let powers = try [21, 41, 61].map { try meter.number(OBISCode(1, 0, UInt8($0), 7, 0, 255)) }
        #expect(powers.reduce(0, +) == power)
        #expect((2200...2400).contains(try meter.number(OBISCode(1, 0, 32, 7, 0, 255))))
    }

    @Test func theRegisterIsWhereTheProfileEnds() throws {
        let meter = MeterAtHand()
        meter.advance(1)
        let rows = try meter.rows(ProfileObjects.loadName)
        guard case .integer(let last) = rows[rows.count - 1].cell(2) else { throw Surprise("no energy") }
        #expect(rows[rows.count - 1].time?.utcSeconds == MeterAtHand.start)
        #expect(try meter.number(Self.energy) - last < 5)
        let average = try meter.number(OBISCode(1, 0, 1, 4, 0, 255), 3, classID: 5)
        guard case .integer(let before) = rows[rows.count - 2].cell(2) else { throw Surprise("no energy") }
        #expect(average == (last - before) * 4)
    }

    @Test func whileDisconnectedNothingIsUsed() throws {
        let meter = MeterAtHand()
        let control = ControlObjects.disconnectControl
        #expect(meter.invoke(70, control, 1) == .success)
        #expect(try meter.value(70, control, 2) == .boolean(false))
        #expect(try meter.value(70, control, 3) == .enumeration(0))
        let atStart = try meter.number(Self.energy)
        #expect(try meter.number(OBISCode(1, 0, 1, 7, 0, 255)) == 0)
        meter.advance(7200)
        #expect(try meter.number(Self.energy) == atStart)
        #expect(meter.invoke(70, control, 2) == .success)
        #expect(meter.meter.controlState == .connected)
        meter.advance(7200)
        #expect(try meter.number(Self.energy) > atStart)
        let rows = try meter.rows(ProfileObjects.loadName, selection: .entries(from: 3345))
        let energies = (0..<rows.count).map { rows[$0].cell(2) }
        #expect(energies.suffix(9).first == .integer(atStart))
        let events = try meter.rows(ProfileObjects.disconnectorLogName)
        #expect((0..<events.count).map { events[$0].cell(1) } == [.integer(62), .integer(63)])
    }

    @Test func controlModesAreObeyed() {
        let meter = MeterAtHand()
        let control = ControlObjects.disconnectControl
        #expect(meter.invoke(70, control, 2) == .otherReason)
        #expect(meter.set(70, control, 4, .enumeration(9)) == .otherReason)
        #expect(meter.set(70, control, 4, .enumeration(3)) == .success)
        #expect(meter.invoke(70, control, 1) == .success)
        #expect(meter.invoke(70, control, 2) == .success)
        #expect(meter.meter.controlState == .readyForReconnection)
        meter.meter.pressButton()
        #expect(meter.meter.controlState == .connected)
        #expect(meter.set(70, control, 4, .enumeration(0)) == .success)
        #expect(meter.invoke(70, control, 1) == .otherReason)
        #expect(meter.invoke(9, ControlObjects.scriptTable, 1, .longUnsigned(1)) == .otherReason)
    }

    @Test func theMaximumDemandIsTheLargestQuarterAndCanBeReset() throws {
        let meter = MeterAtHand()
        let maximum = PowerObjects.maximumImport
        let demand = try meter.number(maximum, 2, classID: 4)
        let rows = try meter.rows(ProfileObjects.loadName)
        let november = 1_793_487_600 as Int64
        var largest: Int64 = 0
        for index in 1..<rows.count {
            guard case .integer(let left) = rows[index - 1].cell(2), case .integer(let right) = rows[index].cell(2),
                let time = rows[index].time?.utcSeconds, time > november
            else { continue }
            largest = max(largest, (right - left) * 4)
        }
        #expect(demand == largest)
        #expect(meter.invoke(4, maximum, 1) == .success)
        #expect(try meter.number(maximum, 2, classID: 4) == 0)
    }
}
