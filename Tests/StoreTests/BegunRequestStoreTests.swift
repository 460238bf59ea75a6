// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
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
            let underWay = BegunRequest(bodyDigest: "d1", begunAt: start, outcome: .underWay)
            #expect(try await begin(stores, digest: "d2") == underWay)
            let answer = Array(#"{"returned":"MARKED-1"}"#.utf8)
            try await stores.fleet.settleRequest("k", .answered(answer))
            #expect(try await begin(stores)?.outcome == .answered(answer))
            #expect(
                try await stores.fleet.beginRequest("other", bodyDigest: "d1", expiresAt: start + .seconds(9)) == nil
            )
            try await stores.fleet.settleRequest("k", .unknown)
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

    @Test(arguments: Backend.allCases)
    func answersAreNotReadableInTheDatabase(backend: Backend) async throws {
        try await backend.run { stores in
            #expect(try await begin(stores) == nil)
            try await stores.fleet.settleRequest("k", .answered(Array("MARKED-1".utf8)))
            let kept = try await stores.database.read { connection in
                try connection.query("SELECT answer FROM begun_requests", [:]).first?.text("answer")
            }
            let text = try #require(kept)
            #expect(!text.isEmpty && !text.lowercased().contains("4d41524b4544"))
        }
    }
}
