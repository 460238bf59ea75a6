// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// Stores batches inside a transaction: tells what is new, repeated or different, and writes accordingly.
struct ReadingAppender {
    /// A value that is stored already.
    struct Present {
        var columns: ReadingColumns
        var units: Int64
        var quality: Int64
        var reasons: String?
        var receivedAt: Timestamp
    }

    /// What became of one value.
    enum Fate {
        case new
        case repeated
        case revised
    }

    let connection: any SQLConnection
    let meter: String
    let origin: ReadingOrigin
    private(set) var receivedAt: Timestamp
    var book: SeriesBook
    var receipt = ReadingReceipt()
    private var newValues = SQLRows(columns: [
        "meter_id", "series", "at", "received_at", "number", "fraction", "units", "kind", "quality", "content",
        "reasons",
    ])
    private var hasIntake = false

    /// Stores batches, with what the ledgers of profiles learn from them.
    ///
    /// - Returns: what became of each, in their order; nil for those of meters that do not exist.
    static func append(
        _ batches: [ReadingBatch],
        on connection: any SQLConnection,
        _ dialect: Dialect
    ) throws -> [ReadingReceipt?] {
        let ledgers = LedgerRows(connection: connection, dialect: dialect)
        var receipts = [ReadingReceipt?](repeating: nil, count: batches.count)
        // In one order, so that two gateways that keep readings of the same meters do not wait for each other.
        for place in batches.indices.sorted(by: { (batches[$0].meter, $0) < (batches[$1].meter, $1) }) {
            let batch = batches[place]
            // The meter's row is the lock, so that what is compared with what is stored does not change meanwhile.
            let found = try connection.query(
                "SELECT id FROM meters WHERE id = :meter \(dialect.forNoKeyUpdate)",
                ["meter": .text(batch.meter.text)]
            )
            guard !found.isEmpty else { continue }
            var appender = try ReadingAppender(batch, on: connection)
            try appender.append(batch.readings)
            for intake in batch.profiles { try appender.append(intake) }
            for update in batch.ledger { try ledgers.note(update) }
            receipts[place] = appender.receipt
        }
        return receipts
    }

    private init(_ batch: ReadingBatch, on connection: any SQLConnection) throws(SQLError) {
        self.connection = connection
        meter = batch.meter.text
        origin = batch.origin
        receivedAt = batch.receivedAt
        book = try SeriesBook(meter: batch.meter.text, on: connection)
    }

    /// Notes on whose behalf something came in, once something did that was not there.
    mutating func noteIntake() throws(SQLError) {
        guard !hasIntake else { return }
        hasIntake = true
        // Two intakes of a meter in one microsecond would share a record; the later one moves on.
        for _ in 0..<1000 {
            let written = try connection.execute(
                """
                INSERT INTO reading_intakes (meter_id, received_at, origin, job_id)
                VALUES (:meter, :received_at, :origin, :job) ON CONFLICT DO NOTHING
                """,
                [
                    "meter": .text(meter), "received_at": .moment(receivedAt), "origin": .text(origin.word),
                    "job": .text(optional: origin.job?.text),
                ]
            )
            if written > 0 { return }
            receivedAt = Timestamp(microseconds: receivedAt.microseconds + 1)
        }
    }

    // MARK: Single values

    private mutating func append(_ readings: [NewReading]) throws(SQLError) {
        for reading in readings {
            let series = try book.number(of: reading.series, on: connection)
            let units = try book.units(of: series, reading.scalerUnit, at: reading.at, on: connection)
            let present = try present(of: series, from: reading.at.microseconds, to: reading.at.microseconds)
            let fate = try settle(
                reading.value,
                units: units,
                quality: reading.quality,
                reasons: reading.reasons,
                series: series,
                at: reading.at.microseconds,
                present[reading.at.microseconds]
            )
            count(fate)
            // One after the other, since the next may be of the same series and instant.
            try writeNewValues()
        }
    }

    /// The values of a series that are stored for a stretch of time.
    func present(of series: Int64, from: Int64, to: Int64) throws(SQLError) -> [Int64: Present] {
        let rows = try connection.query(
            """
            SELECT at, kind, number, fraction, content, units, quality, reasons, received_at FROM readings
            WHERE meter_id = :meter AND series = :series AND at BETWEEN :first AND :last
            """,
            ["meter": .text(meter), "series": .integer(series), "first": .integer(from), "last": .integer(to)]
        )
        var present: [Int64: Present] = [:]
        for row in rows {
            present[Int64(try row.integer("at"))] = Present(
                columns: try ReadingColumns(row),
                units: Int64(try row.integer("units")),
                quality: Int64(try row.integer("quality")),
                reasons: try row.optionalText("reasons"),
                receivedAt: try row.moment("received_at")
            )
        }
        return present
    }

    /// Decides about one value: adds it to those to be written, or compares it with the one that is there.
    mutating func settle(
        _ value: ReadingValue,
        units: Int64,
        quality: ProfileQuality,
        reasons: [String],
        series: Int64,
        at: Int64,
        _ present: Present?
    ) throws(SQLError) -> Fate {
        let columns = ReadingColumns(value)
        guard let present else {
            try noteIntake()
            newValues.append([
                .text(meter), .integer(series), .integer(at), .moment(receivedAt), columns.numberValue,
                columns.fractionValue, .integer(units), .integer(columns.kind), .integer(quality.number),
                columns.contentValue, ReasonWords.value(reasons),
            ])
            return .new
        }
        let isGuess = quality == .inferred && present.quality != ProfileQuality.inferred.number
        if present.columns == columns, present.units == units {
            if !isGuess { try improve(present, quality, reasons, series: series, at: at) }
            return .repeated
        }
        let revision = ReadingRevisionRow(
            series: series,
            at: at,
            columns: isGuess ? columns : present.columns,
            units: isGuess ? units : present.units,
            quality: isGuess ? quality.number : present.quality,
            status: nil
        )
        guard try !isKept(columns, units, series: series, at: at) else { return .repeated }
        try noteIntake()
        try keep(revision, receivedAt: isGuess ? receivedAt : present.receivedAt)
        guard !isGuess else { return .revised }
        var binds = columns.binds
        binds["meter"] = .text(meter)
        binds["series"] = .integer(series)
        binds["at"] = .integer(at)
        binds["units"] = .integer(units)
        binds["quality"] = .integer(quality.number)
        binds["reasons"] = ReasonWords.value(reasons + [ReasonWords.revised])
        binds["received_at"] = .moment(receivedAt)
        try connection.execute(
            """
            UPDATE readings SET kind = :kind, number = :number, fraction = :fraction, content = :content,
                units = :units, quality = :quality, reasons = :reasons, received_at = :received_at
            WHERE meter_id = :meter AND series = :series AND at = :at
            """,
            binds
        )
        return .revised
    }

    /// The same value with another quality: what was said last of it counts.
    private func improve(
        _ present: Present,
        _ quality: ProfileQuality,
        _ reasons: [String],
        series: Int64,
        at: Int64
    ) throws(SQLError) {
        let isRevised = present.reasons?.split(separator: " ").contains(Substring(ReasonWords.revised)) ?? false
        let words = reasons + (isRevised ? [ReasonWords.revised] : [])
        let text = words.isEmpty ? nil : words.joined(separator: " ")
        guard present.quality != quality.number || present.reasons != text else { return }
        try connection.execute(
            """
            UPDATE readings SET quality = :quality, reasons = :reasons
            WHERE meter_id = :meter AND series = :series AND at = :at
            """,
            [
                "meter": .text(meter), "series": .integer(series), "at": .integer(at),
                "quality": .integer(quality.number), "reasons": .text(optional: text),
            ]
        )
    }

    // MARK: Revisions

    /// What takes no place in the tables of values and rows any more.
    struct ReadingRevisionRow {
        var series: Int64
        var at: Int64
        var columns: ReadingColumns
        var units: Int64
        var quality: Int64
        var status: Int64?
    }

    /// Whether a value is kept as a revision, so that a buffer with two values for an instant may be read again.
    private func isKept(
        _ columns: ReadingColumns,
        _ units: Int64,
        series: Int64,
        at: Int64
    ) throws(SQLError) -> Bool {
        let rows = try connection.query(
            """
            SELECT kind, number, fraction, content, units FROM reading_revisions
            WHERE meter_id = :meter AND series = :series AND at = :at
            """,
            ["meter": .text(meter), "series": .integer(series), "at": .integer(at)]
        )
        for row in rows {
            if try ReadingColumns(row) == columns, Int64(try row.integer("units")) == units { return true }
        }
        return false
    }

    /// Keeps what was replaced, or what was not good enough to replace anything.
    func keep(_ row: ReadingRevisionRow, receivedAt: Timestamp) throws(SQLError) {
        var binds: SQLBinds = [
            "meter": .text(meter), "series": .integer(row.series), "at": .integer(row.at),
        ]
        let newest = try connection.query(
            """
            SELECT max(revision) AS newest FROM reading_revisions
            WHERE meter_id = :meter AND series = :series AND at = :at
            """,
            binds
        )
        binds.merge(row.columns.binds) { $1 }
        binds["revision"] = .integer(Int64(try newest.first?.optionalInteger("newest") ?? 0) + 1)
        binds["received_at"] = .moment(receivedAt)
        binds["replaced_at"] = .moment(self.receivedAt)
        binds["status"] = row.status.map { .integer($0) } ?? .null
        binds["units"] = .integer(row.units)
        binds["quality"] = .integer(row.quality)
        try connection.execute(
            """
            INSERT INTO reading_revisions (meter_id, series, at, revision, received_at, replaced_at, number, fraction,
                status, units, kind, quality, content)
            VALUES (:meter, :series, :at, :revision, :received_at, :replaced_at, :number, :fraction, :status, :units,
                :kind, :quality, :content)
            """,
            binds
        )
    }

    // MARK: Writing

    /// Writes the values that are new so far.
    mutating func writeNewValues() throws(SQLError) {
        guard newValues.count > 0 else { return }
        try connection.insert(newValues, into: "readings", conflict: .fail)
        newValues = SQLRows(columns: newValues.columns)
    }

    mutating func count(_ fate: Fate) {
        switch fate {
        case .new: receipt.values.new += 1
        case .repeated: receipt.values.repeated += 1
        case .revised: receipt.values.revised += 1
        }
    }
}
