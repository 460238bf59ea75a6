// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing

@testable import GatewayCore

@Suite("Orders are carried out once")
struct IdempotencyLedgerTests {
    @Test("A repeated order gets the first one's outcome")
    func replay() async throws {
        let ledger = IdempotencyLedger<Int>()
        var count = 0
        for turn in 0..<3 {
            let (outcome, isReplayed) = try await ledger.once("k", body: [1]) { () async throws(GatewayError) -> Int in
                count += 1
                return 7
            }
            #expect(outcome == 7)
            #expect(isReplayed == (turn > 0))
        }
        #expect(count == 1)
        let reused = await Self.error {
            _ = try await ledger.once("k", body: [2]) { () async throws(GatewayError) -> Int in 8 }
        }
        #expect(reused == .idempotencyKeyReused)
    }

    @Test("What certainly did nothing may be tried again; what may have acted may not")
    func failures() async throws {
        let meter = try #require(MeterID("M1"))
        let ledger = IdempotencyLedger<Int>()
        func fail(_ error: GatewayError) async {
            let thrown = await Self.error {
                _ = try await ledger.once("k", body: .null) { () async throws(GatewayError) -> Int in throw error }
            }
            #expect(thrown == error)
        }
        await fail(.draining)
        await fail(.outcomeUnknown(meter, operation: "action"))
        let replayed = await Self.error {
            _ = try await ledger.once("k", body: .null) { () async throws(GatewayError) -> Int in 1 }
        }
        #expect(replayed == .outcomeUnknown(meter, operation: "action"))
    }

    @Test("Of two at once one is told to wait")
    func inFlight() async throws {
        let ledger = IdempotencyLedger<Int>()
        _ = try await ledger.once("k", body: .null) { () async throws(GatewayError) -> Int in
            let second = await Self.error {
                _ = try await ledger.once("k", body: .null) { () async throws(GatewayError) -> Int in 2 }
            }
            #expect(second == .idempotencyInFlight)
            return 1
        }
    }

    private static func error(_ work: () async throws -> Void) async -> GatewayError? {
        do {
            try await work()
            return nil
        } catch {
            return error as? GatewayError
        }
    }
}
