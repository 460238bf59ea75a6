// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import Foundation
import SQLStore
import SQLiteDriver
import Testing
import Timekeeping

@Suite struct SealedSecretsTests {
    private static let marks = ["MARKED-PASSWORD", "MARKED-BLOCK-KEY", "MARKED-AUTHN-KEY"]

    private func markedMeter() -> MeterConfiguration {
        MeterConfiguration(
            channel: .inline(ChannelConfiguration(path: .tcp(NetworkEndpoint(host: "192.0.2.1")))),
            associations: [
                "manager": AssociationConfiguration(
                    authentication: .low(Secret(text: Self.marks[0])),
                    security: SecurityConfiguration(
                        blockCipherKey: Secret(text: Self.marks[1]),
                        authenticationKey: Secret(text: Self.marks[2])
                    )
                )
            ]
        )
    }

    @Test func noFileHoldsASecretInClear() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: folder + "/store.sqlite")
            let stores = try await Stores(database: database)
            _ = try await stores.fleet.putMeter(id("M-1"), markedMeter(), when: .ifAbsent)
            try expectNoMarks(in: folder)
            try database.close()
            try expectNoMarks(in: folder)
        }
    }

    private func expectNoMarks(in folder: String) throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.contains("store.sqlite"))
        var isMeterFound = false
        for file in files {
            let content = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + file))
            isMeterFound = isMeterFound || content.range(of: Data("192.0.2.1".utf8)) != nil
            for mark in Self.marks {
                let digits = mark.utf8.map { String(format: "%02X", $0) }.joined()
                for form in [mark, digits, digits.lowercased(), Data(mark.utf8).base64EncodedString()] {
                    #expect(content.range(of: Data(form.utf8)) == nil, "\(file) holds a secret")
                }
            }
        }
        #expect(isMeterFound, "the search would find what is there")
    }

    @Test func survivesARestartAndTellsAWrongKey() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let first = try SQLiteDatabase(path: path)
            let written = try await Stores(database: first).fleet.putMeter(
                id("M-1"),
                markedMeter(),
                when: .ifAbsent
            ).record
            try first.close()

            let second = try SQLiteDatabase(path: path)
            #expect(try await Stores(database: second).fleet.meter(id("M-1")) == written)
            try second.close()

            let third = try SQLiteDatabase(path: path)
            let sealer = try SecretSealer(key: Secret(Array(1...32)))
            let store = SQLFleetStore(database: third, sealer: sealer)
            let right = try SecretSealer(key: Stores.key)
            let expected = StoreError.sealing(.unknownKey(sealedWith: right.keyID, atHand: [sealer.keyID]))
            await #expect(throws: expected) { try await store.meter(id("M-1")) }
            await #expect(throws: expected) { try await store.checkSealingKey() }
            try await SQLFleetStore(database: third, sealer: right).checkSealingKey()
            try third.close()
        }
    }

    @Test func aSecretMovedToAnotherMeterDoesNotOpen() async throws {
        try await Backend.sqliteInMemory.run { stores in
            _ = try await stores.fleet.putMeter(id("M-1"), markedMeter(), when: .ifAbsent)
            _ = try await stores.fleet.putMeter(id("M-2"), markedMeter(), when: .ifAbsent)
            _ = try await stores.database.write { connection in
                try connection.execute(
                    "UPDATE meters SET document = (SELECT document FROM meters WHERE id = 'M-1') WHERE id = 'M-2'",
                    [:]
                )
            }
            await #expect(throws: StoreError.sealing(.altered)) { try await stores.fleet.meter(id("M-2")) }
            #expect(try await stores.fleet.meter(id("M-1")) != nil)
        }
    }

    @Test func theDatabaseFileIsForItsOwnerOnly() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: folder + "/store.sqlite")
            _ = try await Stores(database: database)
            for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + file)
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
            }
            try database.close()
        }
    }
}
