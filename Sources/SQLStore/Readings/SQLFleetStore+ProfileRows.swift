// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
public import DLMSCodec
public import Fleet
public import Timekeeping

/// Rows of profiles, put together again of what is kept of each and of its values.
extension SQLFleetStore {
    /// What is known of a profile of which rows were stored; nil if none were.
    public func profileDescription(
        of meter: MeterID,
        profile: OBISCode
    ) async throws(StoreError) -> ProfileDescription? {
        let text = try await read { connection in
            try connection.query(
                "SELECT document FROM profile_descriptions WHERE meter_id = :meter AND profile = :profile",
                ["meter": .text(meter.text), "profile": .text(profile.description)]
            ).first.map { try $0.text("document") }
        }
        guard let text else { return nil }
        return try ProfileDescriptionDocument.description(of: profile, text)
    }

    /// The profiles of a meter of which rows were stored.
    public func storedProfiles(of meter: MeterID) async throws(StoreError) -> [OBISCode] {
        let texts = try await read { connection in
            try connection.query(
                "SELECT profile FROM profile_descriptions WHERE meter_id = :meter ORDER BY profile",
                ["meter": .text(meter.text)]
            ).map { row throws(SQLError) in try row.text("profile") }
        }
        return texts.compactMap { OBISCode($0) }.sorted()
    }

    /// The instants of the rows of a profile in a range.
    public func storedRowTimes(
        of meter: MeterID,
        profile: OBISCode,
        in range: Range<Timestamp>
    ) async throws(StoreError) -> [Timestamp] {
        try await read { connection in
            guard let series = try Self.rowSeries(of: meter, profile: profile, on: connection) else { return [] }
            return try connection.query(
                """
                SELECT at FROM profile_rows
                WHERE meter_id = :meter AND series = :series AND at >= :first AND at < :last ORDER BY at
                """,
                [
                    "meter": .text(meter.text), "series": .integer(series), "first": .moment(range.lowerBound),
                    "last": .moment(range.upperBound),
                ]
            ).map { row throws(SQLError) in try row.moment("at") }
        }
    }

    /// Rows of a profile in the order of their instants.
    public func storedRows(
        of meter: MeterID,
        _ description: ProfileDescription,
        in range: Range<Timestamp>,
        limit: Int
    ) async throws(StoreError) -> StoredRows {
        let profile = description.profile
        return try await read { connection in
            let layout = description.layout
            guard let series = try Self.rowSeries(of: meter, profile: profile, on: connection) else {
                return StoredRows(rows: ProfileRows(layout: layout))
            }
            let rows = try connection.query(
                """
                SELECT at, status, offset_minutes, time_source, time_marks, marks, meter_time FROM profile_rows
                WHERE meter_id = :meter AND series = :series AND at >= :first AND at < :last ORDER BY at LIMIT :limit
                """,
                [
                    "meter": .text(meter.text), "series": .integer(series), "first": .moment(range.lowerBound),
                    "last": .moment(range.upperBound), "limit": .integer(Int64(limit)),
                ]
            )
            guard let first = rows.first, let last = rows.last else {
                return StoredRows(rows: ProfileRows(layout: layout))
            }
            let bounds = try first.moment("at")...(try last.moment("at"))
            let book = try SeriesBook(meter: meter.text, on: connection)
            let columns = try layout.valueColumns.map { place in
                try RestoredColumn(
                    layout.columns[place],
                    place: place,
                    profile: profile,
                    book: book,
                    meter: meter,
                    in: bounds,
                    on: connection
                )
            }
            return try Self.rows(rows, columns, layout)
        }
    }

    private static func rows(
        _ rows: [SQLRow],
        _ columns: [RestoredColumn],
        _ layout: ProfileLayout
    ) throws(SQLError) -> StoredRows {
        var restored = ProfileRows(layout: layout)
        var incomplete: Set<Int> = []
        for (index, row) in rows.enumerated() {
            let at = try row.moment("at")
            let bits = try row.integer("marks")
            var marks = ProfileRows.Marks()
            marks.isShort = bits & 1 != 0
            marks.lacksBase = bits & 2 != 0
            if bits & 4 != 0, let place = layout.timeColumn { marks.infer(place) }
            if bits & 8 != 0, let place = layout.statusColumn { marks.infer(place) }
            var values: [DLMSData] = []
            for column in columns {
                guard let value = column.values[at.microseconds], value.data != nil else {
                    incomplete.insert(index)
                    values.append(.nullData)
                    continue
                }
                values.append(value.data ?? .nullData)
                if value.isRepeated { marks.infer(column.place) }
            }
            guard let octets = Hexadecimal.octets(of: try row.text("meter_time")),
                let dateTime = try? COSEMDateTime(octets: octets)
            else { throw .unexpectedResult(reason: "the time of a row cannot be read") }
            restored.append(
                time: ProfileTime(
                    dateTime: dateTime,
                    utcSeconds: at.seconds,
                    offsetMinutes: try row.optionalInteger("offset_minutes").map { Int16(clamping: $0) },
                    source: ProfileTime.Source(number: try row.integer("time_source")) ?? .none,
                    marks: ProfileTime.Marks(rawValue: UInt8(clamping: try row.integer("time_marks")))
                ),
                status: try row.optionalInteger("status").map { UInt64(bitPattern: Int64($0)) },
                marks: marks,
                values: values
            )
        }
        return StoredRows(rows: restored, incomplete: incomplete)
    }
}

/// The values of one column between two instants.
private struct RestoredColumn {
    struct Value {
        /// Nil when it was read with another unit, so that it has no place beside the others.
        var data: DLMSData?
        var isRepeated: Bool
    }

    let place: Int
    private(set) var values: [Int64: Value] = [:]

    init(
        _ column: ProfileColumn,
        place: Int,
        profile: OBISCode,
        book: SeriesBook,
        meter: MeterID,
        in bounds: ClosedRange<Timestamp>,
        on connection: any SQLConnection
    ) throws(SQLError) {
        self.place = place
        guard let series = book.numbers[ReadingSeries(column.capture, in: profile)] else { return }
        let rows = try connection.query(
            """
            SELECT at, number, fraction, units, kind, content, reasons FROM readings
            WHERE meter_id = :meter AND series = :series AND at BETWEEN :first AND :last
            """,
            [
                "meter": .text(meter.text), "series": .integer(series), "first": .moment(bounds.lowerBound),
                "last": .moment(bounds.upperBound),
            ]
        )
        values.reserveCapacity(rows.count)
        for row in rows {
            let value = try ReadingColumns(row).value()
            let own = book.scalerUnit(Int64(try row.integer("units")), of: series)
            values[Int64(try row.integer("at"))] = Value(
                data: Self.rescaled(value, from: own, to: column.scalerUnit)?.data,
                isRepeated: try ReasonWords.words(row).contains(ReasonWords.repeatedValue)
            )
        }
    }

    /// The number that says the same with another scaler; nil if there is none.
    private static func rescaled(_ value: ReadingValue, from: ScalerUnit?, to: ScalerUnit?) -> ReadingValue? {
        guard from != to else { return value }
        guard let from, let to, from.unitCode == to.unitCode, case .integer(var number) = value else {
            // Text and the like has no scaler to be wrong about.
            switch value {
            case .text, .octets, .data, .boolean, .null: return value
            case .integer, .unsigned, .float32, .float64: return nil
            }
        }
        for _ in 0..<max(0, Int(from.scaler) - Int(to.scaler)) {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            number = product
        }
        for _ in 0..<max(0, Int(to.scaler) - Int(from.scaler)) {
            guard number % 10 == 0 else { return nil }
            number /= 10
        }
        return .integer(number)
    }
}
