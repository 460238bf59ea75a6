// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// Rows of profiles: what a row has beside its values, and its values.
extension ReadingAppender {
    /// What a stored row has beside its values.
    private struct Facts: Hashable {
        var status: Int64?
        var offset: Int64?
        var source: Int64
        var timeMarks: Int64
        var marks: Int64
        var time: String

        static let shortRow: Int64 = 1
        static let withoutBase: Int64 = 2
        static let nullTime: Int64 = 4
        static let nullStatus: Int64 = 8

        /// Whether the time was sent with the row; one that follows from the row before is as good as its place.
        var isTimeSent: Bool {
            source != ProfileTime.Source.inferred.number && source != ProfileTime.Source.rangeStart.number
        }

        /// What two readings of the same row have to agree in.
        var essence: [Int64?] { [status, marks & (Self.shortRow | Self.withoutBase)] }

        var binds: SQLBinds {
            [
                "status": status.map { .integer($0) } ?? .null, "offset_minutes": offset.map { .integer($0) } ?? .null,
                "time_source": .integer(source), "time_marks": .integer(timeMarks), "marks": .integer(marks),
                "meter_time": .text(time),
            ]
        }
    }

    private struct PresentRow {
        var facts: Facts
        var receivedAt: Timestamp
    }

    /// One column of an intake.
    private struct Column {
        let place: Int
        let series: Int64
        let units: Int64
    }

    /// Stores rows, in stretches without two of the same instant.
    mutating func append(_ intake: ProfileIntake) throws(SQLError) {
        try keepDescription(intake.description)
        let profile = intake.description.profile
        let rowSeries = try book.number(of: .rows(of: profile), on: connection)
        var columns: [Column] = []
        for place in intake.rows.layout.valueColumns {
            let column = intake.rows.layout.columns[place]
            let series = try book.number(of: ReadingSeries(column.capture, in: profile), on: connection)
            // A profile may capture the same thing twice; it is stored once.
            guard !columns.contains(where: { $0.series == series }) else { continue }
            let units = try book.units(of: series, column.scalerUnit, at: receivedAt, on: connection)
            columns.append(Column(place: place, series: series, units: units))
        }
        var record = ReadingReceipt.Rows(profile: profile)
        var stretch: [Int] = []
        var instants: Set<Int64> = []
        for index in intake.indices {
            guard let seconds = intake.rows.utcSeconds(index) else {
                record.untimed += 1
                continue
            }
            if !instants.insert(seconds).inserted {
                try append(stretch, of: intake, rowSeries, columns, &record)
                stretch = []
                instants = [seconds]
            }
            stretch.append(index)
        }
        try append(stretch, of: intake, rowSeries, columns, &record)
        record.newTimes.sort()
        receipt.profiles.append(record)
    }

    private mutating func append(
        _ indices: [Int],
        of intake: ProfileIntake,
        _ rowSeries: Int64,
        _ columns: [Column],
        _ record: inout ReadingReceipt.Rows
    ) throws(SQLError) {
        let rows = intake.rows
        let seconds = indices.compactMap { rows.utcSeconds($0) }
        guard let earliest = seconds.min(), let latest = seconds.max() else { return }
        let (first, last) = (earliest * 1_000_000, latest * 1_000_000)
        record.newest = max(record.newest ?? Timestamp(seconds: latest), Timestamp(seconds: latest))
        let presentRows = try presentRows(rowSeries, from: first, to: last)
        var presentValues: [[Int64: Present]] = []
        for column in columns { presentValues.append(try present(of: column.series, from: first, to: last)) }
        var newRows = SQLRows(
            columns: [
                "meter_id", "series", "at", "received_at", "status", "offset_minutes", "time_source", "time_marks",
                "marks", "meter_time",
            ],
            capacity: indices.count
        )
        for index in indices {
            guard let time = rows.time(index), let seconds = time.utcSeconds else { continue }
            let at = seconds * 1_000_000
            let facts = Self.facts(rows, index, time)
            let quality = rows.quality(index, intake.statusTable)
            let reasons = rows.reasons(index, intake.statusTable)
            let inferred = rows.marks(index).inferredColumns
            var isRevised = false
            for (number, column) in columns.enumerated() {
                var (ownQuality, ownReasons) = (quality, reasons)
                if facts.marks & Facts.nullTime != 0 { ownReasons.append(ReasonWords.derivedTime) }
                if column.place < 64, inferred >> UInt64(column.place) & 1 != 0 {
                    ownReasons.append(ReasonWords.repeatedValue)
                }
                if ownQuality == .valid, ownReasons.count > reasons.count { ownQuality = .inferred }
                let fate = try settle(
                    ReadingValue(rows.cell(index, column: column.place), others: rows.others),
                    units: column.units,
                    quality: ownQuality,
                    reasons: ownReasons,
                    series: column.series,
                    at: at,
                    presentValues[number][at]
                )
                count(fate)
                if fate == .revised { isRevised = true }
            }
            guard let present = presentRows[at] else {
                try noteIntake()
                newRows.append(values(of: facts, rowSeries, at))
                record.counts.new += 1
                record.newTimes.append(Timestamp(seconds: seconds))
                continue
            }
            if try settle(facts, present, rowSeries, at) { isRevised = true }
            if isRevised { record.counts.revised += 1 } else { record.counts.repeated += 1 }
        }
        if newRows.count > 0 { try connection.insert(newRows, into: "profile_rows", conflict: .fail) }
        try writeNewValues()
    }

    /// Compares a row with the one that is there; true if that was revised.
    private mutating func settle(
        _ facts: Facts,
        _ present: PresentRow,
        _ series: Int64,
        _ at: Int64
    ) throws(SQLError) -> Bool {
        // A row whose time was not sent says nothing new of one whose time was.
        guard facts != present.facts, facts.isTimeSent || !present.facts.isTimeSent else { return false }
        let isRevised = facts.essence != present.facts.essence
        if isRevised {
            try noteIntake()
            try keep(
                ReadingRevisionRow(
                    series: series,
                    at: at,
                    columns: ReadingColumns(.text(present.facts.time)),
                    units: 0,
                    quality: 0,
                    status: present.facts.status
                ),
                receivedAt: present.receivedAt
            )
        }
        var binds = facts.binds
        binds["meter"] = .text(meter)
        binds["series"] = .integer(series)
        binds["at"] = .integer(at)
        try connection.execute(
            """
            UPDATE profile_rows SET status = :status, offset_minutes = :offset_minutes, time_source = :time_source,
                time_marks = :time_marks, marks = :marks, meter_time = :meter_time
            WHERE meter_id = :meter AND series = :series AND at = :at
            """,
            binds
        )
        return isRevised
    }

    private func presentRows(_ series: Int64, from: Int64, to: Int64) throws(SQLError) -> [Int64: PresentRow] {
        let rows = try connection.query(
            """
            SELECT at, received_at, status, offset_minutes, time_source, time_marks, marks, meter_time
            FROM profile_rows WHERE meter_id = :meter AND series = :series AND at BETWEEN :first AND :last
            """,
            ["meter": .text(meter), "series": .integer(series), "first": .integer(from), "last": .integer(to)]
        )
        var present: [Int64: PresentRow] = [:]
        for row in rows {
            present[Int64(try row.integer("at"))] = PresentRow(
                facts: Facts(
                    status: try row.optionalInteger("status").map { Int64($0) },
                    offset: try row.optionalInteger("offset_minutes").map { Int64($0) },
                    source: Int64(try row.integer("time_source")),
                    timeMarks: Int64(try row.integer("time_marks")),
                    marks: Int64(try row.integer("marks")),
                    time: try row.text("meter_time")
                ),
                receivedAt: try row.moment("received_at")
            )
        }
        return present
    }

    private func values(of facts: Facts, _ series: Int64, _ at: Int64) -> [SQLValue] {
        [
            .text(meter), .integer(series), .integer(at), .moment(receivedAt),
            facts.status.map { .integer($0) } ?? .null, facts.offset.map { .integer($0) } ?? .null,
            .integer(facts.source), .integer(facts.timeMarks), .integer(facts.marks), .text(facts.time),
        ]
    }

    private static func facts(_ rows: ProfileRows, _ index: Int, _ time: ProfileTime) -> Facts {
        let marks = rows.marks(index)
        func isInferred(_ column: Int?) -> Bool {
            guard let column, column < 64 else { return false }
            return marks.inferredColumns >> UInt64(column) & 1 != 0
        }
        var bits: Int64 = 0
        if marks.isShort { bits |= Facts.shortRow }
        if marks.lacksBase { bits |= Facts.withoutBase }
        if isInferred(rows.layout.timeColumn) { bits |= Facts.nullTime }
        if isInferred(rows.layout.statusColumn) { bits |= Facts.nullStatus }
        return Facts(
            status: rows.status(index).map { Int64(bitPattern: $0) },
            offset: time.offsetMinutes.map { Int64($0) },
            source: time.source.number,
            timeMarks: Int64(time.marks.rawValue),
            marks: bits,
            time: Hexadecimal.text(of: time.dateTime.octets)
        )
    }

    private func keepDescription(_ description: ProfileDescription) throws(SQLError) {
        try connection.execute(
            """
            INSERT INTO profile_descriptions (meter_id, profile, document, seen_at)
            VALUES (:meter, :profile, :document, :seen_at)
            ON CONFLICT (meter_id, profile) DO UPDATE SET document = excluded.document, seen_at = excluded.seen_at
                WHERE profile_descriptions.document <> excluded.document
            """,
            [
                "meter": .text(meter), "profile": .text(description.profile.description),
                "document": .text(ProfileDescriptionDocument.text(of: description)), "seen_at": .moment(receivedAt),
            ]
        )
    }
}

extension ReadingSeries {
    /// The series of a column of a profile.
    init(_ capture: CaptureObject, in profile: OBISCode) {
        self.init(
            source: .profile(profile),
            object: capture.logicalName,
            classID: capture.classID,
            attribute: capture.attributeIndex,
            element: capture.dataIndex
        )
    }
}

extension ProfileTime.Source {
    /// The number in the column `time_source`.
    var number: Int64 { Int64(Self.allCases.firstIndex(of: self) ?? 0) }

    init?(number: Int) {
        guard Self.allCases.indices.contains(number) else { return nil }
        self = Self.allCases[number]
    }
}
