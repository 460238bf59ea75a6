// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Timekeeping

extension SQLFleetStore: ClockSampleStore {
    /// So many seconds share one sample, so that a clock that is looked at all the time has a history, too.
    private static let slotSeconds: Int64 = 600
    private static let mostSamples = 200

    /// Keeps a sample.
    public func keep(_ sample: ClockSample, of meter: MeterID) async throws(StoreError) {
        try await write { [meters] connection in
            guard try meters.contains(meter.text, on: connection) else { return }
            try connection.execute(
                """
                INSERT INTO clock_samples (meter_id, slot, read_at, ahead_us, uncertainty_us, is_corrected)
                VALUES (:meter, :slot, :at, :ahead, :uncertainty, :corrected)
                ON CONFLICT (meter_id, slot) DO UPDATE SET read_at = excluded.read_at, ahead_us = excluded.ahead_us,
                    uncertainty_us = excluded.uncertainty_us,
                    is_corrected = CASE WHEN excluded.is_corrected = 1 THEN 1 ELSE clock_samples.is_corrected END
                """,
                [
                    "meter": .text(meter.text), "slot": .integer(sample.at.seconds / Self.slotSeconds),
                    "at": .moment(sample.at), "ahead": .integer(Self.microseconds(sample.offset)),
                    "uncertainty": .integer(Self.microseconds(sample.uncertainty)),
                    "corrected": .flag(sample.isCorrected),
                ]
            )
            try connection.execute(
                """
                DELETE FROM clock_samples WHERE meter_id = :meter AND slot <= (
                    SELECT slot FROM clock_samples WHERE meter_id = :meter ORDER BY slot DESC LIMIT 1 OFFSET :most)
                """,
                ["meter": .text(meter.text), "most": .integer(Int64(Self.mostSamples))]
            )
        }
    }

    /// The samples of a meter.
    public func clockSamples(_ meter: MeterID) async throws(StoreError) -> [ClockSample] {
        try await read { connection in
            try connection.query(
                """
                SELECT read_at, ahead_us, uncertainty_us, is_corrected FROM clock_samples
                WHERE meter_id = :meter ORDER BY slot
                """,
                ["meter": .text(meter.text)]
            ).map { row throws(SQLError) in
                ClockSample(
                    at: try row.moment("read_at"),
                    offset: .microseconds(try row.integer("ahead_us")),
                    uncertainty: .microseconds(try row.integer("uncertainty_us")),
                    isCorrected: try row.flag("is_corrected")
                )
            }
        }
    }

    private static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
