// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs
import SQLStore
import Testing
import Timekeeping

private let success = ExecutionChange.succeeded(result: Array("{}".utf8))
private let failure = ExecutionChange.failed(ExecutionProblem(name: "meter-timeout", document: Array("{}".utf8)))

@Suite struct JobLaneTests {
    /// Registers meters at addresses: those with the same host share a line.
    private func register(_ hosts: [String], in stores: Stores) async throws {
        for (number, host) in hosts.enumerated() {
            let path = ChannelConfiguration.Path.tcp(NetworkEndpoint(host: host))
            let configuration = MeterConfiguration(channel: .inline(ChannelConfiguration(path: path)))
            let id = try #require(MeterID("M-\(number)"))
            _ = try await stores.fleet.putMeter(id, configuration, when: .unconditional)
        }
    }

    private func claim(_ stores: Stores, limit: Int = 50) async throws -> [ClaimedExecution] {
        let now = stores.clock.now()
        return try await stores.jobs.claim(
            ExecutionClaim(holder: "one", limit: limit, now: now, leaseUntil: now + .seconds(60))
        )
    }

    @Test(arguments: Backend.allCases)
    func meterBehindASlowLineDoNotHoldUpOthers(backend: Backend) async throws {
        try await backend.run { stores in
            try await register(Array(repeating: "slow", count: 5) + ["free"], in: stores)
            _ = try await stores.create(Stores.specification(), (0..<6).map { "M-\($0)" })
            let first = try await claim(stores)
            #expect(first.map(\.execution.target) == ["M-0", "M-1", "M-5"])
            #expect(Set(first.map(\.execution.lane)) == ["tcp:slow:4059", "tcp:free:4059"])
            #expect(try await claim(stores).isEmpty)
            _ = try await stores.settle(first[0], success)
            #expect(try await claim(stores).map(\.execution.target) == ["M-2"])
        }
    }

    @Test(arguments: Backend.allCases)
    func jobsThatAllWaitForOneLineDoNotHoldUpOthers(backend: Backend) async throws {
        try await backend.run { stores in
            try await register(Array(repeating: "slow", count: 10) + ["free"], in: stores)
            for number in 0..<10 { _ = try await stores.create(Stores.specification(), ["M-\(number)"]) }
            #expect(try await claim(stores, limit: 4).map(\.execution.target).sorted() == ["M-0", "M-1"])
            _ = try await stores.create(Stores.specification(priority: 1), ["M-10"])
            #expect(try await claim(stores, limit: 1).map(\.execution.target) == ["M-10"])
            #expect(try await claim(stores).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func ofALineOnlyTwoAreOutHoweverTheyBecameDue(backend: Backend) async throws {
        try await backend.run { stores in
            try await register(Array(repeating: "slow", count: 6) + ["free"], in: stores)
            let now = stores.clock.now()
            var creation = stores.creation(Stores.specification(), (0..<7).map { "M-\($0)" })
            creation.spread = JobSpread(from: now + .seconds(1), over: .seconds(100))
            _ = try await stores.jobs.create(creation)
            #expect(try await claim(stores).isEmpty)
            stores.clock.advance(by: .seconds(200))
            _ = try await stores.jobs.advance(now: stores.clock.now())
            var first: [ClaimedExecution] = []
            while case let batch = try await claim(stores, limit: 3), !batch.isEmpty { first += batch }
            #expect(first.map(\.execution.target).sorted() == ["M-0", "M-1", "M-6"])
            _ = try await stores.settle(first[0], success)
            #expect(try await claim(stores).count == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func allOfALineAreDoneInTheEnd(backend: Backend) async throws {
        try await backend.run { stores in
            try await register(Array(repeating: "slow", count: 7), in: stores)
            let job = try await stores.create(Stores.specification(), (0..<7).map { "M-\($0)" })
            var order: [String] = []
            while true {
                let batch = try await claim(stores)
                if batch.isEmpty { break }
                order += batch.map(\.execution.target)
                _ = try await stores.jobs.settle(
                    batch.map { ExecutionSettlement($0.execution.held, as: success) },
                    holder: "one",
                    now: stores.clock.now()
                )
            }
            #expect(order == (0..<7).map { "M-\($0)" })
            #expect(try await stores.jobs.job(job)?.state == .succeeded)
        }
    }

    @Test(arguments: Backend.allCases)
    func cancelTakesAlongWhatWaitsBehindOthers(backend: Backend) async throws {
        try await backend.run { stores in
            try await register(Array(repeating: "slow", count: 4), in: stores)
            let job = try await stores.create(Stores.specification(), (0..<4).map { "M-\($0)" })
            let record = try await stores.jobs.apply(.cancel, to: job, now: stores.clock.now())
            #expect(record.state == .cancelled)
            #expect(record.progress.cancelled == 4)
            #expect(try await claim(stores).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func othersWaitForTheCanaries(backend: Backend) async throws {
        try await backend.run { stores in
            let limits = JobLimits(canary: 2)
            _ = try await stores.create(Stores.specification(limits: limits), (0..<5).map { "X-\($0)" })
            let canaries = try await claim(stores)
            #expect(canaries.map(\.execution.target) == ["X-0", "X-1"])
            _ = try await stores.settle(canaries[1], success)
            #expect(try await claim(stores).isEmpty)
            _ = try await stores.settle(canaries[0], success)
            #expect(try await claim(stores).count == 3)
        }
    }

    @Test(arguments: Backend.allCases)
    func aFailedCanaryEndsTheJob(backend: Backend) async throws {
        try await backend.run { stores in
            let limits = JobLimits(canary: 2)
            let id = try await stores.create(Stores.specification(limits: limits), (0..<5).map { "X-\($0)" })
            let canaries = try await claim(stores)
            _ = try await stores.jobs.settle(
                [
                    ExecutionSettlement(canaries[0].execution.held, as: failure),
                    .init(canaries[1].execution.held, as: success),
                ],
                holder: "one",
                now: stores.clock.now()
            )
            let job = try #require(try await stores.jobs.job(id))
            #expect(job.state == .partiallySucceeded)
            #expect(job.progress.cancelled == 3)
        }
    }

    @Test(arguments: Backend.allCases)
    func failuresOneAfterTheOtherEndTheJob(backend: Backend) async throws {
        try await backend.run { stores in
            let limits = JobLimits(concurrency: 1, abort: JobAbortRule(inRow: 2))
            let id = try await stores.create(Stores.specification(limits: limits), (0..<9).map { "X-\($0)" })
            for change in [failure, success, failure, failure] {
                let next = try #require(try await claim(stores).first)
                _ = try await stores.settle(next, change)
            }
            let job = try #require(try await stores.jobs.job(id))
            #expect(job.state.isFinal)
            #expect(job.progress.failed == 3)
            #expect(job.progress.cancelled == 5)
        }
    }

    @Test(arguments: Backend.allCases)
    func outcomesOfALostLeaseAreLeftOutOfManyRecordedTogether(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create(Stores.specification(), ["X-0", "X-1"])
            let claimed = try await claim(stores)
            let jobs = try await stores.jobs.settle(
                [
                    ExecutionSettlement(claimed[0].execution.held, as: success),
                    ExecutionSettlement(HeldExecution(id: ExecutionID(job: id, ordinal: 7), claim: 1), as: success),
                    ExecutionSettlement(
                        claimed[1].execution.held,
                        as: .failedInPart(ExecutionProblem(name: "x", document: [0x7B, 0x7D]), result: [0x5B, 0x5D])
                    ),
                ],
                holder: "one",
                now: stores.clock.now()
            )
            #expect(jobs.map { $0 != nil } == [true, false, true])
            #expect(jobs[0]?.progress.done == 2)
            let second = try await stores.jobs.executions(of: id, in: [.failed], after: nil, limit: 9)
            #expect(second.map(\.result) == [[0x5B, 0x5D]])
        }
    }
}
