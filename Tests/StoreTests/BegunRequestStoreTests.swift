// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs
import Testing
import Timekeeping

@testable import SQLStore

@Suite struct BegunRequestStoreTests {
    private func begin(
        _ stores: Stores,
        digest: String = "d1",
        lasting: Duration = .seconds(60)
    ) async throws
        -> BegunRequest?
    {
        try await stores.fleet.beginRequest("k", bodyDigest: digest, expiresAt: stores.clock.now() + lasting)
    }

    @Test(arguments: Backend.allCases)
    func aRequestBeginsOnceAndItsAnswerIsKept(backend: Backend) async throws {
        try await backend.run { stores in
            let start = stores.clock.now()
            #expect(try await begin(stores) == nil)
            stores.clock.advance(by: .seconds(1))
            let underWay = BegunRequest(bodyDigest: "d1", outcome: .underWay(since: start))
            #expect(try await begin(stores, digest: "d2") == underWay)
            let answer = Array(#"{"returned":"MARKED-1"}"#.utf8)
            try await stores.fleet.settleRequest("k", answer: answer)
            #expect(try await begin(stores)?.outcome == .answered(answer))
            #expect(
                try await stores.fleet.beginRequest("other", bodyDigest: "d1", expiresAt: start + .seconds(9)) == nil
            )
            try await stores.fleet.settleRequest("k", answer: nil)
            #expect(try await begin(stores)?.outcome == .unknown)
        }
    }

    @Test(arguments: Backend.allCases)
    func aRequestThatDidNothingOrIsForgottenBeginsAgain(backend: Backend) async throws {
        try await backend.run { stores in
            #expect(try await begin(stores) == nil)
            try await stores.fleet.forgetRequest("k")
            #expect(try await begin(stores, lasting: .seconds(60)) == nil)
            stores.clock.advance(by: .seconds(59))
            #expect(try await begin(stores) != nil)
            stores.clock.advance(by: .seconds(1))
            #expect(try await begin(stores) == nil)
        }
    }

    private func key(_ stores: Stores) -> IdempotencyKey {
        IdempotencyKey(key: "k", bodyDigest: "d1", expiresAt: stores.clock.now() + .seconds(60))
    }

    @Test(arguments: Backend.allCases)
    func aKeyBelongsToAJobOrToARequestCarriedOutAtOnce(backend: Backend) async throws {
        try await backend.run { stores in
            #expect(try await begin(stores) == nil)
            await #expect(throws: JobStoreError.idempotencyKeyReused) {
                try await stores.jobs.create(stores.creation(key: key(stores)))
            }
            await #expect(throws: JobStoreError.idempotencyKeyReused) {
                try await stores.jobs.begin(stores.creation(key: key(stores)))
            }
            try await stores.fleet.forgetRequest("k")
            let job = try await stores.jobs.create(stores.creation(key: key(stores))).job.id
            #expect(try await begin(stores) == BegunRequest(bodyDigest: "d1", outcome: .job))
            // What is told of a request that it is not leaves the job its key.
            try await stores.fleet.settleRequest("k", answer: [1])
            try await stores.fleet.forgetRequest("k")
            #expect(try await begin(stores)?.outcome == .job)
            #expect(try await stores.jobs.job(withKey: "k")?.id == job)
        }
    }

    /// Whether the key is had by a job, or by a request that is carried out at once.
    private func takes(_ stores: Stores, asJob: Bool) async throws -> Bool {
        guard asJob else { return try await begin(stores) == nil }
        do {
            _ = try await stores.jobs.create(stores.creation(key: key(stores)))
            return true
        } catch JobStoreError.idempotencyKeyReused {
            return false
        }
    }

    @Test(
        .enabled(if: TestServer.isThere, "no PostgreSQL: run the tests by Scripts/with-postgresql, as make unit does"),
        arguments: [false, true]
    )
    func whoComesTheOtherWayWhileAKeyIsBeingTakenWaitsAndGetsNothing(isJobFirst: Bool) async throws {
        try await Backend.postgreSQL.runEmpty { open in
            let second = try await Stores(database: open())
            let database = HeldDatabase(try open()) { $0.contains("INSERT INTO idempotency_keys") }
            let first = try await Stores(database: database)
            async let isFirst = takes(first, asJob: isJobFirst)
            await database.awaitStandstill()
            let isOver = Protected(false)
            async let isSecond = {
                defer { isOver.change { $0 = true } }
                return try await takes(second, asJob: !isJobFirst)
            }()
            try await database.awaitLock(orEndOf: isOver)
            #expect(!isOver.value)
            database.letGo()
            #expect(try await [isFirst, isSecond] == [true, false])
        }
    }

    @Test(arguments: Backend.allCases)
    func answersAreNotReadableInTheDatabase(backend: Backend) async throws {
        try await backend.run { stores in
            #expect(try await begin(stores) == nil)
            try await stores.fleet.settleRequest("k", answer: Array("MARKED-1".utf8))
            let kept = try await stores.database.read { connection in
                try connection.query("SELECT answer FROM idempotency_keys", [:]).first?.text("answer")
            }
            let text = try #require(kept)
            #expect(!text.isEmpty && !text.lowercased().contains("4d41524b4544"))
        }
    }
}
