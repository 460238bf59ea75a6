// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import DLMSSecurity
import Fleet
import PostgreSQLDriver
import SQLStore
import SQLiteDriver
import Timekeeping

/// The database that a command works on beside the gateways.
enum DatabaseAtHand {
    /// Opens what is kept there, brings it to the present schema, and closes it again.
    ///
    /// Secrets of meters cannot be read this way: their key stays where the gateway has it.
    ///
    /// - Throws: `ExitCode` 2, after telling why, when the database cannot be used.
    static func open<Result: Sendable>(
        _ text: String?,
        _ body: (SQLFleetStore) async throws -> Result
    ) async throws -> Result {
        let location = try DatabaseLocation(text ?? "sqlite://./cosem-gateway.sqlite")
        do {
            let database: any SQLDatabase =
                switch location {
                case .sqlite(let path): try SQLiteDatabase(path: path)
                case .postgreSQL(let address): PostgreSQLDatabase(PostgreSQLSettings(address: address))
                }
            try await Migrator.migrate(database, now: SystemWallClock().now())
            let sealer = try SecretSealer(key: Secret(RandomOctets.draw(32)))
            let result = try await body(SQLFleetStore(database: database, sealer: sealer))
            try await database.close()
            return result
        } catch let error where error is SQLError || error is StoreError {
            Terminal.tell("the database cannot be used: \(error)")
            throw ExitCode(2)
        }
    }
}
