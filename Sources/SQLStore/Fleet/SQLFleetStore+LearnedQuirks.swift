// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import JSONText
import Timekeeping

extension SQLFleetStore: LearnedQuirkStore {
    /// What was learned about a meter.
    public func learnedQuirks(_ meter: MeterID) async throws(StoreError) -> [LearnedQuirk] {
        let rows = try await read { connection in
            try connection.query(
                "SELECT name, quirk_value, learned_at FROM learned_quirks WHERE meter_id = :id ORDER BY name",
                ["id": .text(meter.text)]
            ).map { row throws(SQLError) in
                (name: try row.text("name"), value: try row.text("quirk_value"), at: try row.moment("learned_at"))
            }
        }
        // What an earlier version learned and this one cannot read is no loss: it is learned again.
        return rows.compactMap { row in
            (try? JSONReader.parse(Array(row.value.utf8))).flatMap { QuirkValue($0) }.map {
                LearnedQuirk(name: row.name, value: $0, learnedAt: row.at)
            }
        }
    }

    /// Keeps what was learned.
    public func learn(_ quirks: [LearnedQuirk], about meter: MeterID) async throws(StoreError) {
        try await write { [meters] connection in
            guard try meters.contains(meter.text, on: connection) else { return }
            for quirk in quirks {
                var writer = JSONWriter()
                quirk.value.write(into: &writer)
                try connection.execute(
                    """
                    INSERT INTO learned_quirks (meter_id, name, quirk_value, learned_at)
                    VALUES (:id, :name, :value, :at)
                    ON CONFLICT (meter_id, name) DO UPDATE SET quirk_value = excluded.quirk_value,
                        learned_at = excluded.learned_at
                    """,
                    [
                        "id": .text(meter.text), "name": .text(quirk.name),
                        "value": .text(String(decoding: writer.octets, as: UTF8.self)),
                        "at": .moment(quirk.learnedAt),
                    ]
                )
            }
        }
    }

    /// Forgets everything that was learned about a meter.
    public func forgetLearnedQuirks(_ meter: MeterID) async throws(StoreError) -> Bool {
        try await write { connection in
            try connection.execute("DELETE FROM learned_quirks WHERE meter_id = :id", ["id": .text(meter.text)]) > 0
        }
    }
}
