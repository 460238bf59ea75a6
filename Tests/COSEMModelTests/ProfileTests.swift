// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText
import Testing
import Timekeeping

@Suite struct ProfileTests {
    private static let energy = OBISCode(1, 0, 1, 8, 0, 255)
    private static let captures = [
        CaptureObject.clock,
        CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 96, 10, 1, 255), attributeIndex: 2),
        CaptureObject(classID: 3, logicalName: energy, attributeIndex: 2),
    ]
    private static let layout = ProfileLayout(
        captureObjects: captures,
        scalerUnits: [energy: ScalerUnit(scaler: -2, unitCode: 30)]
    )

    private static func row(_ index: Int, status: UInt8 = 0) -> DLMSData {
        let time = COSEMDateTime(secondsSinceEpoch: 1_795_000_500 + Int64(index) * 900, deviationMinutes: -60)
        return .structure([
            .octetString(time?.octets ?? []), .unsigned(status), .doubleLongUnsigned(UInt32(1000 + index)),
        ])
    }

    private func text(_ rows: ProfileRows, _ layout: ProfileLayout = layout) -> [String] {
        var rowWriter = ProfileRowWriter(layout: layout)
        return (0..<rows.count).map { index in
            var writer = JSONWriter()
            rowWriter.write(rows[index], into: &writer)
            return String(decoding: writer.octets, as: UTF8.self)
        }
    }

    private func decode(
        _ octets: [UInt8],
        _ layout: ProfileLayout = layout,
        _ options: ProfileDecodingOptions
    ) throws
        -> ProfileRows
    {
        var decoder = ProfileRowDecoder(layout: layout, options: options)
        try decoder.feed(octets)
        try decoder.finish()
        return decoder.takeRows()
    }

    @Test func rowsAreScaledAndStamped() throws {
        let buffer = DLMSData.array([Self.row(0), Self.row(1, status: 0b1010_1000)])
        let rows = try decode(buffer.octets, Self.layout, ProfileDecodingOptions(capturePeriod: 900))
        #expect(
            text(rows) == [
                #"{"time":"2026-11-18T12:15:00+01:00","rawTime":"07EA0B12030C0F0000FFC400","#
                    + #""timeSource":"meter-deviation","status":[],"values":[10.00],"quality":"valid"}"#,
                #"{"time":"2026-11-18T12:30:00+01:00","rawTime":"07EA0B12030C1E0000FFC400","#
                    + #""timeSource":"meter-deviation","status":["daylight-saving","clock-adjusted","power-down"],"#
                    + #""values":[10.01],"quality":"suspect","reasons":["clock-adjusted"]}"#,
            ]
        )
        #expect(rows[1].time?.utcSeconds == 1_795_001_400)
        #expect(rows[0].status == 0)
    }

    // Published: a reading of four hours from a meter that writes the time of the first row only.
    @Test func nullRepeatsAndTheTimeAdvances() throws {
        let hex =
            "01040204090C07E30C1F0217000000FFC400110606000005ED0600000654020400110606000005ED0600000654"
            + "020400110606000005ED0600000654020400110606000005ED0600000654"
        let octets = try #require(Hexadecimal.octets(of: hex))
        let export = OBISCode(1, 0, 2, 8, 0, 255)
        let captures = Self.captures + [CaptureObject(classID: 3, logicalName: export, attributeIndex: 2)]
        let layout = ProfileLayout(captureObjects: captures)
        let rows = try decode(octets, layout, ProfileDecodingOptions(capturePeriod: 3600))
        #expect(
            (0..<rows.count).map { rows[$0].time?.iso } == [
                "2019-12-31T23:00:00+01:00", "2020-01-01T00:00:00+01:00", "2020-01-01T01:00:00+01:00",
                "2020-01-01T02:00:00+01:00",
            ]
        )
        #expect(rows[0].inferredKeys == [])
        #expect(rows[3].inferredKeys == ["time"])
        #expect(rows[3].values == [.integer(1517), .integer(1620)])
    }

    @Test func nullCellsRepeatTheRowBeforeUnlessTheMeterMeansNothing() throws {
        let value = CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 96, 50, 0, 255), attributeIndex: 2)
        let layout = ProfileLayout(captureObjects: [Self.captures[2], value])
        let buffer = DLMSData.array([
            .structure([.unsigned(5), .visibleString([0x41])]), .structure([.nullData, .nullData]),
        ])
        var options = ProfileDecodingOptions()
        #expect(text(try decode(buffer.octets, layout, options), layout)[1].contains(#""values":[5,"A"]"#))
        options.expandsNull = false
        #expect(text(try decode(buffer.octets, layout, options), layout)[1].contains(#""values":[null,null]"#))
    }

    @Test func newestFirstGoesBackInTime() throws {
        let first = Self.row(0)
        let buffer = DLMSData.array([first, .structure([.nullData, .unsigned(0), .doubleLongUnsigned(1)])])
        let options = ProfileDecodingOptions(capturePeriod: 900, sortMethod: .lifo)
        let rows = try decode(buffer.octets, Self.layout, options)
        #expect(rows[1].time?.iso == "2026-11-18T12:00:00+01:00")
    }

    @Test func aFirstRowWithoutTimeTakesTheStartOfTheRange() throws {
        let null = DLMSData.structure([.nullData, .unsigned(0), .doubleLongUnsigned(1)])
        var options = ProfileDecodingOptions(capturePeriod: 900)
        let unknown = try decode(DLMSData.array([null]).octets, Self.layout, options)
        #expect(unknown[0].time == nil)
        options.rangeStart = ProfileTime(utcSeconds: 1_795_000_500, zone: FixedOffset(minutes: 60))
        let rows = try decode(DLMSData.array([null, null]).octets, Self.layout, options)
        #expect(rows[0].quality(.amr) == .inferred)
        #expect(rows[1].time?.iso == "2026-11-18T12:30:00+01:00")
    }

    @Test func eventsWithoutPeriodGetNoInventedTime() throws {
        let buffer = DLMSData.array([Self.row(0), .structure([.nullData, .unsigned(0), .doubleLongUnsigned(1)])])
        let rows = try decode(buffer.octets, Self.layout, ProfileDecodingOptions(capturePeriod: 0))
        #expect(rows[1].time == nil)
        #expect(text(rows)[1].hasPrefix(#"{"time":null"#))
    }

    @Test func anySplitOfTheOctetsGivesTheSameRows() throws {
        let buffer = DLMSData.array((0..<300).map { Self.row($0, status: UInt8($0 % 3)) }).octets
        let options = ProfileDecodingOptions(capturePeriod: 900)
        let whole = text(try decode(buffer, Self.layout, options))
        #expect(whole.count == 300)
        for size in [1, 2, 7, 23, 100, 1000] {
            var decoder = ProfileRowDecoder(layout: Self.layout, options: options)
            var streamed: [String] = []
            var start = 0
            while start < buffer.count {
                let end = min(start + size, buffer.count)
                try decoder.feed(Array(buffer[start..<end]))
                streamed += text(decoder.takeRows())
                start = end
            }
            try decoder.finish()
            #expect(streamed == whole, "pieces of \(size)")
        }
    }

    @Test func everyCutBufferIsNoticed() {
        let buffer = DLMSData.array((0..<3).map { Self.row($0) }).octets
        for count in 0..<buffer.count {
            #expect(throws: ProfileError.self) {
                try decode(Array(buffer[..<count]), Self.layout, ProfileDecodingOptions())
            }
        }
        #expect(throws: ProfileError.trailingOctets(1)) {
            try decode(buffer + [0], Self.layout, ProfileDecodingOptions())
        }
    }

    @Test func foreignContentIsRefused() {
        let long = DLMSData.array([.structure(Array(repeating: .unsigned(1), count: 4))])
        #expect(throws: ProfileError.otherWidth(index: 0, expected: 3, found: 4)) {
            try decode(long.octets, Self.layout, ProfileDecodingOptions())
        }
        #expect(throws: ProfileError.notABuffer(tag: 17)) {
            try decode([17, 1], Self.layout, ProfileDecodingOptions())
        }
        #expect(throws: ProfileError.notARow(index: 0, tag: 17)) {
            try decode([1, 1, 17, 1], Self.layout, ProfileDecodingOptions())
        }
    }

    @Test func aCompactArrayIsABufferToo() throws {
        let rows = (0..<5).map { Self.row($0) }
        let compact = DLMSData.compactArray(try #require(CompactArray(elements: rows)))
        let options = ProfileDecodingOptions(capturePeriod: 900)
        let plain = text(try decode(DLMSData.array(rows).octets, Self.layout, options))
        #expect(text(try decode(compact.octets, Self.layout, options)) == plain)
    }

    @Test func unixTimesAndZonesGiveInstants() throws {
        let unix = CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 1, 1, 0, 255), attributeIndex: 2)
        let layout = ProfileLayout(captureObjects: [unix, Self.captures[2]])
        let options = ProfileDecodingOptions(zone: FixedOffset(minutes: 60))
        let buffer = DLMSData.array([.structure([.doubleLongUnsigned(1_795_000_500), .unsigned(1)])])
        #expect(try decode(buffer.octets, layout, options)[0].time?.iso == "2026-11-18T12:15:00+01:00")

        let local = COSEMDateTime(year: 2026, month: 11, dayOfMonth: 18, hour: 12, minute: 15, second: 0)
        let stamped = DLMSData.array([.structure([.octetString(local.octets), .unsigned(0), .unsigned(1)])])
        #expect(try decode(stamped.octets, Self.layout, options)[0].time?.utcSeconds == 1_795_000_500)
        let unknown = try decode(stamped.octets, Self.layout, ProfileDecodingOptions())
        #expect(unknown[0].time?.utcSeconds == nil)
        #expect(unknown[0].time?.iso == "2026-11-18T12:15:00")
    }

    @Test func rowsCanNameTheirValuesAndQuoteTheirNumbers() throws {
        let options = ProfileDecodingOptions(capturePeriod: 900)
        let rows = try decode(DLMSData.array([Self.row(0)]).octets, Self.layout, options)
        var rowWriter = ProfileRowWriter(layout: Self.layout, rowFormat: .object, numbersAsStrings: true)
        var writer = JSONWriter()
        rowWriter.write(rows[0], into: &writer)
        #expect(
            String(decoding: writer.octets, as: UTF8.self)
                == #"{"time":"2026-11-18T12:15:00+01:00","rawTime":"07EA0B12030C0F0000FFC400","#
                + #""timeSource":"meter-deviation","status":[],"1.0.1.8.0.255/2":"10.00","quality":"valid"}"#
        )
    }

    @Test func nonsenseNeverEndsTheProgram() {
        var generator = SeededGenerator(seed: 5)
        let buffer = DLMSData.array((0..<4).map { Self.row($0) }).octets
        for _ in 0..<4000 {
            var octets = buffer
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                octets[Int.random(in: 0..<octets.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            let rows = try? decode(octets, Self.layout, ProfileDecodingOptions(capturePeriod: 900))
            if let rows { _ = text(rows) }
        }
    }

    @Test func columnsCarryNameAndUnit() {
        var writer = JSONWriter()
        ProfileRowWriter(layout: Self.layout).writeColumns(into: &writer)
        let text = String(decoding: writer.octets, as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"[{"key":"time","object":{"obis":"0.0.1.0.0.255","class":8,"attribute":2}},{"key":"status""#
            )
        )
        #expect(
            text.contains(
                #"{"key":"1.0.1.8.0.255/2","name":"Active energy import (+A) total","unit":"Wh","unitCode":30,"scaler":-2"#
            )
        )
    }

    @Test func rangesRestrictTheClock() {
        let time = COSEMDateTime(year: 2026, month: 11, dayOfMonth: 22, hour: 0, minute: 0, second: 0)
        let octets = SelectiveAccess.range(from: time, to: time).octets
        #expect(
            Hexadecimal.text(of: octets)
                == "0102040204120008090600000100" + "00FF0F02120000" + "090C07EA0B16070000000080" + "00FF"
                + "090C07EA0B1607000000008000FF" + "0100"
        )
        #expect(
            Hexadecimal.text(of: SelectiveAccess.entries(from: 1, to: 100).octets)
                == "02020406000000010600000064120001120000"
        )
    }

    @Test func attributesMakeADescriptor() throws {
        let name = OBISCode(1, 0, 99, 1, 0, 255)
        let attributes: [Int8: DLMSData] = [
            3: .array(Self.captures.map(\.data)), 4: .doubleLongUnsigned(900), 5: .enumeration(1),
            6: CaptureObject.clock.data, 7: .doubleLongUnsigned(3000), 8: .doubleLongUnsigned(10_000),
        ]
        let descriptor = try #require(ProfileDescriptor(logicalName: name, attributes: attributes))
        #expect(descriptor.captureObjects == Self.captures)
        #expect(descriptor.sortMethod?.name == "fifo")
        #expect(descriptor.sortObject == .clock)
        #expect(descriptor.entriesInUse == 3000)
        #expect(ProfileDescriptor(logicalName: name, attributes: [:]) == nil)
    }
}
