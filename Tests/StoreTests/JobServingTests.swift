// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import SQLStore
import SQLiteDriver
import Testing
import Timekeeping

@Suite struct JobServingTests {
    @Test(arguments: Backend.allCases)
    func concurrentClaimsNeverGetTheSameExecution(backend: Backend) async throws {
        try await backend.run { stores in
            for number in 0..<5 {
                _ = try await stores.create(
                    Stores.specification(),
                    (0..<40).map { "M-\(number)-\($0)" }
                )
            }
            let jobs = stores.jobs
            let now = stores.clock.now()
            let claimed = try await withThrowingTaskGroup(of: [ExecutionID].self) { group in
                for holder in 0..<8 {
                    group.addTask {
                        var all: [ExecutionID] = []
                        while true {
                            let claim = ExecutionClaim(
                                holder: "\(holder)",
                                limit: 7,
                                now: now,
                                leaseUntil: now + .seconds(60)
                            )
                            let batch = try await jobs.claim(claim)
                            if batch.isEmpty { return all }
                            all += batch.map(\.execution.id)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 200)
            #expect(Set(claimed).count == 200)
        }
    }

    @Test(arguments: Backend.allCases)
    func urgentJobsComeFirstAndEqualsTakeTurns(backend: Backend) async throws {
        try await backend.run { stores in
            let large = try await stores.create(Stores.specification(), (0..<100).map { "L-\($0)" })
            let small = try await stores.create(Stores.specification(), ["S-1"])
            let urgent = try await stores.create(Stores.specification(priority: 9), ["U-1", "U-2"])
            let claimed = try await stores.claim(6)
            #expect(claimed.prefix(2).map(\.job.id) == [urgent, urgent])
            #expect(claimed.filter { $0.job.id == small }.count == 1)
            #expect(claimed.filter { $0.job.id == large }.count == 3)
        }
    }

    @Test(arguments: Backend.allCases)
    func keepsTheJobsConcurrency(backend: Backend) async throws {
        try await backend.run { stores in
            let limits = JobLimits(concurrency: 2)
            _ = try await stores.create(Stores.specification(limits: limits), (0..<5).map { "M-\($0)" })
            let first = try await stores.claim()
            #expect(first.count == 2)
            #expect(try await stores.claim().isEmpty)
            _ = try await stores.settle(first[0], done)
            #expect(try await stores.claim().count == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func keepsTheJobsRate(backend: Backend) async throws {
        try await backend.run { stores in
            let limits = JobLimits(ratePerMinute: 30)
            _ = try await stores.create(Stores.specification(limits: limits), ["M-1", "M-2"])
            #expect(try await stores.claim().count == 1)
            #expect(try await stores.claim().isEmpty)
            let now = stores.clock.now()
            #expect(try await stores.jobs.nextMoment(after: now) == now + .seconds(2))
            stores.clock.advance(by: .seconds(2))
            #expect(try await stores.claim().count == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func waitsUntilTheMomentOfTheRepetition(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create()
            let now = stores.clock.now()
            let claimed = try #require(try await stores.claim().first)
            let job = try await stores.settle(
                claimed,
                .waiting(until: now + .seconds(30), problem, countsAsAttempt: true)
            )
            #expect(job.state == .running)
            let waiting = try #require(try await stores.executions(of: id).first)
            #expect(waiting.state == .waitingForMeter)
            #expect(waiting.dueAt == now + .seconds(30))
            #expect(try await stores.jobs.nextMoment(after: now) == now + .seconds(30))
            #expect(try await stores.jobs.advance(now: now + .seconds(29)).isEmpty)
            #expect(try await stores.claim().isEmpty)
            stores.clock.advance(by: .seconds(30))
            #expect(try await stores.jobs.advance(now: stores.clock.now()).map(\.id) == [id])
            let again = try #require(try await stores.claim().first)
            #expect(again.execution.attempts == 2)
            _ = try await stores.settle(
                again,
                .waiting(until: stores.clock.now(), problem, countsAsAttempt: false)
            )
            #expect(try await stores.executions(of: id).first?.attempts == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func aJobIsNeverSucceededWhileAnOutcomeIsUnknown(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create(Stores.specification(), ["M-1", "M-2"])
            let claimed = try await stores.claim()
            _ = try await stores.settle(claimed[0], done)
            let now = stores.clock.now()
            #expect(try await stores.jobs.permitTransmission(claimed[1].execution.held, holder: "one", now: now) == nil)
            let open = try await stores.settle(claimed[1], .unknown(resolveAt: now + .seconds(5), problem))
            #expect(open.state == .running)
            #expect(open.progress.unknown == 1)
            stores.clock.advance(by: .seconds(5))
            _ = try await stores.jobs.advance(now: stores.clock.now())
            let resolving = try #require(try await stores.claim().first)
            #expect(resolving.execution.hasTransmitted, "it is to be resolved by reading")
            let resolved = try await stores.settle(resolving, done)
            #expect(resolved.state == .succeeded)
            #expect(resolved.progress.unknown == 0)
            #expect(try await stores.job(id) == resolved)
        }
    }

    @Test(arguments: Backend.allCases)
    func anOutcomeLeftUnknownEndsTheJobWithoutSuccess(backend: Backend) async throws {
        try await backend.run { stores in
            _ = try await stores.create(Stores.specification(), ["M-1", "M-2"])
            let claimed = try await stores.claim()
            _ = try await stores.settle(claimed[0], done)
            let job = try await stores.settle(claimed[1], .unknown(resolveAt: nil, problem))
            #expect(job.state == .partiallySucceeded)
            #expect(job.progress == JobProgress(total: 2, done: 2, succeeded: 1, unknown: 1))
        }
    }

    @Test(arguments: Backend.allCases)
    func lapsedLeasesGoToOthersAndWhatMayHaveBeenSentIsUnknown(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create(Stores.specification(), ["M-1", "M-2"])
            let claimed = try await stores.claim()
            let sent = claimed[1]
            let now = stores.clock.now()
            #expect(try await stores.jobs.permitTransmission(sent.execution.held, holder: "one", now: now) == nil)
            stores.clock.advance(by: .seconds(59))
            #expect(try await stores.jobs.advance(now: stores.clock.now()).isEmpty)
            stores.clock.advance(by: .seconds(1))
            let lapsed = stores.clock.now()
            #expect(
                try await stores.jobs.permitTransmission(claimed[0].execution.held, holder: "one", now: lapsed)
                    == .leaseLost
            )
            #expect(try await stores.jobs.advance(now: lapsed).map(\.id) == [id])
            #expect(try await stores.executions(of: id).map(\.state) == [.queued, .outcomeUnknown])
            let second = try await stores.claim(holder: "two")
            #expect(second.map(\.execution.hasTransmitted) == [false, true])
            await #expect(throws: JobStoreError.leaseLost) { try await stores.settle(claimed[0], done) }
            #expect(
                try await stores.jobs.permitTransmission(claimed[0].execution.held, holder: "one", now: lapsed)
                    == .leaseLost
            )
            _ = try await stores.settle(second[0], done, holder: "two")
            #expect(try await stores.settle(second[1], done, holder: "two").state == .succeeded)
        }
    }

    @Test(arguments: Backend.allCases)
    func anEarlierAttemptOfTheSameGatewayNeitherSendsNorRecords(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create()
            let first = try #require(try await stores.claim().first)
            stores.clock.advance(by: .seconds(60))
            let now = stores.clock.now()
            _ = try await stores.jobs.advance(now: now)
            let second = try #require(try await stores.claim().first)
            #expect(second.execution.id == first.execution.id)
            #expect(second.execution.held != first.execution.held)
            let old = first.execution.held
            #expect(try await stores.jobs.permitTransmission(old, holder: "one", now: now) == .leaseLost)
            #expect(try await stores.jobs.renew([old], holder: "one", until: now + .seconds(60)).isEmpty)
            try await stores.jobs.report(Array("{}".utf8), of: old, holder: "one")
            #expect(try await stores.executions(of: id).first?.progress == nil)
            #expect(
                try await stores.jobs.permitTransmission(second.execution.held, holder: "one", now: now) == nil
            )
            await #expect(throws: JobStoreError.leaseLost) {
                try await stores.settle(first, .waiting(until: now, problem, countsAsAttempt: true))
            }
            #expect(try await stores.executions(of: id).map(\.hasTransmitted) == [true])
            #expect(try await stores.settle(second, done).state == .succeeded)
        }
    }

    @Test(arguments: Backend.allCases)
    func renewedLeasesDoNotLapse(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create(Stores.specification(), ["M-1", "M-2"])
            let cancelled = try await stores.create(Stores.specification(), ["M-3"])
            let ids = Set(try await stores.claim().map(\.execution.held))
            _ = try await stores.jobs.apply(.cancel, to: cancelled, now: stores.clock.now())
            let until = stores.clock.now() + .seconds(200)
            #expect(try await stores.jobs.renew(ids, holder: "other", until: until).isEmpty)
            let renewed = try await stores.jobs.renew(ids, holder: "one", until: until)
            #expect(renewed == ids.filter { $0.id.job == id })
            stores.clock.advance(by: .seconds(199))
            #expect(try await stores.jobs.advance(now: stores.clock.now()).isEmpty)
        }
    }

    @Test func survivesACrash() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let first = try SQLiteDatabase(path: path)
            let before = try await Stores(database: first)
            let id = try await before.create(Stores.specification(), ["M-1", "M-2", "M-3", "M-4"])
            let claimed = try await before.claim(3)
            _ = try await before.settle(claimed[0], done)
            _ = try await before.jobs.permitTransmission(
                claimed[1].execution.held,
                holder: "one",
                now: before.clock.now()
            )
            try first.close()

            let second = try SQLiteDatabase(path: path)
            let after = try await Stores(database: second)
            #expect(try await after.jobs.recover(holder: "another", now: after.clock.now()).isEmpty)
            #expect(try await after.jobs.recover(holder: "one", now: after.clock.now()).map(\.id) == [id])
            #expect(
                try await after.executions(of: id).map(\.state) == [.succeeded, .outcomeUnknown, .queued, .queued]
            )
            let job = try await after.job(id)
            #expect(job.progress == JobProgress(total: 4, done: 1, succeeded: 1, unknown: 1))
            for claimed in try await after.claim() { _ = try await after.settle(claimed, done) }
            #expect(try await after.job(id).state == .succeeded)
            try second.close()
        }
    }
}
