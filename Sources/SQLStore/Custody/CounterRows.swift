// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import Timekeeping

/// The statements about invocation counters, each inside somebody's transaction.
struct CounterRows: Sendable {
    let dialect: Dialect

    /// The parameters that find the row of a counter.
    static func binds(_ id: InvocationCounterID) -> SQLBinds {
        ["key": .text(id.key.description), "title": .text(id.systemTitle.description)]
    }

    /// Makes the row of a counter if there is none, keeps others from changing it, and gives its next value.
    func lock(_ id: InvocationCounterID, now: Timestamp, on connection: any SQLConnection) throws(SQLError) -> UInt64 {
        var binds = Self.binds(id)
        binds["now"] = .moment(now)
        try connection.execute(
            """
            INSERT INTO invocation_counters (key_fingerprint, system_title, next_value, updated_at)
            VALUES (:key, :title, 1, :now)
            ON CONFLICT (key_fingerprint, system_title) DO NOTHING
            """,
            binds
        )
        guard let next = try next(id, forUpdate: true, on: connection) else {
            throw .unexpectedResult(reason: "a counter is gone that was there")
        }
        return next
    }

    /// The next value of a counter; nil without a row.
    func next(
        _ id: InvocationCounterID,
        forUpdate: Bool = false,
        on connection: any SQLConnection
    ) throws(SQLError) -> UInt64? {
        let row = try connection.query(
            """
            SELECT next_value FROM invocation_counters
            WHERE key_fingerprint = :key AND system_title = :title \(forUpdate ? dialect.forUpdate : "")
            """,
            Self.binds(id)
        ).first
        return try row.map { row throws(SQLError) in try row.unsigned("next_value") }
    }

    /// Moves a counter on; a lower value than the present one changes nothing, whatever the caller believes.
    func setNext(
        _ value: UInt64,
        _ id: InvocationCounterID,
        now: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) {
        var binds = Self.binds(id)
        binds["value"] = .integer(Int64(value))
        binds["now"] = .moment(now)
        let changed = try connection.execute(
            """
            UPDATE invocation_counters SET next_value = :value, updated_at = :now
            WHERE key_fingerprint = :key AND system_title = :title AND next_value < :value
            """,
            binds
        )
        guard changed == 1 else { throw .unexpectedResult(reason: "a counter would have been lowered") }
    }

    /// The limit that a jump would break; nil when it breaks none.
    func limit(
        _ limits: CounterRepairLimits,
        _ id: InvocationCounterID,
        from: UInt64,
        to: UInt64,
        now: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) -> CounterStoreError.Limit? {
        var binds = Self.binds(id)
        binds["since"] = .moment(now - .seconds(86_400))
        // A jump made in another hour of a clock that was put back since counts, too.
        let row = try connection.query(
            """
            SELECT coalesce(sum(to_value - from_value), 0) AS total,
                coalesce(sum(CASE WHEN made_at > :since AND cause <> 'first-use' THEN 1 ELSE 0 END), 0) AS recent,
                count(*) AS jumps
            FROM counter_repairs
            WHERE key_fingerprint = :key AND system_title = :title AND cause <> 'operator'
            """,
            binds
        ).first
        guard let row else { throw .unexpectedResult(reason: "a sum has no row") }
        let jump = to - from
        // The first jump of a key takes over what was used before us, for which years may have passed.
        let isFirst = try row.integer("jumps") == 0
        guard isFirst || jump <= limits.longestJump else {
            return .longestJump(from: from, to: to, allowed: limits.longestJump)
        }
        let recent = try row.integer("recent")
        guard recent < limits.repairsPerDay else { return .repairsPerDay(recent) }
        let total = try row.unsigned("total")
        guard total + jump <= limits.automaticTotal else {
            return .automaticTotal(
                from: from,
                to: to,
                allowed: limits.automaticTotal - min(total, limits.automaticTotal)
            )
        }
        return nil
    }

    /// Writes a jump down.
    func append(_ repair: CounterRepair, _ id: InvocationCounterID, on connection: any SQLConnection) throws(SQLError) {
        var binds = Self.binds(id)
        binds["made_at"] = .moment(repair.madeAt)
        binds["made_by"] = .text(repair.reason.madeBy)
        binds["cause"] = .text(repair.reason.cause.rawValue)
        binds["meter"] = .text(repair.reason.meter.text)
        binds["association"] = .text(repair.reason.association)
        binds["from"] = .integer(Int64(repair.from))
        binds["to"] = .integer(Int64(repair.to))
        binds["note"] = .text(optional: repair.reason.note)
        // The row of the counter is locked, so nobody else takes the same ordinal.
        try connection.execute(
            """
            INSERT INTO counter_repairs (key_fingerprint, system_title, ordinal, made_at, made_by, cause, meter_id,
                association, from_value, to_value, note)
            SELECT :key, :title, coalesce(max(ordinal), 0) + 1, :made_at, :made_by, :cause, :meter,
                :association, :from, :to, :note
            FROM counter_repairs WHERE key_fingerprint = :key AND system_title = :title
            """,
            binds
        )
    }

    /// The last jumps of a counter, the newest first.
    func repairs(
        _ id: InvocationCounterID,
        limit: Int,
        on connection: any SQLConnection
    ) throws(SQLError) -> [CounterRepair] {
        var binds = Self.binds(id)
        binds["limit"] = .integer(Int64(max(limit, 1)))
        let rows = try connection.query(
            """
            SELECT made_at, made_by, cause, meter_id, association, from_value, to_value, note FROM counter_repairs
            WHERE key_fingerprint = :key AND system_title = :title ORDER BY ordinal DESC LIMIT :limit
            """,
            binds
        )
        return try rows.map { row throws(SQLError) in
            guard let cause = CounterRepairReason.Cause(rawValue: try row.text("cause")),
                let meter = MeterID(try row.text("meter_id"))
            else { throw .unexpectedResult(reason: "a repair of a counter does not read back") }
            return CounterRepair(
                reason: CounterRepairReason(
                    cause: cause,
                    meter: meter,
                    association: try row.text("association"),
                    madeBy: try row.text("made_by"),
                    note: try row.optionalText("note")
                ),
                madeAt: try row.moment("made_at"),
                from: try row.unsigned("from_value"),
                to: try row.unsigned("to_value")
            )
        }
    }
}
