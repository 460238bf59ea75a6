// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import DLMSSecurity
import Fleet
import SQLStore
import Timekeeping

/// The database that a command works on beside the gateways.
enum DatabaseAtHand {
    /// Opens what is kept there, brings it to the present schema, and closes it again.
    ///
    /// Secrets of meters cannot be read this way: their key stays where the gateway has it.
    ///
    /// - Parameter makesNamed: whether a database that is named and not there is made.
    /// - Throws: `ExitCode` 2, after telling why, when the database cannot be used; `SettingsError`.
    static func open<Result: Sendable>(
        _ options: DatabaseOptions,
        makesNamed: Bool = false,
        _ body: (SQLFleetStore) async throws -> Result
    ) async throws -> Result {
        let (database, name) = try options.open(makesNamed: makesNamed)
        do {
            try await Migrator.migrate(database, now: SystemWallClock().now())
            let sealer = try SecretSealer(key: Secret(RandomOctets.draw(32)))
            let result = try await body(SQLFleetStore(database: database, sealer: sealer))
            try await database.close()
            return result
        } catch let error where error is SQLError || error is StoreError {
            Terminal.tell("\(name): \(error)")
            throw ExitCode(2)
        }
    }
}
