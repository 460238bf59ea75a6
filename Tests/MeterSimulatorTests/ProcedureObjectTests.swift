// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@testable import MeterSimulator

@Suite("Objects that procedures work with")
struct ProcedureObjectTests {
    private static let image = FirmwareObjects.imageTransfer
    private static let calendar = OBISCode(0, 0, 13, 0, 0, 255)
    private static let specialDays = OBISCode(0, 0, 11, 0, 0, 255)

    private static func initiate(_ meter: MeterAtHand, size: UInt32) -> DLMSData {
        .structure([.octetString(Array("v2".utf8)), .doubleLongUnsigned(size)])
    }

    private static func block(_ number: UInt32, _ octets: [UInt8]) -> DLMSData {
        .structure([.doubleLongUnsigned(number), .octetString(octets)])
    }

    @Test func `An image is taken block by block in any order, verified and put in force`() throws {
        let meter = MeterAtHand { $0.imageBlockSize = 4 }
        #expect(meter.invoke(18, Self.image, 1, Self.initiate(meter, size: 10)) == .success)
        #expect(meter.invoke(18, Self.image, 2, Self.block(2, [9, 10])) == .success)
        #expect(meter.invoke(18, Self.image, 3) == .otherReason)
        #expect(try meter.value(18, Self.image, 4) == .doubleLongUnsigned(0))
        #expect(meter.invoke(18, Self.image, 2, Self.block(0, [1, 2, 3, 4])) == .success)
        #expect(try meter.value(18, Self.image, 3) == .bitString(BitString([true, false, true])))
        #expect(meter.invoke(18, Self.image, 2, Self.block(1, [5, 6, 7, 8])) == .success)
        #expect(try meter.value(18, Self.image, 4) == .doubleLongUnsigned(3))
        #expect(meter.invoke(18, Self.image, 3) == .success)
        #expect(meter.invoke(18, Self.image, 4) == .success)
        #expect(meter.meter.imageTransfer.image == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        #expect(try meter.value(1, FirmwareObjects.version, 2) == .octetString(Array("v2".utf8)))
    }

    @Test func `Initiating again forgets the blocks`() throws {
        let meter = MeterAtHand { $0.imageBlockSize = 4 }
        _ = meter.invoke(18, Self.image, 1, Self.initiate(meter, size: 8))
        _ = meter.invoke(18, Self.image, 2, Self.block(0, [1, 2, 3, 4]))
        _ = meter.invoke(18, Self.image, 1, Self.initiate(meter, size: 8))
        #expect(try meter.value(18, Self.image, 4) == .doubleLongUnsigned(0))
    }

    @Test func `A slow meter verifies while its status is looked at`() throws {
        let meter = MeterAtHand { $0.imageBlockSize = 4 }
        #expect(meter.set(1, FirmwareObjects.faults, 2, .unsigned(1)) == .success)
        _ = meter.invoke(18, Self.image, 1, Self.initiate(meter, size: 4))
        _ = meter.invoke(18, Self.image, 2, Self.block(0, [1, 2, 3, 4]))
        #expect(meter.invoke(18, Self.image, 3) == .temporaryFailure)
        #expect(try meter.value(18, Self.image, 6) == .enumeration(2))
        #expect(try meter.value(18, Self.image, 6) == .enumeration(3))
    }

    @Test func `A bad image fails its verification and a disabled meter takes none`() throws {
        let meter = MeterAtHand { $0.imageBlockSize = 4 }
        #expect(meter.set(1, FirmwareObjects.faults, 2, .unsigned(2)) == .success)
        _ = meter.invoke(18, Self.image, 1, Self.initiate(meter, size: 4))
        _ = meter.invoke(18, Self.image, 2, Self.block(0, [1, 2, 3, 4]))
        #expect(meter.invoke(18, Self.image, 3) == .otherReason)
        #expect(try meter.value(18, Self.image, 6) == .enumeration(4))
        _ = meter.set(1, FirmwareObjects.faults, 2, .unsigned(4))
        #expect(try meter.value(18, Self.image, 5) == .boolean(false))
        #expect(meter.invoke(18, Self.image, 1, Self.initiate(meter, size: 4)) == .readWriteDenied)
    }

    @Test func `Special days are inserted, replaced and deleted`() throws {
        let meter = MeterAtHand()
        let date = DLMSData.octetString(COSEMDate(year: nil, month: 7, dayOfMonth: 5).octets)
        let day = DLMSData.structure([.longUnsigned(9), date, .unsigned(1)])
        #expect(meter.invoke(11, Self.specialDays, 1, day) == .success)
        guard case .array(let days) = try meter.value(11, Self.specialDays, 2) else { throw Surprise("no array") }
        #expect(days.count == 4 && days.last == day)
        #expect(meter.invoke(11, Self.specialDays, 2, .longUnsigned(9)) == .success)
        guard case .array(let left) = try meter.value(11, Self.specialDays, 2) else { throw Surprise("no array") }
        #expect(left.count == 3)
    }

    @Test func `A passive calendar comes in force at its time`() throws {
        let meter = MeterAtHand()
        let name = DLMSData.octetString(Array("SUMMER".utf8))
        #expect(meter.set(20, Self.calendar, 6, name) == .success)
        let due = COSEMDateTime(secondsSinceEpoch: MeterAtHand.start + 60, deviationMinutes: -60)
        #expect(meter.set(20, Self.calendar, 10, .octetString(try #require(due).octets)) == .success)
        #expect(try meter.value(20, Self.calendar, 2) != name)
        meter.advance(61)
        #expect(try meter.value(20, Self.calendar, 2) == name)
    }

    @Test func `A push set-up counts what it was told to push`() {
        let meter = MeterAtHand()
        #expect(meter.invoke(40, PushObjects.onInterval, 1) == .success)
        #expect(meter.set(40, PushObjects.onInterval, 6, .unsigned(1)) == .success)
    }
}
