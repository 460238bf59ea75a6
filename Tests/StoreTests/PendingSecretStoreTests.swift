// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import JSONText
import SQLStore
import Testing

@Suite struct PendingSecretStoreTests {
    private let place: JSONPointer = "/associations/manager/security/blockCipherKey"
    private let key = Secret([UInt8](repeating: 0xA5, count: 16))

    @Test(arguments: Backend.allCases)
    func aPendingSecretStandsBesideTheOneInForce(backend: Backend) async throws {
        try await backend.run { stores in
            let before = try await stores.fleet.putMeter(id("M-1"), meter(), when: .unconditional).record
            #expect(try await stores.fleet.pendingSecrets(id("M-1")) == nil)
            try await stores.fleet.beginSecretChange(id("M-1"), [place: key])
            let pending = PendingSecrets(secrets: [place: key], begunAt: stores.clock.now())
            #expect(try await stores.fleet.pendingSecrets(id("M-1")) == pending)
            #expect(try await stores.fleet.meter(id("M-1")) == before)
            await #expect(throws: StoreError.inUse(by: [place.text])) {
                try await stores.fleet.beginSecretChange(id("M-1"), [place: key])
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func anAdoptedSecretTakesItsPlaceAndIsPendingNoMore(backend: Backend) async throws {
        try await backend.run { stores in
            let before = try await stores.fleet.putMeter(
                id("M-1"),
                meter("Flat 12", labels: ["region": "north"]),
                when: .unconditional
            ).record
            try await stores.fleet.beginSecretChange(id("M-1"), [place: key])
            stores.clock.advance(by: .seconds(1))
            let after = try await stores.fleet.adoptPendingSecrets(id("M-1"))
            #expect(after.configuration.secrets == before.configuration.secrets.merging([place: key]) { $1 })
            #expect(after.configuration.name == "Flat 12")
            #expect(after.revision != before.revision)
            #expect(try await stores.fleet.meter(id("M-1")) == after)
            #expect(
                try await stores.fleet.meterIDs(matching: MeterQuery(search: "flat"), after: nil, limit: 10).items.count
                    == 1
            )
            #expect(try await stores.fleet.pendingSecrets(id("M-1")) == nil)
            await #expect(throws: StoreError.referenceUnknown("M-1")) {
                try await stores.fleet.adoptPendingSecrets(id("M-1"))
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func anAbandonedSecretIsForgotten(backend: Backend) async throws {
        try await backend.run { stores in
            let before = try await stores.fleet.putMeter(id("M-1"), meter(), when: .unconditional).record
            try await stores.fleet.beginSecretChange(id("M-1"), [place: key])
            try await stores.fleet.abandonPendingSecrets(id("M-1"))
            #expect(try await stores.fleet.pendingSecrets(id("M-1")) == nil)
            #expect(try await stores.fleet.meter(id("M-1")) == before)
        }
    }

    @Test(arguments: Backend.allCases)
    func onlyASecretThatIsThereCanBeChanged(backend: Backend) async throws {
        try await backend.run { stores in
            await #expect(throws: StoreError.referenceUnknown("M-1")) {
                try await stores.fleet.beginSecretChange(id("M-1"), [place: key])
            }
            _ = try await stores.fleet.putMeter(id("M-1"), meter(), when: .unconditional)
            let nowhere: JSONPointer = "/associations/reader/security/blockCipherKey"
            await #expect(throws: StoreError.referenceUnknown(nowhere.text)) {
                try await stores.fleet.beginSecretChange(id("M-1"), [nowhere: key])
            }
        }
    }

    @Test func pendingSecretsAreSealedForTheirPlace() async throws {
        try await Backend.sqliteInMemory.run { stores in
            _ = try await stores.fleet.putMeter(id("M-1"), meter(), when: .unconditional)
            try await stores.fleet.beginSecretChange(id("M-1"), [place: key])
            let rows = try await stores.database.read { try $0.query("SELECT sealed FROM pending_secrets", [:]) }
            #expect(rows.count == 1)
            let text = "\(rows)"
            #expect(!text.lowercased().contains("a5a5a5a5"))
            _ = try await stores.database.write { connection in
                try connection.execute(
                    "UPDATE pending_secrets SET place = '/associations/manager/security/authenticationKey'",
                    [:]
                )
            }
            await #expect(throws: StoreError.sealing(.altered)) {
                try await stores.fleet.pendingSecrets(id("M-1"))
            }
        }
    }
}
