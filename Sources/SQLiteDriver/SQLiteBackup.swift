// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GRDB
import Glibc
public import SQLStore

/// Copies of database files that are consistent although others work on them.
public enum SQLiteBackup {
    /// Copies a database to a file that is not there yet, readable by its owner only.
    ///
    /// - Throws: ``SQLStore/SQLError/unavailable(reason:)``.
    public static func copy(from source: String, to target: String) throws(SQLError) {
        guard access(source, R_OK) == 0 else {
            throw .unavailable(reason: "cannot read \(source): \(String(cString: strerror(errno)))")
        }
        let descriptor = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unavailable(reason: "cannot make \(target): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        do {
            // Not read-only: what a process that was killed has left in the log of the source is taken along.
            let from = try DatabaseQueue(path: source)
            let to = try DatabaseQueue(path: target)
            try from.backup(to: to)
            // The copy is one file, also for those who only read it; a gateway takes up the log again.
            try to.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try to.close()
            try from.close()
        } catch {
            unlink(target)
            throw SQLError(sqlite: error)
        }
        let written = open(target, O_RDONLY | O_CLOEXEC)
        guard written >= 0 else { return }
        fsync(written)
        close(written)
    }

    /// What is wrong with a file that should be a copy of a gateway's database; nil when nothing is.
    public static func fault(of path: String) -> String? {
        guard access(path, R_OK) == 0 else { return "it cannot be read" }
        var configuration = Configuration()
        configuration.readonly = true
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            return try queue.read { database in
                let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
                guard verdict == "ok" else { return "it is damaged: \(verdict ?? "no verdict")" }
                return try database.tableExists("schema_versions") ? nil : "it is no database of a gateway"
            }
        } catch {
            return "it is no database of a gateway"
        }
    }

    /// Whether some process has the database open.
    public static func isInUse(_ path: String) -> Bool {
        guard access(path, F_OK) == 0 else { return false }
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { try $0.execute(sql: "BEGIN EXCLUSIVE; ROLLBACK") }
            try queue.close()
            return false
        } catch {
            return (error as? DatabaseError)?.resultCode == .SQLITE_BUSY
        }
    }
}
