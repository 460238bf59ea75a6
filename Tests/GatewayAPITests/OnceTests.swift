// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs
import Synchronization
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Requests are carried out once")
struct OnceTests {
    private func key(_ bench: APIBench, _ digest: String = "d1") -> IdempotencyKey {
        IdempotencyKey(key: "k", bodyDigest: digest, expiresAt: bench.clock.now() + .seconds(86_400))
    }

    private func error(_ work: () async throws -> Void) async -> GatewayError? {
        do {
            try await work()
            return nil
        } catch {
            return error as? GatewayError
        }
    }

    @Test("A repeated request gets the first one's answer, another body none")
    func replay() async throws {
        try await APIBench.run { bench in
            var count: UInt8 = 0
            for turn in 0..<3 {
                let (answer, isReplayed) = try await bench.gateway.once(key(bench), at: "M1") {
                    () async throws(GatewayError) -> [UInt8] in
                    count += 1
                    return [count]
                }
                #expect(answer == [1])
                #expect(isReplayed == (turn > 0))
            }
            let reused = await error {
                _ = try await bench.gateway.once(key(bench, "d2"), at: "M1") {
                    () async throws(GatewayError) -> [UInt8] in []
                }
            }
            #expect(reused == .idempotencyKeyReused)
        }
    }

    @Test("A method is invoked once with a key, whether its answer is waited for or not", arguments: [false, true])
    func bothWays(isJobFirst: Bool) async throws {
        try await APIBench.run { bench in
            let path = "/meters/M1/objects/1.0.1.8.0.255/methods/reset"
            for isJob in [isJobFirst, !isJobFirst] {
                var headers = ["Idempotency-Key": "k-1"]
                headers["Prefer"] = isJob ? "respond-async" : nil
                let answer = try await bench.send(.post, path, "{}", headers: headers)
                if isJob == isJobFirst {
                    #expect(answer.status < 300, "\(answer.text)")
                } else {
                    #expect((answer.status, answer.problem) == (422, "idempotency-key-reused"))
                }
            }
        }
    }

    @Test(
        "Of both ways in the same instant the first to claim the key is taken, at another gateway, too",
        arguments: [false, true]
    )
    func sameInstant(isJobFirst: Bool) async throws {
        try await APIBench.run { bench in
            let key = key(bench)
            let request = JobRequest(
                .invoke([], association: nil),
                targets: .meters([try #require(MeterID("M1"))]),
                terms: JobConditions(),
                caller: "key:test",
                traceID: "",
                idempotency: key
            )
            let invocations = Mutex(0)
            let ask = { @Sendable (gateway: Gateway, isJob: Bool) in
                if isJob {
                    _ = try await gateway.submit(request)
                } else {
                    _ = try await gateway.once(key, at: "M1") { () async throws(GatewayError) -> [UInt8] in
                        invocations.withLock { $0 += 1 }
                        return []
                    }
                }
            }
            // The later one has looked at everything that it looks at before it writes.
            let later = bench.anotherGateway(
                over: InterposedDatabase(bench.database) { [gateway = bench.gateway] in
                    try await ask(gateway, isJobFirst)
                }
            )
            let refused = await error { try await ask(later, !isJobFirst) }
            #expect(refused == .idempotencyKeyReused)
            let jobs = try await bench.gateway.jobList(matching: JobQuery(), before: nil, limit: 9)
            #expect(jobs.count == (isJobFirst ? 1 : 0))
            #expect(invocations.withLock { $0 } == (isJobFirst ? 0 : 1))
        }
    }

    @Test("What certainly did nothing may be tried again; what may have acted may not")
    func failures() async throws {
        try await APIBench.run { bench in
            let meter = try #require(MeterID("M1"))
            let unknown = GatewayError.outcomeUnknown(meter, operation: "action")
            for failure in [GatewayError.draining, unknown] {
                let thrown = await error {
                    _ = try await bench.gateway.once(key(bench), at: "M1") {
                        () async throws(GatewayError) -> [UInt8] in throw failure
                    }
                }
                #expect(thrown == failure)
            }
            let replayed = await error {
                _ = try await bench.gateway.once(key(bench), at: "M1") {
                    () async throws(GatewayError) -> [UInt8] in [1]
                }
            }
            #expect(replayed == unknown)
        }
    }

    @Test("What a gateway had begun when it ended is under way for others, and unknown when it cannot be any more")
    func lost() async throws {
        try await APIBench.run { bench in
            let key = key(bench)
            #expect(
                try await bench.store.beginRequest(key.key, bodyDigest: key.bodyDigest, expiresAt: key.expiresAt) == nil
            )
            func again() async -> GatewayError? {
                await error {
                    _ = try await bench.gateway.once(key, at: "M1") { () async throws(GatewayError) -> [UInt8] in [1] }
                }
            }
            #expect(await again() == .idempotencyInFlight)
            bench.clock.advance(by: .seconds(300))
            let meter = try #require(MeterID("M1"))
            #expect(await again() == .outcomeUnknown(meter, operation: "action"))
        }
    }
}
