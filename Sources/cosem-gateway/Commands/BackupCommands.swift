// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc
import SQLStore
import SQLiteDriver

/// Copies the database of a gateway, also while it works.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the SQLite database of a gateway to one file, also while it works.",
        discussion: """
            Without the key file beside the database (PATH.key) the secrets of meters cannot be read from the copy; \
            keep a copy of it at another place. A PostgreSQL database is copied with pg_dump.
            Example:
              cosem-gateway backup --database sqlite:///var/lib/gateway.sqlite \\
                gateway-2026-11-22.sqlite
            """
    )

    @OptionGroup var database: DatabaseOptions
    @Argument(help: "The file to make; it must not be there.")
    var file: String

    func run() throws {
        let path = try SQLitePath.of(database, other: "copy it with pg_dump")
        guard access(file, F_OK) != 0 else {
            Terminal.tell("\(file) is there already; name a file that is not")
            throw ExitCode.failure
        }
        do throws(SQLError) {
            try SQLiteBackup.copy(from: path, to: file)
        } catch {
            Terminal.tell("\(error)")
            throw ExitCode.failure
        }
        if let fault = SQLiteBackup.fault(of: file) {
            Terminal.tell("\(file): \(fault)")
            unlink(file)
            throw ExitCode.failure
        }
        print("\(file) is a sound copy; keep \(path).key too, at another place")
    }
}

/// Puts a copy in the place of the database of a gateway that does not run.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a copy made by backup in the place of a gateway's SQLite database.",
        discussion: """
            The gateway must not run. What was there is kept beside it as PATH.before-restore.
            Example:
              cosem-gateway restore --database sqlite:///var/lib/gateway.sqlite \\
                gateway-2026-11-22.sqlite
            """
    )

    @OptionGroup var database: DatabaseOptions
    @Argument(help: "The copy.")
    var file: String

    func run() throws {
        let path = try SQLitePath.of(database, other: "put it back with pg_restore or psql")
        if let fault = SQLiteBackup.fault(of: file) {
            Terminal.tell("\(file): \(fault)")
            throw ExitCode.failure
        }
        let tenancy: SQLiteTenancy
        do throws(SQLiteTenancy.Refusal) {
            tenancy = try SQLiteTenancy(of: path, as: "restore, process \(getpid())")
        } catch {
            let remedy = if case .occupied = error { "; stop the gateway first" } else { "" }
            Terminal.tell("\(path) \(error)\(remedy)")
            throw ExitCode.failure
        }
        defer { withExtendedLifetime(tenancy) {} }
        guard !SQLiteBackup.isInUse(path) else {
            Terminal.tell("\(path) is in use; stop what has it first")
            throw ExitCode.failure
        }
        let new = path + ".restoring"
        unlink(new)
        do throws(SQLError) {
            try SQLiteBackup.copy(from: file, to: new)
        } catch {
            Terminal.tell("\(error)")
            throw ExitCode.failure
        }
        // What is put back stays usable for the account that the database belongs to.
        SharedFile.give(new, toOwnerOf: access(path, F_OK) == 0 ? path : SharedFile.folder(of: path))
        let before = path + ".before-restore"
        // The log of the old database must not meet the new one; its index is made anew from it.
        unlink(path + "-shm")
        for ending in ["", "-wal"] { rename(path + ending, before + ending) }
        guard rename(new, path) == 0 else {
            Terminal.tell("\(path): \(String(cString: strerror(errno)))")
            for ending in ["", "-wal"] { rename(before + ending, path + ending) }
            throw ExitCode.failure
        }
        print("\(path) is restored; what was there is \(before)")
        print("Invocation counters are those of the copy: raise those of protected meters before they are used,")
        print("with POST /meters/{id}/counters/raise.")
    }
}

/// The file of a database that is one.
private enum SQLitePath {
    static func of(_ database: DatabaseOptions, other: String) throws -> String {
        switch try database.location() {
        case .sqlite(let path): return path
        case .postgreSQL:
            throw ValidationError("the database is on a PostgreSQL server: \(other)")
        }
    }
}
