// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Brings the schema of a database to the version this gateway knows, forward only.
public enum Migrator {
    /// The steps in order; a step that was released is never changed.
    private static let steps: [(version: Int, script: [UInt8])] = [
        (1, PackageResources.M0001_sql),
        (2, PackageResources.M0002_sql),
        (3, PackageResources.M0003_sql),
        (4, PackageResources.M0004_sql),
        (5, PackageResources.M0005_sql),
        (6, PackageResources.M0006_sql),
        (7, PackageResources.M0007_sql),
        (8, PackageResources.M0008_sql),
        (9, PackageResources.M0009_sql),
        (10, PackageResources.M0010_sql),
        (11, PackageResources.M0011_sql),
        (12, PackageResources.M0012_sql),
        (13, PackageResources.M0013_sql),
        (14, PackageResources.M0014_sql),
        (15, PackageResources.M0015_sql),
        (16, PackageResources.M0016_sql),
        (17, PackageResources.M0017_sql),
        (18, PackageResources.M0018_sql),
        (19, PackageResources.M0019_sql),
        (20, PackageResources.M0020_sql),
        (21, PackageResources.M0021_sql),
        (22, PackageResources.M0022_sql),
        (23, PackageResources.M0023_sql),
    ]

    /// So often a database that somebody else has to himself is asked for; with SQLite for 2 minutes.
    private static let mostTries = 24

    /// The versions of all steps, in order.
    public static var versions: [Int] { steps.map(\.version) }

    /// The version of the schema after all steps.
    public static var version: Int { steps.last?.version ?? 0 }

    /// Applies the steps that are missing, all in one transaction; does nothing on a database that is up to date.
    ///
    /// Of several gateways that start at once one does it, and the others wait for it: with large tables that takes longer
    /// than any other transaction.
    ///
    /// - Returns: the versions that were applied.
    /// - Throws: ``SQLError/locked(reason:)`` when nobody else should have taken so long,
    ///   ``SQLError/schemaTooNew(found:known:)`` for a database of a newer gateway, which is left untouched.
    @discardableResult
    public static func migrate(_ database: any SQLDatabase, now: Timestamp) async throws -> [Int] {
        try await migrate(database, upTo: version, now: now)
    }

    /// Applies the steps that are missing up to a version, to have the schema of an earlier gateway.
    ///
    /// - Returns: the versions that were applied.
    @discardableResult
    package static func migrate(_ database: any SQLDatabase, upTo last: Int, now: Timestamp) async throws -> [Int] {
        for _ in 1..<mostTries {
            do {
                return try await applyMissing(to: database, upTo: last, now: now)
            } catch SQLError.locked {
                continue
            }
        }
        return try await applyMissing(to: database, upTo: last, now: now)
    }

    private static func applyMissing(
        to database: any SQLDatabase,
        upTo last: Int,
        now: Timestamp
    ) async throws -> [Int] {
        let dialect = database.dialect
        // Each statement has to see what the gateway before has committed while this one waited for the lock.
        return try await database.write(.rowLocks) { connection in
            if !dialect.migrationLock.isEmpty { try connection.runScript(dialect.migrationLock) }
            try connection.runScript(
                """
                CREATE TABLE IF NOT EXISTS schema_versions (
                    version BIGINT PRIMARY KEY CHECK (version > 0),
                    applied_at BIGINT NOT NULL
                )
                """
            )
            let rows = try connection.query("SELECT version FROM schema_versions", [:])
            let present = Set(try rows.map { row throws(SQLError) in try row.integer("version") })
            let newest = present.max() ?? 0
            guard newest <= version else { throw SQLError.schemaTooNew(found: newest, known: version) }
            let missing = steps.filter { !present.contains($0.version) && $0.version <= last }
            for step in missing {
                try connection.runScript(dialect.adapting(String(decoding: step.script, as: UTF8.self)))
                try connection.execute(
                    "INSERT INTO schema_versions (version, applied_at) VALUES (:version, :applied_at)",
                    ["version": .integer(Int64(step.version)), "applied_at": .moment(now)]
                )
            }
            return missing.map(\.version)
        }
    }
}
