// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText
import Testing
import Timekeeping

@Suite struct ProfileCompressionTests {
    private static let start: Int64 = 1_795_000_500
    private static let energy = OBISCode(1, 0, 1, 8, 0, 255)
    private static let status = CaptureObject(
        classID: 1,
        logicalName: OBISCode(0, 0, 96, 10, 1, 255),
        attributeIndex: 2
    )
    private static let unixClock = CaptureObject(
        classID: 1,
        logicalName: OBISCode(0, 0, 1, 1, 0, 255),
        attributeIndex: 2
    )
    private static func register(_ d: UInt8) -> CaptureObject {
        CaptureObject(classID: 3, logicalName: OBISCode(1, 0, d, 8, 0, 255), attributeIndex: 2)
    }

    private func decode(
        _ buffer: [UInt8],
        _ layout: ProfileLayout,
        _ options: ProfileDecodingOptions = ProfileDecodingOptions(capturePeriod: 900),
        pieces: Int = .max
    ) throws -> ProfileRows {
        var decoder = ProfileRowDecoder(layout: layout, options: options)
        var start = 0
        while start < buffer.count {
            let end = pieces < buffer.count - start ? start + pieces : buffer.count
            try decoder.feed(Array(buffer[start..<end]))
            start = end
        }
        try decoder.finish()
        return decoder.takeRows()
    }

    private func stamp(_ index: Int) -> DLMSData {
        let time = COSEMDateTime(secondsSinceEpoch: 1_795_000_500 + Int64(index) * 900, deviationMinutes: -60)
        return .octetString(time?.octets ?? [])
    }

    @Test func differencesAddUpInTheirColumn() throws {
        let layout = ProfileLayout(captureObjects: [.clock, Self.register(1), Self.register(2), Self.register(3)])
        let buffer = DLMSData.array([
            .structure([stamp(0), .doubleLongUnsigned(1000), .long64Unsigned(.max - 3), .long(-5)]),
            .structure([.nullData, .deltaUnsigned(200), .deltaInteger(-1), .deltaDoubleLong(-100_000)]),
            .structure([.nullData, .deltaLongUnsigned(60_000), .deltaDoubleLongUnsigned(4), .deltaLong(7)]),
            .structure([.nullData, .nullData, .doubleLongUnsigned(9), .deltaInteger(1)]),
            .structure([.nullData, .deltaUnsigned(1), .deltaUnsigned(1), .nullData]),
        ])
        let expected: [[ProfileCell]] = [
            [.integer(1000), .unsigned(.max - 3), .integer(-5)],
            [.integer(1200), .unsigned(.max - 4), .integer(-100_005)],
            [.integer(61_200), .unsigned(.max), .integer(-99_998)],
            [.integer(61_200), .integer(9), .integer(-99_997)],
            [.integer(61_201), .integer(10), .integer(-99_997)],
        ]
        for pieces in [Int.max, 3, 17] {
            let rows = try decode(buffer.octets, layout, pieces: pieces)
            #expect((0..<rows.count).map { rows[$0].values } == expected)
            #expect(rows[4].inferredKeys == ["time", "1.0.3.8.0.255/2"])
            #expect(rows[4].time?.utcSeconds == Self.start + 3600)
        }
    }

    @Test func aDifferenceToNothingIsNoValue() throws {
        let layout = ProfileLayout(captureObjects: [.clock, Self.register(1)])
        let buffer = DLMSData.array([.structure([stamp(0), .deltaUnsigned(5)])])
        let row = try decode(buffer.octets, layout)[0]
        #expect(row.values == [.null])
        #expect(row.quality(.amr) == .suspect)
        #expect(row.reasons(.amr) == ["difference-without-base"])
    }

    @Test func unixTimesMayComeAsDifferences() throws {
        let layout = ProfileLayout(captureObjects: [Self.unixClock, Self.register(1)])
        let buffer = DLMSData.array([
            .structure([.doubleLongUnsigned(1_795_000_500), .unsigned(1)]),
            .structure([.deltaLongUnsigned(900), .unsigned(2)]), .structure([.nullData, .unsigned(3)]),
            .structure([.deltaLongUnsigned(1800), .unsigned(4)]),
        ])
        let rows = try decode(buffer.octets, layout)
        #expect(
            (0..<rows.count).map { rows[$0].time?.utcSeconds } == [0, 900, 1800, 2700].map { Self.start + $0 }
        )
        #expect((0..<rows.count).map { rows[$0].time?.source } == [.unix, .unix, .inferred, .unix])
    }

    @Test func compactArraysAreDecodedWhileTheyArrive() throws {
        let layout = ProfileLayout(captureObjects: [.clock, Self.status, Self.register(1)])
        let rows = (0..<2000).map { index in
            DLMSData.structure([stamp(index), .unsigned(0), .doubleLongUnsigned(UInt32(index))])
        }
        let plain = try decode(DLMSData.array(rows).octets, layout)
        let compact = DLMSData.compactArray(try #require(CompactArray(elements: rows))).octets
        for pieces in [Int.max, 1, 100] {
            var decoder = ProfileRowDecoder(layout: layout, options: ProfileDecodingOptions(capturePeriod: 900))
            var count = 0
            var mostPending = 0
            var start = 0
            while start < compact.count {
                let end = pieces < compact.count - start ? start + pieces : compact.count
                try decoder.feed(Array(compact[start..<end]))
                mostPending = max(mostPending, decoder.pendingCount)
                let taken = decoder.takeRows()
                for index in 0..<taken.count {
                    #expect(taken[index].values == plain[count].values)
                    #expect(taken[index].time == plain[count].time)
                    count += 1
                }
                start = end
            }
            try decoder.finish()
            #expect(count == 2000)
            // Never more than a row of 18 octets, or the description in front of them.
            #expect(mostPending < 32)
        }
    }

    // Published layouts of compact arrays: a structure with a boolean, and single numbers.
    @Test func publishedCompactArraysAreBuffers() throws {
        let flag = CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 96, 50, 0, 255), attributeIndex: 2)
        let pairs = ProfileLayout(captureObjects: [Self.register(1), flag])
        let octets = try #require(Hexadecimal.octets(of: "130202120306000501000600"))
        let rows = try decode(octets, pairs)
        #expect(
            (0..<rows.count).map { rows[$0].values } == [
                [.integer(5), .boolean(true)], [.integer(6), .boolean(false)],
            ]
        )
        let single = ProfileLayout(captureObjects: [Self.register(1)])
        let numbers = try decode(try #require(Hexadecimal.octets(of: "131206000100020304")), single)
        #expect((0..<numbers.count).map { numbers[$0].values } == [[.integer(1)], [.integer(2)], [.integer(772)]])
        #expect(try decode(try #require(Hexadecimal.octets(of: "131200")), single).isEmpty)
        #expect(throws: ProfileError.self) {
            try decode(try #require(Hexadecimal.octets(of: "13120500010002")) + [3], single)
        }
        #expect(throws: ProfileError.notARow(index: 0, tag: 0x13)) { try decode([0x13, 0x00, 0x01, 0x00], single) }
    }

    @Test func aCompactColumnOfNullRepeatsNothingButTimeGoesOn() throws {
        let layout = ProfileLayout(captureObjects: [.clock, Self.register(1)])
        var options = ProfileDecodingOptions(capturePeriod: 900)
        options.rangeStart = ProfileTime(utcSeconds: 1_795_000_500, zone: FixedOffset(minutes: 60))
        // structure { null-data, long-unsigned }: 1, 2, 3.
        let rows = try decode(try #require(Hexadecimal.octets(of: "1302020012" + "06000100020003")), layout, options)
        #expect((0..<rows.count).map { rows[$0].time?.utcSeconds } == [0, 900, 1800].map { Self.start + $0 })
        #expect(rows[0].time?.source == .rangeStart)
        #expect(rows[0].quality(.amr) == .inferred)
        #expect(rows[1].quality(.amr) == .valid)
    }

    @Test func wantedColumnsAreTakenFromRowsThatHaveAllOrThemOnly() throws {
        let layout = ProfileLayout(captureObjects: [.clock, Self.status, Self.register(1), Self.register(2)])
        var options = ProfileDecodingOptions(capturePeriod: 900, columns: [0, 3])
        let all = DLMSData.array([
            .structure([stamp(0), .unsigned(0), .unsigned(1), .unsigned(2)]),
            .structure([.nullData, .nullData, .nullData, .nullData]),
            .structure([.nullData, .nullData, .visibleString([0x41]), .deltaUnsigned(3)]),
        ])
        let only = DLMSData.array([
            .structure([stamp(0), .unsigned(2)]), .structure([.nullData, .nullData]),
            .structure([.nullData, .deltaUnsigned(3)]),
        ])
        for strict in [false, true] {
            options.isStrict = strict
            for buffer in [all, only] {
                let rows = try decode(buffer.octets, layout, options)
                #expect(rows.layout.columns.map(\.key) == ["time", "1.0.2.8.0.255/2"])
                #expect((0..<3).map { rows[$0].values } == [[.integer(2)], [.integer(2)], [.integer(5)]])
                #expect(rows[2].time?.utcSeconds == Self.start + 1800)
            }
        }
    }

    @Test func rowsOfAnotherShapeAreRefusedWhenColumnsMustBeSure() throws {
        let layout = ProfileLayout(captureObjects: [.clock, Self.status, Self.register(1)])
        var options = ProfileDecodingOptions(capturePeriod: 900, isStrict: true)
        let short = DLMSData.array([.structure([stamp(0), .unsigned(0)])])
        #expect(throws: ProfileError.otherWidth(index: 0, expected: 3, found: 2)) {
            try decode(short.octets, layout, options)
        }
        let moved = DLMSData.array([.structure([.unsigned(0), stamp(0), .unsigned(1)])])
        #expect(throws: ProfileError.otherType(index: 0, column: "status", typeName: "octet-string")) {
            try decode(moved.octets, layout, options)
        }
        let text = DLMSData.array([.structure([stamp(0), .unsigned(0), stamp(0)])])
        #expect(throws: ProfileError.self) { try decode(text.octets, layout, options) }
        options.isStrict = false
        let row = try decode(short.octets, layout, options)[0]
        #expect(row.quality(.amr) == .suspect)
        #expect(row.reasons(.amr) == ["short-row"])
        #expect(row.values == [.null])
    }

    @Test func oneElementOfAStructureHasItsOwnColumnAndName() throws {
        // The reason of the last activation, second element of the entry of a register's scaler_unit: its unit.
        let unit = CaptureObject(classID: 3, logicalName: Self.energy, attributeIndex: 3, dataIndex: 2)
        let value = CaptureObject(classID: 3, logicalName: Self.energy, attributeIndex: 2)
        let layout = ProfileLayout(
            captureObjects: [.clock, unit, value],
            scalerUnits: [Self.energy: ScalerUnit(scaler: -1, unitCode: 30)]
        )
        let buffer = DLMSData.array([.structure([stamp(0), .enumeration(30), .unsigned(123)])])
        let rows = try decode(buffer.octets, layout)
        var rowWriter = ProfileRowWriter(layout: layout)
        var writer = JSONWriter()
        rowWriter.write(rows[0], into: &writer)
        #expect(String(decoding: writer.octets, as: UTF8.self).contains(#""values":[{"code":30,"name":"Wh"},12.3]"#))
        var columns = JSONWriter()
        rowWriter.writeColumns(into: &columns)
        let text = String(decoding: columns.octets, as: UTF8.self)
        #expect(text.contains(#""key":"1.0.1.8.0.255/3/2","name":"Active energy import (+A) total","element":"unit""#))
        // Only the whole value is a quantity.
        #expect(text.contains(#""key":"1.0.1.8.0.255/2","name":"Active energy import (+A) total","unit":"Wh""#))
    }

    @Test func unknownUnitsAreTold() {
        let layout = ProfileLayout(captureObjects: [.clock, Self.register(1)])
        var writer = JSONWriter()
        ProfileRowWriter(layout: layout).writeColumns(into: &writer)
        #expect(String(decoding: writer.octets, as: UTF8.self).contains(#""unit":null,"unitCode":null,"scaler":null"#))
    }

    // Field report: scalers were not applied to demand registers in profiles.
    @Test func demandRegistersAreScaled() throws {
        let name = OBISCode(1, 0, 1, 4, 0, 255)
        let captures = [2, 3].map { CaptureObject(classID: 5, logicalName: name, attributeIndex: $0) }
        let layout = ProfileLayout(captureObjects: captures, scalerUnits: [name: ScalerUnit(scaler: 1, unitCode: 27)])
        let rows = try decode(DLMSData.array([.structure([.unsigned(7), .unsigned(8)])]).octets, layout)
        var rowWriter = ProfileRowWriter(layout: layout)
        var writer = JSONWriter()
        rowWriter.write(rows[0], into: &writer)
        #expect(String(decoding: writer.octets, as: UTF8.self).contains(#""values":[70,80]"#))
    }

    @Test func usualAndOtherRowsAreWrittenAlike() throws {
        let names = [UInt8(1), 2, 3, 4]
        let layout = ProfileLayout(
            captureObjects: [.clock] + names.map { Self.register($0) },
            scalerUnits: [
                OBISCode(1, 0, 1, 8, 0, 255): ScalerUnit(scaler: -3, unitCode: 30),
                OBISCode(1, 0, 2, 8, 0, 255): ScalerUnit(scaler: 2, unitCode: 30),
            ]
        )
        let numbers: [Int64] = [0, 1, -1, 9, 10, 99, 100, 999, 1000, -1001, 12_345_678, .max, .min]
        let buffer = DLMSData.array(
            numbers.map { .structure([stamp(0)] + Array(repeating: .long64($0), count: names.count)) }
        )
        let rows = try decode(buffer.octets, layout)
        var usual = ProfileRowWriter(layout: layout)
        for (index, number) in numbers.enumerated() {
            var writer = JSONWriter()
            usual.write(rows, at: index, into: &writer)
            let scaled = [-3, 2, 0, 0].map { DecimalText.scaled(number, scaler: $0) }.joined(separator: ",")
            #expect(String(decoding: writer.octets, as: UTF8.self).contains("\"values\":[\(scaled)],"))
        }
    }
}
