// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Testing

@testable import MeterSimulator

@Suite struct PeculiarProfileTests {
    private static let end = MeterAtHand.start
    private static let range = SelectiveAccess.range(
        from: COSEMDateTime(secondsSinceEpoch: end - 900 * 95, deviationMinutes: -60)
            ?? COSEMDateTime(date: .unspecified, time: .unspecified),
        to: COSEMDateTime(secondsSinceEpoch: end, deviationMinutes: -60)
            ?? COSEMDateTime(date: .unspecified, time: .unspecified)
    )

    @Test(
        arguments: [PeculiarProfiles.nullCompressed, PeculiarProfiles.compactArray, PeculiarProfiles.wholeRows].map(
            \.logicalName
        )
    )
    func otherFormsHoldTheSameRows(name: OBISCode) throws {
        let meter = MeterAtHand()
        let plain = try meter.rows(ProfileObjects.loadName, selection: Self.range)
        let rows = try meter.rows(name, selection: Self.range)
        #expect(plain.count == 96)
        #expect(rows.indices.map { rows[$0].values } == plain.indices.map { plain[$0].values })
        #expect(rows.indices.map { rows[$0].time?.utcSeconds } == plain.indices.map { plain[$0].time?.utcSeconds })
        #expect(rows.indices.map { rows[$0].status } == plain.indices.map { plain[$0].status })
    }

    @Test func theNewestRowMayComeFirst() throws {
        let meter = MeterAtHand()
        let name = PeculiarProfiles.newestFirst.logicalName
        let rows = try meter.rows(name, selection: .entries(from: 1, to: 3))
        #expect(rows.indices.map { rows[$0].time?.utcSeconds } == [0, 1, 2].map { Self.end - $0 * 900 })
        #expect(try meter.value(7, name, 5) == .enumeration(2))
    }

    @Test func differencesAndUnixTimeAddUp() throws {
        let meter = MeterAtHand()
        let plain = try meter.rows(ProfileObjects.loadName)
        let name = PeculiarProfiles.differences.logicalName
        let rows = try meter.rows(name)
        #expect(rows.indices.map { rows[$0].values } == plain.indices.map { plain[$0].values })
        #expect(rows.indices.map { rows[$0].time?.utcSeconds } == plain.indices.map { plain[$0].time?.utcSeconds })
        guard case .data(let octets) = meter.get(7, name, 2),
            case .data(let usual) = meter.get(7, ProfileObjects.loadName, 2)
        else { throw Surprise("a buffer was refused") }
        #expect(octets.count < usual.count * 2 / 3)
    }

    @Test func selectionIsRefusedWhereItShouldBe() throws {
        let meter = MeterAtHand()
        let none = PeculiarProfiles.unselectable.logicalName
        #expect(meter.get(7, none, 2, selection: Self.range) == .failure(.otherReason))
        #expect(meter.get(7, none, 2, selection: .entries(from: 1)) == .failure(.otherReason))
        let rows = PeculiarProfiles.wholeRows.logicalName
        #expect(meter.get(7, rows, 2, selection: .entries(from: 1, firstColumn: 2)) == .failure(.otherReason))
        #expect(try meter.rows(rows, selection: .entries(from: 3360)).count == 1)
    }

    @Test func compactDataHasItsTemplate() throws {
        let meter = MeterAtHand()
        let name = PeculiarProfiles.compactData.logicalName
        guard case .octetString(let buffer) = try meter.value(62, name, 2),
            case .octetString(let template) = try meter.value(62, name, 5)
        else { throw Surprise("no octets") }
        let values = try CompactData(buffer: buffer, template: template).values
        let captured = try #require(CaptureObject.list(try meter.value(62, name, 3)))
        #expect(values.count == captured.count)
        #expect(values[0] == (try meter.value(62, name, 4)))
        #expect(values[1] == .doubleLongUnsigned(UInt32(MeterAtHand.start)))
        #expect(values[3].integerValue == (try meter.number(OBISCode(1, 0, 1, 8, 0, 255))))
    }
}
