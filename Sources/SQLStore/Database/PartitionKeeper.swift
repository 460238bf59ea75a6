// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Timekeeping

/// Makes partitions before they are needed, and removes rows that are too old, in steps that hold nobody up for long.
///
/// Several gateways may do it at once. On SQLite, which has no partitions, and in the rest partition, old rows are
/// deleted, some series of rows in each transaction.
public struct PartitionKeeper: Sendable {
    /// What was done.
    public struct Work: Hashable, Sendable {
        /// Partitions that were made.
        public var made = 0
        /// Partitions that were dropped with all their rows.
        public var dropped = 0
        /// Rows that were deleted one by one.
        public var deleted = 0

        /// Nothing done.
        public init() {}
    }

    /// How many series one transaction looks at.
    private static let seriesPerStep = 100
    /// After how many deleted rows a transaction ends.
    private static let rowsPerStep = 1000

    private let database: any SQLDatabase
    private let table: DividedTable

    /// Makes a keeper of one table.
    public init(database: any SQLDatabase, table: DividedTable) {
        self.database = database
        self.table = table
    }

    /// Does what is due; meant to be called every hour or so.
    ///
    /// - Parameters:
    ///   - now: the present moment.
    ///   - behind: how far back rows are still expected to come in, as when gaps are filled.
    ///   - ahead: how far ahead there is to be room.
    ///   - retention: the age from which on rows are removed, with their partition once all of it is as old; nil keeps
    ///     them.
    /// - Throws: ``Fleet/StoreError/unavailable(reason:)``; what was done until then stays done.
    @discardableResult
    public func keep(
        now: Timestamp,
        behind: Duration = .seconds(30 * 86_400),
        ahead: Duration = .seconds(7 * 86_400),
        retention: Duration?
    ) async throws(StoreError) -> Work {
        var work = Work()
        do {
            let oldest = retention.map { max(now - $0, now - behind) } ?? now - behind
            if database.dialect.dividesTables {
                for range in table.ranges(from: oldest, to: now + ahead) where try await make(range) { work.made += 1 }
            }
            guard let retention else { return work }
            if database.dialect.dividesTables { work.dropped = try await drop(before: now - retention) }
            work.deleted = try await delete(before: now - retention)
        } catch {
            throw StoreError(error)
        }
        return work
    }

    /// Makes a partition unless there is one, and moves what the rest holds of it there.
    private func make(_ range: Range<Int64>) async throws -> Bool {
        let name = table.partition(range)
        guard try await !partitions().contains(where: { $0.range.overlaps(range) }) else { return false }
        return try await database.write(.rowLocks) { [table, dialect = database.dialect] connection in
            try connection.runScript(dialect.migrationLock)
            // Another gateway may have made it while this one waited.
            guard try !Self.partitions(of: table, on: connection).contains(where: { $0.range.overlaps(range) }) else {
                return false
            }
            let isInside = "\(table.moment) >= \(range.lowerBound) AND \(table.moment) < \(range.upperBound)"
            try connection.runScript(
                """
                LOCK TABLE \(table.rest) IN ACCESS EXCLUSIVE MODE;
                CREATE TABLE \(name) (LIKE \(table.name) INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
                INSERT INTO \(name) SELECT * FROM \(table.rest) WHERE \(isInside);
                DELETE FROM \(table.rest) WHERE \(isInside);
                ALTER TABLE \(table.name) ATTACH PARTITION \(name)
                    FOR VALUES FROM (\(range.lowerBound)) TO (\(range.upperBound))
                """
            )
            return true
        }
    }

    /// Drops partitions of which every row is too old.
    private func drop(before moment: Timestamp) async throws -> Int {
        var dropped = 0
        for partition in try await partitions() where partition.range.upperBound <= moment.microseconds {
            try await database.write(.rowLocks) { connection in
                // Whoever reads the table waits behind this, so it does not wait for long itself.
                try connection.runScript("SET LOCAL lock_timeout = '2s'; DROP TABLE IF EXISTS \(partition.name)")
            }
            dropped += 1
        }
        return dropped
    }

    private func partitions() async throws -> [(name: String, range: Range<Int64>)] {
        try await database.read { [table] connection in try Self.partitions(of: table, on: connection) }
    }

    private static func partitions(
        of table: DividedTable,
        on connection: any SQLConnection
    ) throws -> [(name: String, range: Range<Int64>)] {
        try connection.query(
            """
            SELECT relname::text AS name, pg_get_expr(relpartbound, pg_class.oid) AS bound
            FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = to_regclass(:name) ORDER BY relname
            """,
            ["name": .text(table.name)]
        ).compactMap { row in
            // FOR VALUES FROM ('1') TO ('2'), or DEFAULT.
            let bounds = try row.text("bound").split { !$0.isNumber && $0 != "-" }.compactMap { Int64($0) }
            guard bounds.count == 2, bounds[0] < bounds[1] else { return nil }
            return (try row.text("name"), bounds[0]..<bounds[1])
        }
    }

    /// Deletes rows that are too old, series by series.
    private func delete(before moment: Timestamp) async throws -> Int {
        let key = table.key.joined(separator: ", ")
        let place = database.dialect.dividesTables ? table.rest : table.name
        let next = """
            SELECT \(key) FROM \(place)
            WHERE (\(key)) > (\(table.key.map { ":\($0)" }.joined(separator: ", "))) ORDER BY \(key) LIMIT 1
            """
        let deletion = """
            DELETE FROM \(place)
            WHERE \(table.key.map { "\($0) = :\($0)" }.joined(separator: " AND ")) AND \(table.moment) < :limit
            """
        var deleted = 0
        var last: SQLBinds?
        repeat {
            let step = try await database.write(.rowLocks) {
                [table, last] connection -> (count: Int, last: SQLBinds?) in
                var count = 0
                var last = last
                for _ in 0..<Self.seriesPerStep where count < Self.rowsPerStep {
                    let rows =
                        if let last {
                            try connection.query(next, last)
                        } else {
                            try connection.query("SELECT \(key) FROM \(place) ORDER BY \(key) LIMIT 1", [:])
                        }
                    guard let row = rows.first else { return (count, nil) }
                    var series: SQLBinds = [:]
                    for column in table.key { series[column] = try row.value(column) }
                    count += try connection.execute(
                        deletion,
                        series.merging(["limit": .moment(moment)]) { first, _ in first }
                    )
                    last = series
                }
                return (count, last)
            }
            deleted += step.count
            last = step.last
        } while last != nil
        return deleted
    }
}
