// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Testing
import Timekeeping

@Suite("Stores of profile rows")
struct ProfileRowStoreTests {
    private static let profile = OBISCode(1, 0, 99, 1, 0, 255)
    private static let energy = OBISCode(1, 0, 1, 8, 0, 255)
    private static let always = Timestamp(seconds: 0)..<Timestamp(seconds: 4_000_000_000)
    private static let start: Int64 = 1_790_000_100
    private static let captures = [
        CaptureObject.clock,
        CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 96, 10, 1, 255), attributeIndex: 2),
        CaptureObject(classID: 3, logicalName: energy, attributeIndex: 2),
        CaptureObject(classID: 1, logicalName: OBISCode(0, 0, 96, 1, 0, 255), attributeIndex: 2),
    ]

    private static func description(scaler: Int8 = 0) -> ProfileDescription {
        ProfileDescription(
            profile: profile,
            captureObjects: captures,
            scalerUnits: [energy: ScalerUnit(scaler: scaler, unitCode: 30)],
            capturePeriod: 900,
            sortMethod: .fifo,
            profileEntries: 1000
        )
    }

    /// A row of the n-th quarter of an hour.
    private struct Row {
        var number: Int64
        var value: DLMSData = .doubleLongUnsigned(5)
        var status: UInt64? = 0
        var source = ProfileTime.Source.meterDeviation
        var marks = ProfileRows.Marks()
    }

    private static func rows(_ rows: [Row], of description: ProfileDescription) throws -> ProfileRows {
        var made = ProfileRows(layout: description.layout)
        for row in rows {
            let seconds = start + row.number * 900
            let dateTime = try #require(COSEMDateTime(secondsSinceEpoch: seconds, deviationMinutes: -60))
            made.append(
                time: ProfileTime(dateTime: dateTime, utcSeconds: seconds, offsetMinutes: 60, source: row.source),
                status: row.status,
                marks: row.marks,
                values: [row.value, .visibleString(Array("K\(row.number)".utf8))]
            )
        }
        return made
    }

    private static func append(
        _ rows: [Row],
        _ description: ProfileDescription = description(),
        to meter: MeterID,
        in stores: Stores,
        at seconds: Int64 = 1_790_100_000
    ) async throws -> ReadingReceipt {
        try await stores.fleet.append(
            ReadingBatch(
                meter: meter,
                origin: .live,
                receivedAt: Timestamp(seconds: seconds),
                profiles: [ProfileIntake(description: description, rows: try Self.rows(rows, of: description))]
            )
        )
    }

    private static func stored(
        _ meter: MeterID,
        in stores: Stores,
        range: Range<Timestamp> = always,
        limit: Int = 1000
    ) async throws -> StoredRows {
        let description = try #require(try await stores.fleet.profileDescription(of: meter, profile: profile))
        return try await stores.fleet.storedRows(of: meter, description, in: range, limit: limit)
    }

    @Test(arguments: Backend.allCases)
    func `Rows come back with everything the meter sent`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            var repeated = ProfileRows.Marks()
            repeated.infer(2)
            var short = ProfileRows.Marks()
            short.isShort = true
            short.infer(0)
            short.infer(1)
            let sent = [
                Row(number: 0), Row(number: 1, value: .nullData, status: nil),
                Row(number: 2, value: .long64Unsigned(.max), status: .max, marks: repeated),
                Row(number: 3, status: 0x82, source: .inferred, marks: short),
                Row(number: 4, value: .float32(bitPattern: Float(0.1).bitPattern), source: .unix),
            ]
            let receipt = try await Self.append(sent, to: meter, in: stores)
            #expect(receipt.profiles.first?.counts.new == 5)
            #expect(receipt.profiles.first?.newTimes.first == Timestamp(seconds: Self.start))
            #expect(receipt.profiles.first?.newest == Timestamp(seconds: Self.start + 4 * 900))
            #expect(receipt.values.new == 10)
            #expect(try await stores.fleet.storedProfiles(of: meter) == [Self.profile])
            #expect(
                try await stores.fleet.profileDescription(of: meter, profile: Self.profile) == Self.description()
            )
            let stored = try await Self.stored(meter, in: stores)
            let expected = try Self.rows(sent, of: Self.description())
            #expect(stored.incomplete.isEmpty)
            #expect(stored.rows.count == 5)
            for index in expected.indices {
                #expect(stored.rows.time(index) == expected.time(index))
                #expect(stored.rows.status(index) == expected.status(index))
                #expect(stored.rows.marks(index) == expected.marks(index))
                #expect(stored.rows[index].values == expected[index].values)
            }
            #expect(stored.rows.others == expected.others)
        }
    }

    @Test(arguments: Backend.allCases)
    func `The status of a row and its nulls are told with each of its values`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            var repeated = ProfileRows.Marks()
            repeated.infer(2)
            _ = try await Self.append(
                [Row(number: 0, status: 0x02), Row(number: 1, marks: repeated)],
                to: meter,
                in: stores
            )
            let series = try await stores.fleet.readingSeries(of: meter).filter { $0.series.object == Self.energy }
            let readings = try await stores.fleet.readings(
                of: meter,
                series: try #require(series.first),
                in: Self.always,
                limit: 10,
                withDetail: true
            )
            #expect(readings.map(\.quality) == [.suspect, .inferred])
            #expect(readings.map(\.reasons) == [["clock-invalid"], ["repeated-value"]])
            #expect(readings.map(\.detail?.status) == [2, 0])
            #expect(readings.map(\.detail?.timeSource) == [.meterDeviation, .meterDeviation])
            #expect(readings.first?.detail?.rawTime?.count == 24)
            #expect(readings.first?.scalerUnit == ScalerUnit(scaler: 0, unitCode: 30))
        }
    }

    @Test(arguments: Backend.allCases)
    func `Rows that come again are counted, different ones are kept as revisions`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            _ = try await Self.append([Row(number: 0), Row(number: 1), Row(number: 2)], to: meter, in: stores)
            let again = [
                Row(number: 1), Row(number: 2, value: .doubleLongUnsigned(6), status: 0x20), Row(number: 3),
            ]
            let receipt = try await Self.append(again, to: meter, in: stores, at: 1_790_200_000)
            let rows = try #require(receipt.profiles.first)
            #expect((rows.counts.new, rows.counts.repeated, rows.counts.revised) == (1, 1, 1))
            #expect(rows.newTimes == [Timestamp(seconds: Self.start + 3 * 900)])
            let stored = try await Self.stored(meter, in: stores)
            #expect(stored.rows.count == 4)
            #expect(stored.rows.status(2) == 0x20)
            #expect(stored.rows.cell(2, column: 2) == .integer(6))
            let series = try await stores.fleet.readingSeries(of: meter)
            let own = try #require(series.first { $0.isRows })
            let revisions = try await stores.fleet.readingRevisions(of: meter, series: own, in: Self.always)
            #expect(revisions.map(\.status) == [0])
        }
    }

    @Test(arguments: Backend.allCases)
    func `Two rows of one instant in one buffer are both kept`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            let sent = [Row(number: 0), Row(number: 1), Row(number: 1, value: .doubleLongUnsigned(9)), Row(number: 2)]
            let receipt = try await Self.append(sent, to: meter, in: stores)
            #expect(receipt.profiles.first?.counts.new == 3)
            #expect(receipt.profiles.first?.counts.revised == 1)
            let again = try await Self.append(sent, to: meter, in: stores)
            #expect(again.profiles.first?.counts.new == 0)
            #expect(again.profiles.first?.counts.repeated == 4)
            #expect(again.values.new == 0)
            #expect(again.values.revised == 0)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A row whose time was derived does not replace one whose time was sent`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            var derived = ProfileRows.Marks()
            derived.infer(0)
            let first = Row(number: 0, source: .inferred, marks: derived)
            _ = try await Self.append([first], to: meter, in: stores)
            let receipt = try await Self.append([Row(number: 0)], to: meter, in: stores)
            #expect(receipt.profiles.first?.counts.repeated == 1)
            #expect(try await Self.stored(meter, in: stores).rows.time(0)?.source == .meterDeviation)
            _ = try await Self.append([first], to: meter, in: stores)
            #expect(try await Self.stored(meter, in: stores).rows.time(0)?.source == .meterDeviation)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A scaler that changes rescales what was stored before where that is exact`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            let fine = Self.description(scaler: -1)
            _ = try await Self.append(
                [Row(number: 0, value: .long(50)), Row(number: 1, value: .long(51))],
                fine,
                to: meter,
                in: stores
            )
            _ = try await Self.append([Row(number: 2, value: .long(6))], to: meter, in: stores)
            let stored = try await Self.stored(meter, in: stores)
            #expect(stored.rows.cell(0, column: 2) == .integer(5))
            #expect(stored.rows.cell(2, column: 2) == .integer(6))
            #expect(stored.incomplete == [1])
        }
    }

    @Test(arguments: Backend.allCases)
    func `Rows read with some columns are told as incomplete until the others come`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            let description = Self.description()
            var part = ProfileRows(layout: description.layout.selecting([0, 1, 2]))
            let dateTime = try #require(COSEMDateTime(secondsSinceEpoch: Self.start, deviationMinutes: -60))
            part.append(
                time: ProfileTime(
                    dateTime: dateTime,
                    utcSeconds: Self.start,
                    offsetMinutes: 60,
                    source: .meterDeviation
                ),
                status: 0,
                marks: ProfileRows.Marks(),
                values: [.doubleLongUnsigned(5)]
            )
            _ = try await stores.fleet.append(
                ReadingBatch(
                    meter: meter,
                    origin: .live,
                    receivedAt: Timestamp(seconds: Self.start),
                    profiles: [ProfileIntake(description: description, rows: part)]
                )
            )
            #expect(try await Self.stored(meter, in: stores).incomplete == [0])
            let receipt = try await Self.append([Row(number: 0)], to: meter, in: stores)
            #expect(receipt.profiles.first?.counts.repeated == 1)
            #expect(receipt.values.new == 1)
            #expect(try await Self.stored(meter, in: stores).incomplete == [])
        }
    }

    @Test(arguments: Backend.allCases)
    func `Rows are taken by range and in pages`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            _ = try await Self.append((0..<10).map { Row(number: $0) }, to: meter, in: stores)
            let from = Timestamp(seconds: Self.start + 2 * 900)
            let range = from..<Timestamp(seconds: Self.start + 8 * 900)
            let times = try await stores.fleet.storedRowTimes(of: meter, profile: Self.profile, in: range)
            #expect(times.count == 6)
            let page = try await Self.stored(meter, in: stores, range: range, limit: 4)
            #expect(page.rows.indices.compactMap { page.rows.utcSeconds($0) } == times.prefix(4).map(\.seconds))
        }
    }
}
