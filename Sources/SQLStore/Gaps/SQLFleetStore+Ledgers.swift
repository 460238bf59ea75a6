// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Fleet
public import Timekeeping

extension SQLFleetStore: LedgerStore {
    /// Notes rows that are stored elsewhere.
    public func note(_ update: LedgerUpdate) async throws(StoreError) {
        try await write { [meters, dialect = database.dialect] connection in
            guard try meters.contains(update.meter.text, on: connection) else {
                throw StoreError.referenceUnknown(update.meter.text)
            }
            try LedgerRows(connection: connection, dialect: dialect).note(update)
        }
    }

    /// The ledgers of a meter.
    public func ledgers(of meter: MeterID) async throws(StoreError) -> [ProfileLedger] {
        try await read { connection in
            try connection.query(
                "SELECT \(LedgerRows.columns) FROM profile_ledgers WHERE meter_id = :meter ORDER BY profile",
                ["meter": .text(meter.text)]
            ).compactMap { try LedgerRows.ledger($0) }
        }
    }

    /// The ledger of one profile.
    public func ledger(of profile: OBISCode, meter: MeterID) async throws(StoreError) -> ProfileLedger? {
        try await read { [dialect = database.dialect] connection in
            try LedgerRows(connection: connection, dialect: dialect).ledger(meter, profile)
        }
    }

    /// The days of a profile.
    public func days(
        of profile: OBISCode,
        meter: MeterID,
        in days: ClosedRange<Int>,
        isIncomplete: Bool
    ) async throws(StoreError) -> [ProfileDay] {
        try await read { [dialect = database.dialect] connection in
            try LedgerRows(connection: connection, dialect: dialect)
                .days(meter, profile, in: days, isIncomplete: isIncomplete)
        }
    }

    /// What meters have of what they should have.
    public func completeness(
        matching query: CompletenessQuery,
        after cursor: CompletenessCursor?,
        limit: Int
    ) async throws(StoreError) -> [ProfileCompleteness] {
        try await read { connection in
            var (conditions, binds) = Self.conditions(of: query)
            if let cursor {
                conditions.append(
                    "(d.meter_id > :after_meter OR (d.meter_id = :after_meter AND d.profile > :after_profile))"
                )
                binds["after_meter"] = .text(cursor.meter.text)
                binds["after_profile"] = .text(cursor.profile.description)
            }
            binds["limit"] = .integer(Int64(max(limit, 1)))
            return try connection.query(
                """
                SELECT d.meter_id, d.profile, \(Self.sums) FROM profile_days d
                \(ConfigurationTable.whereClause(conditions))
                GROUP BY d.meter_id, d.profile ORDER BY d.meter_id, d.profile LIMIT :limit
                """,
                binds
            ).compactMap { row in
                guard let meter = MeterID(try row.text("meter_id")), let profile = OBISCode(try row.text("profile"))
                else { return nil }
                return ProfileCompleteness(meter: meter, profile: profile, counts: try Self.counts(row))
            }
        }
    }

    /// The sum over all meters and profiles that match.
    public func totalCompleteness(matching query: CompletenessQuery) async throws(StoreError) -> RowCounts {
        try await read { connection in
            let (conditions, binds) = Self.conditions(of: query)
            return try connection.query(
                "SELECT \(Self.sums) FROM profile_days d \(ConfigurationTable.whereClause(conditions))",
                binds
            ).first.map { try Self.counts($0) } ?? RowCounts()
        }
    }

    /// The kinds of ledgers there are, with the earliest day that was closed last.
    public func ledgersToClose() async throws(StoreError) -> [LedgerKind] {
        try await read { connection in
            try connection.query(
                """
                SELECT capture_period, billing_day, zone, min(closed_day) AS closed_day FROM profile_ledgers
                WHERE capture_period > 0 OR billing_day <> '' GROUP BY capture_period, billing_day, zone
                ORDER BY capture_period, billing_day, zone
                """,
                [:]
            ).map { row in
                LedgerKind(
                    capturePeriod: UInt32(clamping: try row.integer("capture_period")),
                    billingDay: BillingDay(try row.text("billing_day")),
                    zone: try row.text("zone"),
                    closedDay: try row.integer("closed_day")
                )
            }
        }
    }

    /// So many ledgers are closed in one transaction: each row that is stored changes a ledger, too, and undoes one that
    /// takes long.
    private static let closedAtOnce = 1000

    /// Writes down that a day is over.
    public func closeDay(
        _ day: Int,
        of kind: LedgerKind,
        expected: Int,
        recoverAt: Timestamp
    ) async throws(StoreError) -> Int {
        var missing = 0
        var cursor: (meter: String, profile: String)? = ("", "")
        while let after = cursor {
            let piece = try await write { connection in
                try Self.closeDay(day, of: kind, after, expected: expected, recoverAt: recoverAt, on: connection)
            }
            missing += piece.missing
            cursor = piece.last
        }
        return missing
    }

    /// Closes a day of some ledgers behind a place.
    ///
    /// - Returns: how many had no row of that day, and where the next ones begin; nil when there are none.
    private static func closeDay(
        _ day: Int,
        of kind: LedgerKind,
        _ after: (meter: String, profile: String),
        expected: Int,
        recoverAt: Timestamp,
        on connection: any SQLConnection
    ) throws(SQLError) -> (missing: Int, last: (meter: String, profile: String)?) {
        // A ledger that was begun since, further back, waits for the next look: it lacks the days closed before this.
        var which = """
            capture_period = :period AND billing_day = :billing_day AND zone = :zone
            AND closed_day < :day AND closed_day >= :closed
            AND (meter_id, profile) > (:after_meter, :after_profile)
            """
        var binds: SQLBinds = [
            "period": .integer(Int64(kind.capturePeriod)), "zone": .text(kind.zone), "day": .integer(Int64(day)),
            "billing_day": .text(kind.billingDay?.description ?? ""),
            "closed": .integer(Int64(kind.closedDay)), "after_meter": .text(after.meter),
            "after_profile": .text(after.profile),
        ]
        let last = try connection.query(
            """
            SELECT meter_id, profile FROM profile_ledgers WHERE \(which)
            ORDER BY meter_id, profile LIMIT 1 OFFSET :others
            """,
            binds.merging(["others": .integer(Int64(closedAtOnce - 1))]) { first, _ in first }
        ).first.map { row throws(SQLError) in (meter: try row.text("meter_id"), profile: try row.text("profile")) }
        if let last {
            which += " AND (meter_id, profile) <= (:last_meter, :last_profile)"
            binds["last_meter"] = .text(last.meter)
            binds["last_profile"] = .text(last.profile)
        }
        let missing = try connection.execute(
            """
            INSERT INTO profile_days (meter_id, profile, \(LedgerRows.dayColumns))
            SELECT meter_id, profile, :day, :expected, 0, 0, '', '', '', '' FROM profile_ledgers WHERE \(which)
            ON CONFLICT (meter_id, profile, day) DO NOTHING
            """,
            binds.merging(["expected": .integer(Int64(expected))]) { first, _ in first }
        )
        try connection.execute(
            """
            UPDATE profile_ledgers SET closed_day = :day, recover_at = CASE
                WHEN recover_at IS NOT NULL THEN recover_at
                WHEN EXISTS (SELECT 1 FROM profile_days d WHERE d.meter_id = profile_ledgers.meter_id
                    AND d.profile = profile_ledgers.profile AND d.day = :day AND d.received + d.lost < d.expected)
                THEN :recover END
            WHERE \(which)
            """,
            binds.merging(["recover": .moment(recoverAt)]) { first, _ in first }
        )
        return (missing, last)
    }

    /// Hands out profiles that have something to recover.
    public func claimRecoveries(
        now: Timestamp,
        limit: Int,
        pause: Duration
    ) async throws(StoreError) -> [ProfileLedger] {
        try await write { [dialect = database.dialect] connection in
            let due = try connection.query(
                """
                SELECT \(LedgerRows.columns) FROM profile_ledgers WHERE recover_at <= :now ORDER BY recover_at
                LIMIT :limit \(dialect.forUpdateSkippingLocked)
                """,
                ["now": .moment(now), "limit": .integer(Int64(max(limit, 1)))]
            ).compactMap { try LedgerRows.ledger($0) }
            let rows = LedgerRows(connection: connection, dialect: dialect)
            return try due.map { ledger in
                var ledger = ledger
                ledger.recoverAt = now + pause * (1 << min(ledger.failures, 4))
                ledger.failures += 1
                try rows.put(ledger)
                return ledger
            }
        }
    }

    private static let sums = """
        coalesce(sum(d.expected), 0) AS expected, coalesce(sum(d.received), 0) AS received,
        coalesce(sum(d.lost), 0) AS lost
        """

    private static func counts(_ row: SQLRow) throws(SQLError) -> RowCounts {
        RowCounts(
            expected: try row.integer("expected"),
            received: try row.integer("received"),
            lost: try row.integer("lost")
        )
    }

    private static func conditions(of query: CompletenessQuery) -> (conditions: [String], binds: SQLBinds) {
        var conditions = ["d.day BETWEEN :first_day AND :last_day"]
        var binds: SQLBinds = [
            "first_day": .integer(Int64(query.days.lowerBound)), "last_day": .integer(Int64(query.days.upperBound)),
        ]
        if let meter = query.meter {
            conditions.append("d.meter_id = :meter")
            binds["meter"] = .text(meter.text)
        }
        if let profile = query.profile {
            conditions.append("d.profile = :profile")
            binds["profile"] = .text(profile.description)
        }
        let (meterConditions, meterBinds) = Self.conditions(of: query.meters)
        if !meterConditions.isEmpty {
            conditions.append(
                "d.meter_id IN (SELECT id FROM meters \(ConfigurationTable.whereClause(meterConditions)))"
            )
            binds.merge(meterBinds) { first, _ in first }
        }
        return (conditions, binds)
    }
}
