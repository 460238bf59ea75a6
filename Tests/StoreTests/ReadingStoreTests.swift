// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Jobs
import PostgreSQLDriver
import Testing
import Timekeeping

@Suite("Stores of readings")
struct ReadingStoreTests {
    private static let energy = OBISCode(1, 0, 1, 8, 0, 255)
    private static let series = ReadingSeries(source: .register, object: energy, classID: 3, attribute: 2)
    private static let wattHours = ScalerUnit(scaler: 0, unitCode: 30)
    private static let always = Timestamp(seconds: 0)..<Timestamp(seconds: 4_000_000_000)

    private static func batch(
        _ meter: MeterID,
        _ values: [(at: Int64, value: ReadingValue)],
        origin: ReadingOrigin = .live,
        scalerUnit: ScalerUnit? = wattHours,
        quality: ProfileQuality = .valid,
        receivedAt: Int64 = 2_000
    ) -> ReadingBatch {
        ReadingBatch(
            meter: meter,
            origin: origin,
            receivedAt: Timestamp(seconds: receivedAt),
            readings: values.map {
                NewReading(
                    series: series,
                    at: Timestamp(seconds: $0.at),
                    value: $0.value,
                    scalerUnit: scalerUnit,
                    quality: quality
                )
            }
        )
    }

    private static func counts(new: Int, repeated: Int = 0) -> ReadingReceipt.Counts {
        var counts = ReadingReceipt.Counts()
        counts.new = new
        counts.repeated = repeated
        return counts
    }

    private static func all(_ meter: MeterID, in stores: Stores) async throws -> [StoredReading] {
        var readings: [StoredReading] = []
        for series in try await stores.fleet.readingSeries(of: meter) {
            readings += try await stores.fleet.readings(
                of: meter,
                series: series,
                in: always,
                limit: 1000,
                withDetail: true
            )
        }
        return readings
    }

    @Test(arguments: Backend.allCases)
    func `Every kind of value comes back as it was`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            let values: [ReadingValue] = [
                .null, .integer(.min), .integer(.max), .integer(0), .unsigned(.max), .boolean(true), .boolean(false),
                .float32(Float(0.1).bitPattern), .float32(Float.nan.bitPattern), .float32(Float(-0.0).bitPattern),
                .float64(Double.pi.bitPattern), .float64(Double.infinity.bitPattern), .float64((-0.0).bitPattern),
                .float64(Double(3).bitPattern), .text("Zähler 1"), .text(""), .octets([]), .octets([0, 255]),
                .data([0x02, 0x01, 0x11, 0x05]),
            ]
            let batch = Self.batch(meter, values.enumerated().map { (at: Int64($0.offset), value: $0.element) })
            let receipt = try await stores.fleet.append(batch)
            #expect(receipt.values.new == values.count)
            #expect(try await Self.all(meter, in: stores).map(\.value) == values)
            #expect(try await stores.fleet.append(batch).values.repeated == values.count)
        }
    }

    @Test(arguments: Backend.allCases)
    func `Batches that come together are told one by one, and one without a meter keeps no other from it`(
        backend: Backend
    ) async throws {
        try await backend.run { stores in
            let second = try await StoredMeters.register("M2", in: stores)
            let first = try await StoredMeters.register("M1", in: stores)
            let nobody = try #require(MeterID("M9"))
            let results = await stores.fleet.append([
                Self.batch(second, [(100, .integer(1))]),
                Self.batch(nobody, [(100, .integer(2))]),
                Self.batch(first, [(100, .integer(3)), (200, .integer(4))]),
                Self.batch(second, [(100, .integer(1)), (200, .integer(5))]),
            ])
            #expect(
                results.map { $0.map(\.values) } == [
                    .success(Self.counts(new: 1)), .failure(.referenceUnknown("M9")), .success(Self.counts(new: 2)),
                    .success(Self.counts(new: 1, repeated: 1)),
                ]
            )
            #expect(try await Self.all(first, in: stores).map(\.value) == [.integer(3), .integer(4)])
            #expect(try await Self.all(second, in: stores).map(\.value) == [.integer(1), .integer(5)])
            #expect(await stores.fleet.append([]).isEmpty)
        }
    }

    /// Stores readings of M1 and M2 together while another transaction has run a statement and does not go on.
    private static func append(
        besides statement: String,
        _ expect: @escaping ([Result<ReadingReceipt, StoreError>]) -> Void
    ) async throws {
        try await TestServer.shared().withDatabase { settings in
            var settings = settings
            settings.statementTimeout = 1
            let database = PostgreSQLDatabase(settings)
            let stores = try await Stores(database: database)
            let batches = [
                Self.batch(try await StoredMeters.register("M1", in: stores), [(100, .integer(1))]),
                Self.batch(try await StoredMeters.register("M2", in: stores), [(100, .integer(2))]),
            ]
            let held = HeldDatabase(database) { $0 == statement }
            async let other: Void = held.write(.rowLocks) { _ = try $0.query(statement, [:]) }
            await held.awaitStandstill()
            expect(await stores.fleet.append(batches))
            held.letGo()
            try await other
            try await database.close()
        }
    }

    @Test(
        .enabled(if: TestServer.isThere, "no PostgreSQL: run the tests by Scripts/with-postgresql, as make unit does")
    )
    func `A meter that another transaction keeps locked costs the others of its group nothing`() async throws {
        try await Self.append(besides: "SELECT id FROM meters WHERE id = 'M1' FOR UPDATE") { results in
            #expect(results.last?.map(\.values) == .success(Self.counts(new: 1)))
            guard case .failure(.unavailable) = results.first else {
                Issue.record("\(results)")
                return
            }
        }
    }

    @Test(
        .enabled(if: TestServer.isThere, "no PostgreSQL: run the tests by Scripts/with-postgresql, as make unit does")
    )
    func `Readings do not wait for a transaction whose new rows refer to their meter`() async throws {
        // The lock that a foreign key takes.
        try await Self.append(besides: "SELECT id FROM meters WHERE id = 'M1' FOR KEY SHARE") { results in
            let stored = Result<ReadingReceipt.Counts, StoreError>.success(Self.counts(new: 1))
            #expect(results.map { $0.map(\.values) } == [stored, stored])
        }
    }

    @Test func `A batch that the database refuses costs the others of its group nothing`() async throws {
        try await Backend.sqliteInMemory.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            try await stores.database.write { connection in
                try connection.runScript(
                    """
                    CREATE TRIGGER unlucky BEFORE INSERT ON readings WHEN new.number = 13
                    BEGIN SELECT RAISE(ABORT, 'unlucky'); END
                    """
                )
            }
            let results = await stores.fleet.append([
                Self.batch(meter, [(100, .integer(1))]),
                Self.batch(meter, [(200, .integer(2)), (300, .integer(13))]),
                Self.batch(meter, [(400, .integer(4))]),
            ])
            #expect(results.map { (try? $0.get())?.values.new } == [1, nil, 1])
            #expect(try await Self.all(meter, in: stores).map(\.at.seconds) == [100, 400])
        }
    }

    @Test(arguments: Backend.allCases)
    func `A reading that comes again is counted and not stored again`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            let job = JobIDGenerator().next(at: Timestamp(seconds: 5))
            let batch = Self.batch(meter, [(100, .integer(7)), (200, .integer(8))], origin: .job(job))
            #expect(try await stores.fleet.append(batch).values.new == 2)
            let again = Self.batch(meter, [(200, .integer(8)), (300, .integer(9))], receivedAt: 3_000)
            let receipt = try await stores.fleet.append(again)
            #expect(receipt.values.new == 1)
            #expect(receipt.values.repeated == 1)
            let readings = try await Self.all(meter, in: stores)
            #expect(readings.map(\.at.seconds) == [100, 200, 300])
            #expect(readings.map(\.receivedAt.seconds) == [2_000, 2_000, 3_000])
            #expect(readings.map(\.detail?.origin) == [.job(job), .job(job), .live])
            #expect(readings.allSatisfy { $0.scalerUnit == Self.wattHours && $0.quality == .valid })
        }
    }

    @Test(arguments: Backend.allCases)
    func `A different value takes the place of the one before, which is kept`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            _ = try await stores.fleet.append(Self.batch(meter, [(100, .integer(7))]))
            let other = Self.batch(meter, [(100, .integer(8))], receivedAt: 3_000)
            #expect(try await stores.fleet.append(other).values.revised == 1)
            // A buffer with both values is read again and again: nothing changes any more.
            let both = Self.batch(meter, [(100, .integer(7)), (100, .integer(8))], receivedAt: 4_000)
            #expect(try await stores.fleet.append(both).values.repeated == 2)
            let reading = try #require(try await Self.all(meter, in: stores).first)
            #expect(reading.value == .integer(8))
            #expect(reading.reasons == ["revised"])
            let series = try await stores.fleet.readingSeries(of: meter)
            let revisions = try await stores.fleet.readingRevisions(of: meter, series: series[0], in: Self.always)
            #expect(revisions.map(\.value) == [.integer(7)])
            #expect(revisions.first?.receivedAt == Timestamp(seconds: 2_000))
            #expect(revisions.first?.replacedAt == Timestamp(seconds: 3_000))
            #expect(revisions.first?.scalerUnit == Self.wattHours)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A value whose time was guessed replaces none whose time was sent`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            _ = try await stores.fleet.append(Self.batch(meter, [(100, .integer(7))]))
            let guess = Self.batch(meter, [(100, .integer(9))], quality: .inferred)
            #expect(try await stores.fleet.append(guess).values.revised == 1)
            #expect(try await stores.fleet.append(guess).values.repeated == 1)
            #expect(try await Self.all(meter, in: stores).map(\.value) == [.integer(7)])
            let series = try await stores.fleet.readingSeries(of: meter)
            let revisions = try await stores.fleet.readingRevisions(of: meter, series: series[0], in: Self.always)
            #expect(revisions.map(\.value) == [.integer(9)])
        }
    }

    @Test(arguments: Backend.allCases)
    func `Each reading keeps the unit it was read with`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            let kilo = ScalerUnit(scaler: 3, unitCode: 30)
            _ = try await stores.fleet.append(Self.batch(meter, [(100, .integer(7))]))
            _ = try await stores.fleet.append(Self.batch(meter, [(200, .integer(8))], scalerUnit: kilo))
            _ = try await stores.fleet.append(Self.batch(meter, [(300, .integer(9))], scalerUnit: nil))
            _ = try await stores.fleet.append(Self.batch(meter, [(400, .integer(9))]))
            let readings = try await Self.all(meter, in: stores)
            #expect(readings.map(\.scalerUnit) == [Self.wattHours, kilo, nil, Self.wattHours])
            // The same number with another scaler is another value.
            let receipt = try await stores.fleet.append(Self.batch(meter, [(100, .integer(7))], scalerUnit: kilo))
            #expect(receipt.values.revised == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func `The newest reading of a series is found whatever came last`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            _ = try await stores.fleet.append(Self.batch(meter, [(300, .integer(9))]))
            _ = try await stores.fleet.append(Self.batch(meter, [(100, .integer(7))], receivedAt: 5_000))
            let series = try await stores.fleet.readingSeries(of: meter)
            let latest = try await stores.fleet.latestReadings(of: meter, series: series)
            #expect(latest.map(\.value) == [.integer(9)])
        }
    }

    @Test(arguments: Backend.allCases)
    func `Nothing is stored for a meter that does not exist`(backend: Backend) async throws {
        try await backend.run { stores in
            let absent = try #require(MeterID("absent"))
            await #expect(throws: StoreError.referenceUnknown("absent")) {
                _ = try await stores.fleet.append(Self.batch(absent, [(1, .integer(1))]))
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `Readings go with their meter and do not come back with its name`(backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await StoredMeters.register("M1", in: stores)
            _ = try await stores.fleet.append(Self.batch(meter, [(100, .integer(7))]))
            _ = try await stores.fleet.deleteMeter(meter, when: .unconditional)
            _ = try await StoredMeters.register("M1", in: stores)
            #expect(try await stores.fleet.readingSeries(of: meter) == [])
            #expect(try await stores.fleet.append(Self.batch(meter, [(100, .integer(8))])).values.new == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func `Old readings are removed meter by meter`(backend: Backend) async throws {
        try await backend.run { stores in
            let meters = [
                try await StoredMeters.register("M1", in: stores), try await StoredMeters.register("M2", in: stores),
                try await StoredMeters.register("M3", in: stores),
            ]
            for meter in meters {
                _ = try await stores.fleet.append(Self.batch(meter, [(100, .integer(1)), (200, .integer(2))]))
            }
            let limit = Timestamp(seconds: 200)
            let first = try await stores.fleet.removeReadings(before: limit, after: nil, limit: 2)
            #expect(first.removed == 2)
            #expect(first.last == meters[1])
            let second = try await stores.fleet.removeReadings(before: limit, after: first.last, limit: 2)
            #expect(second.removed == 1)
            #expect(second.last == nil)
            #expect(try await Self.all(meters[2], in: stores).map(\.at.seconds) == [200])
        }
    }
}

/// Meters that tests of stores register.
enum StoredMeters {
    /// Makes a meter of that name.
    static func register(_ text: String, in stores: Stores) async throws -> MeterID {
        let id = try #require(MeterID(text))
        let endpoint = NetworkEndpoint(host: "192.0.2.1")
        let configuration = MeterConfiguration(
            channel: .inline(ChannelConfiguration(path: .tcp(endpoint))),
            framing: .iec62056Part21
        )
        _ = try await stores.fleet.putMeter(id, configuration, when: .ifAbsent)
        return id
    }
}
