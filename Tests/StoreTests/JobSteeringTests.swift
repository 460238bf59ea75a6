// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import Testing
import Timekeeping

@Suite struct JobSteeringTests {
    @Test(arguments: Backend.allCases)
    func cancelDropsWhatHasNotBegunAndLetsTheRestFinish(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create(
                Stores.specification(limits: JobLimits(concurrency: 1)),
                ["M-1", "M-2", "M-3"]
            )
            let claimed = try #require(try await stores.claim().first)
            let now = stores.clock.now()
            let cancelling = try await stores.jobs.apply(.cancel, to: id, now: now)
            #expect(cancelling.state == .running)
            #expect(cancelling.isCancelRequested)
            #expect(cancelling.progress == JobProgress(total: 3, done: 2, cancelled: 2, running: 1))
            #expect(
                try await stores.jobs.permitTransmission(claimed.execution.held, holder: "one", now: now) == .cancelled
            )
            let job = try await stores.settle(claimed, done)
            #expect(job.state == .cancelled)
            #expect(job.progress.succeeded == 1)
            #expect(try await stores.jobs.apply(.cancel, to: id, now: now) == job)
        }
    }

    @Test(arguments: Backend.allCases)
    func aCancelledJobRepeatsNothing(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create()
            let claimed = try #require(try await stores.claim().first)
            _ = try await stores.jobs.apply(.cancel, to: id, now: stores.clock.now())
            let job = try await stores.settle(
                claimed,
                .waiting(until: stores.clock.now() + .seconds(5), problem, countsAsAttempt: true)
            )
            #expect(job.state == .cancelled)
            #expect(try await stores.executions(of: id).map(\.state) == [.cancelled])
        }
    }

    @Test(arguments: Backend.allCases)
    func commandsFitTheState(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create()
            let now = stores.clock.now()
            await #expect(throws: JobStoreError.wrongState(.queued)) {
                try await stores.jobs.apply(.confirm, to: id, now: now)
            }
            await #expect(throws: JobStoreError.wrongState(.queued)) {
                try await stores.jobs.apply(.resume, to: id, now: now)
            }
            #expect(try await stores.jobs.apply(.pause, to: id, now: now).state == .paused)
            #expect(try await stores.claim().isEmpty)
            #expect(try await stores.jobs.apply(.resume, to: id, now: now).state == .queued)
            let claimed = try #require(try await stores.claim().first)
            _ = try await stores.settle(claimed, done)
            for command in JobCommand.allCases {
                await #expect(throws: JobStoreError.wrongState(.succeeded)) {
                    try await stores.jobs.apply(command, to: id, now: now)
                }
            }
            let unknown = JobIDGenerator().next(at: now)
            await #expect(throws: JobStoreError.jobUnknown) {
                try await stores.jobs.apply(.cancel, to: unknown, now: now)
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func aPauseHoldsBackOnlyWhatHasNotBeenSent(backend: Backend) async throws {
        try await backend.run { stores in
            let end = stores.clock.now() + .seconds(100)
            let id = try await stores.create(Stores.specification(expiresAt: end), ["sent", "waiting"])
            let sent = try #require(try await stores.claim(1).first)
            var now = stores.clock.now()
            _ = try await stores.jobs.permitTransmission(sent.execution.held, holder: "one", now: now)
            _ = try await stores.settle(sent, .unknown(resolveAt: now + .seconds(1), problem))
            _ = try await stores.jobs.apply(.pause, to: id, now: now)
            stores.clock.advance(by: .seconds(1))
            now = stores.clock.now()
            _ = try await stores.jobs.advance(now: now)
            let resolving = try await stores.claim()
            #expect(resolving.map(\.execution.target) == ["sent"])
            #expect(resolving.first?.job.state == .paused)
            _ = try await stores.settle(resolving[0], .unknown(resolveAt: end + .seconds(9), problem))
            #expect(try await stores.claim().isEmpty)
            // What was not sent expires, and the job ends with what was.
            stores.clock.advance(by: .seconds(109))
            now = stores.clock.now()
            _ = try await stores.jobs.advance(now: now)
            #expect(try await stores.jobs.advance(now: now).isEmpty, "nothing is left to expire")
            let last = try #require(try await stores.claim().first)
            #expect(last.execution.target == "sent")
            let job = try await stores.settle(last, done)
            #expect(job.state == .partiallySucceeded)
            #expect(job.progress.expired == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func aScheduledJobBeginsAtItsTime(backend: Backend) async throws {
        try await backend.run { stores in
            let now = stores.clock.now()
            let id = try await stores.create(Stores.specification(startAt: now + .seconds(60)))
            #expect(try await stores.job(id).state == .scheduled)
            #expect(try await stores.claim().isEmpty)
            #expect(try await stores.jobs.nextMoment(after: now) == now + .seconds(60))
            stores.clock.advance(by: .seconds(60))
            #expect(try await stores.jobs.advance(now: stores.clock.now()).map(\.state) == [.queued])
            #expect(try await stores.claim().count == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func aJobThatNobodyConfirmsExpires(backend: Backend) async throws {
        try await backend.run { stores in
            let end = stores.clock.now() + .seconds(300)
            let confirmed = try await stores.create(Stores.specification(confirmBefore: end))
            let ignored = try await stores.create(Stores.specification(confirmBefore: end))
            #expect(try await stores.claim().isEmpty)
            #expect(try await stores.jobs.apply(.confirm, to: confirmed, now: stores.clock.now()).state == .queued)
            stores.clock.advance(by: .seconds(300))
            #expect(try await stores.jobs.advance(now: stores.clock.now()).map(\.id) == [ignored])
            #expect(try await stores.job(ignored).state == .expired)
            #expect(try await stores.claim().map(\.job.id) == [confirmed])
        }
    }

    @Test(arguments: Backend.allCases)
    func nothingIsSentAfterTheExpiryButTheUnknownIsStillResolved(backend: Backend) async throws {
        try await backend.run { stores in
            let end = stores.clock.now() + .seconds(30)
            let id = try await stores.create(
                Stores.specification(expiresAt: end),
                ["queued", "running", "unknown", "waiting"].reversed()
            )
            let claimed = try await stores.claim(3)
            let now = stores.clock.now()
            _ = try await stores.settle(claimed[0], .waiting(until: end + .seconds(5), problem, countsAsAttempt: true))
            _ = try await stores.jobs.permitTransmission(claimed[1].execution.held, holder: "one", now: now)
            _ = try await stores.settle(claimed[1], .unknown(resolveAt: end + .seconds(1), problem))
            stores.clock.advance(by: .seconds(30))
            let late = stores.clock.now()
            #expect(try await stores.jobs.advance(now: late).count == 1)
            #expect(
                try await stores.executions(of: id).map(\.state) == [.expired, .outcomeUnknown, .running, .expired]
            )
            #expect(
                try await stores.jobs.permitTransmission(claimed[2].execution.held, holder: "one", now: late)
                    == .expired
            )
            _ = try await stores.settle(claimed[2], .expired)
            #expect(try await stores.jobs.advance(now: late).isEmpty, "nothing is due twice")
            stores.clock.advance(by: .seconds(1))
            _ = try await stores.jobs.advance(now: stores.clock.now())
            let resolving = try #require(try await stores.claim().first)
            let job = try await stores.settle(resolving, done)
            #expect(job.state == .partiallySucceeded)
            #expect(job.progress == JobProgress(total: 4, done: 4, succeeded: 1, expired: 3))
        }
    }

    @Test(arguments: Backend.allCases)
    func tooManyFailuresEndTheJob(backend: Backend) async throws {
        try await backend.run { stores in
            let limits = JobLimits(abort: JobAbortRule(failurePercent: 50, minExecuted: 2))
            let id = try await stores.create(
                Stores.specification(limits: limits),
                (0..<10).map { "M-\($0)" }
            )
            let claimed = try await stores.claim(2)
            #expect(try await stores.settle(claimed[0], .failed(problem)).state == .running)
            let job = try await stores.settle(claimed[1], .failed(problem))
            #expect(job.state == .failed)
            #expect(job.progress == JobProgress(total: 10, done: 10, failed: 2, cancelled: 8))
            #expect(try await stores.job(id) == job)
        }
    }
}
