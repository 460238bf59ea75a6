// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
public import Fleet
import Jobs
public import Timekeeping

extension SQLFleetStore: ReadingStore {
    /// Stores batches in one transaction; if the database refuses one of them, each in a transaction of its own.
    public func append(_ batches: [ReadingBatch]) async -> [Result<ReadingReceipt, StoreError>] {
        do {
            let receipts = try await database.write(.rowLocks) { [dialect = database.dialect] connection in
                try ReadingAppender.append(batches, on: connection, dialect)
            }
            return zip(batches, receipts).map { batch, receipt in
                receipt.map { .success($0) } ?? .failure(.referenceUnknown(batch.meter.text))
            }
        } catch {
            guard batches.count > 1, !Self.concernsAll(error) else {
                return batches.map { _ in .failure(StoreError(error)) }
            }
            var results: [Result<ReadingReceipt, StoreError>] = []
            for batch in batches { results += await append([batch]) }
            return results
        }
    }

    /// Whether a transaction failed for a reason that lies in none of its batches.
    private static func concernsAll(_ error: any Error) -> Bool {
        switch error as? SQLError {
        case .unavailable, .locked, .schemaTooNew: true
        case .contention, .constraint, .badStatement, .unexpectedResult, nil: false
        }
    }

    /// The series of a meter in the order of their numbers.
    public func readingSeries(of meter: MeterID) async throws(StoreError) -> [NumberedSeries] {
        let book = try await read { try SeriesBook(meter: meter.text, on: $0) }
        return book.numbers.map { NumberedSeries(number: Int($0.value), series: $0.key) }
            .sorted { $0.number < $1.number }
    }

    /// The newest reading of each of these series that has one.
    public func latestReadings(
        of meter: MeterID,
        series: [NumberedSeries]
    ) async throws(StoreError) -> [StoredReading] {
        try await read { connection in
            var latest: [StoredReading] = []
            for entry in series {
                latest += try Self.readings(
                    "AND r.at <= :last ORDER BY r.at DESC LIMIT 1",
                    ["last": .integer(.max)],
                    meter,
                    entry,
                    withDetail: true,
                    on: connection
                )
            }
            return latest
        }
    }

    /// Readings of one series in the order of their instants.
    public func readings(
        of meter: MeterID,
        series: NumberedSeries,
        in range: Range<Timestamp>,
        limit: Int,
        withDetail: Bool
    ) async throws(StoreError) -> [StoredReading] {
        try await read { connection in
            try Self.readings(
                "AND r.at >= :first AND r.at < :last ORDER BY r.at LIMIT :limit",
                [
                    "first": .moment(range.lowerBound), "last": .moment(range.upperBound),
                    "limit": .integer(Int64(limit)),
                ],
                meter,
                series,
                withDetail: withDetail,
                on: connection
            )
        }
    }

    /// What was replaced by later, different values of a series.
    public func readingRevisions(
        of meter: MeterID,
        series: NumberedSeries,
        in range: Range<Timestamp>
    ) async throws(StoreError) -> [ReadingRevision] {
        try await read { connection in
            let units = try Self.units(of: meter, series, on: connection)
            return try connection.query(
                """
                SELECT at, revision, received_at, replaced_at, number, fraction, status, units, kind, quality, content
                FROM reading_revisions
                WHERE meter_id = :meter AND series = :series AND at >= :first AND at < :last
                ORDER BY at, revision
                """,
                [
                    "meter": .text(meter.text), "series": .integer(Int64(series.number)),
                    "first": .moment(range.lowerBound), "last": .moment(range.upperBound),
                ]
            ).map { row throws(SQLError) in
                ReadingRevision(
                    at: try row.moment("at"),
                    revision: try row.integer("revision"),
                    value: try ReadingColumns(row).value(),
                    scalerUnit: units[try row.integer("units")],
                    quality: try ProfileQuality(number: try row.integer("quality")),
                    status: try row.optionalInteger("status").map { UInt64(bitPattern: Int64($0)) },
                    receivedAt: try row.moment("received_at"),
                    replacedAt: try row.moment("replaced_at")
                )
            }
        }
    }

    /// Readings of a series; the tables are `r`, and with details `p` and `i`.
    private static func readings(
        _ condition: String,
        _ binds: SQLBinds,
        _ meter: MeterID,
        _ series: NumberedSeries,
        withDetail: Bool,
        on connection: any SQLConnection
    ) throws(SQLError) -> [StoredReading] {
        let units = try units(of: meter, series, on: connection)
        var binds = binds
        binds["meter"] = .text(meter.text)
        binds["series"] = .integer(Int64(series.number))
        var columns = "r.at, r.received_at, r.number, r.fraction, r.units, r.kind, r.quality, r.content, r.reasons"
        var tables = "readings r"
        if withDetail {
            columns += ", i.origin, i.job_id, p.status, p.time_source, p.meter_time"
            tables += """
                 LEFT JOIN reading_intakes i ON i.meter_id = r.meter_id AND i.received_at = r.received_at
                LEFT JOIN profile_rows p ON p.meter_id = r.meter_id AND p.series = :rows AND p.at = r.at
                """
            binds["rows"] = .integer(try rowSeries(of: meter, series, on: connection))
        }
        let rows = try connection.query(
            "SELECT \(columns) FROM \(tables) WHERE r.meter_id = :meter AND r.series = :series \(condition)",
            binds
        )
        var readings: [StoredReading] = []
        readings.reserveCapacity(rows.count)
        for row in rows {
            readings.append(
                StoredReading(
                    series: series.series,
                    at: try row.moment("at"),
                    value: try ReadingColumns(row).value(),
                    scalerUnit: units[try row.integer("units")],
                    quality: try ProfileQuality(number: try row.integer("quality")),
                    reasons: try ReasonWords.words(row),
                    receivedAt: try row.moment("received_at"),
                    detail: withDetail ? try detail(row) : nil
                )
            )
        }
        return readings
    }

    private static func detail(_ row: SQLRow) throws(SQLError) -> StoredReading.Detail {
        let source = try row.optionalInteger("time_source").flatMap { ProfileTime.Source(number: $0) }
        let rawTime: String? =
            switch source {
            case .meterDeviation, .timeZone, .standardTime, .utcClock: try row.optionalText("meter_time")
            case .unix: String(try row.moment("at").seconds)
            case .inferred, .rangeStart, .some(.none), nil: nil
            }
        let word = try row.optionalText("origin")
        let job = try row.optionalText("job_id").flatMap { JobID($0) }
        return StoredReading.Detail(
            origin: word.flatMap { ReadingOrigin(word: $0, job: job) },
            rawTime: rawTime,
            timeSource: source,
            status: try row.optionalInteger("status").map { UInt64(bitPattern: Int64($0)) }
        )
    }

    static func units(
        of meter: MeterID,
        _ series: NumberedSeries,
        on connection: any SQLConnection
    ) throws(SQLError) -> [Int: ScalerUnit] {
        let rows = try connection.query(
            "SELECT units, scaler, unit_code FROM reading_units WHERE meter_id = :meter AND series = :series",
            ["meter": .text(meter.text), "series": .integer(Int64(series.number))]
        )
        var units: [Int: ScalerUnit] = [:]
        for row in rows {
            units[try row.integer("units")] = ScalerUnit(
                scaler: Int8(clamping: try row.integer("scaler")),
                unitCode: UInt8(clamping: try row.integer("unit_code"))
            )
        }
        return units
    }

    /// The number under which the rows of a series' profile are kept; 0 for a series of no profile.
    private static func rowSeries(
        of meter: MeterID,
        _ series: NumberedSeries,
        on connection: any SQLConnection
    ) throws(SQLError) -> Int64 {
        guard let profile = series.series.source.profile else { return 0 }
        return try rowSeries(of: meter, profile: profile, on: connection) ?? 0
    }

    /// The number under which the rows of a profile are kept; nil if there are none.
    static func rowSeries(
        of meter: MeterID,
        profile: OBISCode,
        on connection: any SQLConnection
    ) throws(SQLError) -> Int64? {
        try connection.query(
            """
            SELECT series FROM reading_series WHERE meter_id = :meter AND source = 'profile' AND profile = :profile
                AND object = :profile AND class_id = 7 AND attribute = 2 AND element = 0
            """,
            ["meter": .text(meter.text), "profile": .text(profile.description)]
        ).first.map { row throws(SQLError) in Int64(try row.integer("series")) }
    }
}
