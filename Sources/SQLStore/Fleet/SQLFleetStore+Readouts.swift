// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText
import Timekeeping

extension SQLFleetStore: ReadoutStore {
    private static let mostMetersOfNumber = 10

    /// The last readouts of a meter.
    public func readouts(_ meter: MeterID) async throws(StoreError) -> [StoredReadout] {
        try await read { connection in
            try connection.query(
                "SELECT origin, taken_at, received_at, content FROM readouts WHERE meter_id = :id ORDER BY origin",
                ["id": .text(meter.text)]
            ).compactMap { row throws(SQLError) in
                guard let origin = StoredReadout.Origin(rawValue: try row.text("origin")) else { return nil }
                return StoredReadout(
                    origin: origin,
                    takenAt: try row.moment("taken_at"),
                    receivedAt: try row.moment("received_at"),
                    text: try row.text("content")
                )
            }
        }
    }

    /// Keeps a readout unless a later one of the same origin is kept.
    public func keepReadout(_ readout: StoredReadout, of meter: MeterID) async throws(StoreError) -> Bool {
        try await write { [meters] connection in
            guard try meters.contains(meter.text, on: connection) else {
                throw StoreError.referenceUnknown(meter.text)
            }
            let written = try connection.execute(
                """
                INSERT INTO readouts (meter_id, origin, taken_at, received_at, content)
                VALUES (:id, :origin, :taken_at, :received_at, :content)
                ON CONFLICT (meter_id, origin) DO UPDATE SET taken_at = excluded.taken_at,
                    received_at = excluded.received_at, content = excluded.content
                    WHERE excluded.taken_at >= readouts.taken_at
                """,
                [
                    "id": .text(meter.text), "origin": .text(readout.origin.rawValue),
                    "taken_at": .moment(readout.takenAt), "received_at": .moment(readout.receivedAt),
                    "content": .text(readout.text),
                ]
            )
            return written > 0
        }
    }

    /// The meters that are addressed by this number, leading zeros not counted.
    public func meters(withDevice number: String) async throws(StoreError) -> [MeterID] {
        let wanted = Self.significant(number)
        let pattern = wanted.map { ["%", "_", "\\"].contains($0) ? "\\\($0)" : String($0) }.joined()
        let rows = try await read { connection in
            try connection.query(
                "SELECT id, document FROM meters WHERE document LIKE :pattern ESCAPE '\\' ORDER BY id",
                ["pattern": .text("%\"device\":\"%\(pattern)\"%")]
            ).map { row throws(SQLError) in (id: try row.text("id"), document: try row.text("document")) }
        }
        let found = rows.compactMap { row -> MeterID? in
            let document = try? JSONReader.parse(Array(row.document.utf8))
            guard let device = document?["address"]?["device"]?.string, Self.significant(device) == wanted else {
                return nil
            }
            return MeterID(row.id)
        }
        return Array(found.prefix(Self.mostMetersOfNumber))
    }

    /// A number without the zeros in front, which address matching ignores (IEC 62056-21 §6.3.1).
    private static func significant(_ number: String) -> String {
        String(number.drop { $0 == "0" })
    }
}
