// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc
import PostgreSQLDriver
import SQLStore
import SQLiteDriver
import SettingsKit

/// Which database a command works on: the one that `serve` would take from the same settings.
struct DatabaseOptions: ParsableArguments {
    @Option(help: .setting("database"))
    var database: String?

    @Option(help: "The YAML file of settings that names the database, as for serve.")
    var config: String?

    /// Whether the command line names a database.
    var isNamed: Bool { database != nil || config != nil }

    /// Where the database is.
    ///
    /// - Throws: `SettingsError`.
    func location() throws -> DatabaseLocation { try setting().location }

    /// Where the database is, and whether a flag, a variable or the file says so.
    private func setting() throws -> (location: DatabaseLocation, isNamed: Bool) {
        let sources = GatewaySettings.sources(flags: ["database": database], file: config)
        guard sources.faults.isEmpty else { throw SettingsError.faults(sources.faults) }
        do {
            let name = sources.values["database"]?.text
            return (try DatabaseLocation(name ?? DatabaseLocation.usual), name != nil)
        } catch let error as SettingsError {
            throw error.placed(by: sources)
        }
    }

    /// Opens a database that is there already.
    ///
    /// - Parameter makesNamed: whether one that is named and not there is made, for a gateway to come.
    /// - Returns: the database, and what to call it when it fails.
    /// - Throws: `ExitCode` 2, after telling why, when there is none; `SettingsError`, `SQLError`.
    func open(makesNamed: Bool = false) throws -> (any SQLDatabase, name: String) {
        let (location, isNamed) = try setting()
        switch location {
        case .sqlite(let path):
            // SQLite would make a file that is not there.
            let isNew = makesNamed && isNamed && Self.make(path)
            guard isNew || access(path, F_OK) == 0 else {
                Terminal.tell("\(path): \(String(cString: strerror(errno)))")
                Terminal.tell("Name the gateway's database with --database, COSEM_GATEWAY_DATABASE or --config.")
                throw ExitCode(2)
            }
            if isNew { Terminal.tell("\(path) is new; start the gateway with the same database") }
            do {
                return (try SQLiteDatabase(path: path), path)
            } catch {
                Terminal.tell("\(path): \(error)")
                throw ExitCode(2)
            }
        case .postgreSQL(let address):
            return (PostgreSQLDatabase(PostgreSQLSettings(address: address)), "the database")
        }
    }

    /// Makes an empty file for a database where there is none; false when there is one, or none can be made.
    private static func make(_ path: String) -> Bool {
        let descriptor = Glibc.open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        SharedFile.give(path, toOwnerOf: SharedFile.folder(of: path))
        return true
    }
}
