// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Timekeeping

/// The end of readings: by age, and with their meter.
extension SQLFleetStore {
    /// The tables whose rows are of an instant of a series.
    private static let tablesBySeries = ["readings", "profile_rows", "reading_revisions"]

    /// Removes what is of before a moment, meter by meter, because every key begins with the meter.
    public func removeReadings(
        before moment: Timestamp,
        after cursor: MeterID?,
        limit: Int
    ) async throws(StoreError) -> (removed: Int, last: MeterID?) {
        try await write { connection in
            let rows = try connection.query(
                """
                SELECT DISTINCT meter_id FROM reading_series WHERE meter_id > :cursor ORDER BY meter_id LIMIT :limit
                """,
                ["cursor": .text(cursor?.text ?? ""), "limit": .integer(Int64(limit))]
            )
            var removed = 0
            var last: MeterID?
            for row in rows {
                let meter = try row.text("meter_id")
                last = MeterID(meter)
                removed += try Self.removeReadings(of: meter, before: moment, on: connection)
            }
            return (removed, rows.count < limit ? nil : last)
        }
    }

    private static func removeReadings(
        of meter: String,
        before moment: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) -> Int {
        var removed = 0
        let series = try connection.query(
            "SELECT series FROM reading_series WHERE meter_id = :meter",
            ["meter": .text(meter)]
        )
        for row in series {
            for table in tablesBySeries {
                removed += try connection.execute(
                    "DELETE FROM \(table) WHERE meter_id = :meter AND series = :series AND at < :moment",
                    ["meter": .text(meter), "series": try row.value("series"), "moment": .moment(moment)]
                )
            }
        }
        // What came in before a moment is of before it, but for clocks that run ahead; those readings lose their origin.
        try connection.execute(
            "DELETE FROM reading_intakes WHERE meter_id = :meter AND received_at < :moment",
            ["meter": .text(meter), "moment": .moment(moment)]
        )
        return removed
    }

    /// Removes everything that was read from a meter, with the meter.
    static func removeReadings(of meter: MeterID, on connection: any SQLConnection) throws(SQLError) {
        for table in tablesBySeries + ["reading_intakes"] {
            try connection.execute("DELETE FROM \(table) WHERE meter_id = :meter", ["meter": .text(meter.text)])
        }
    }
}
