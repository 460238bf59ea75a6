// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore
import SQLiteDriver
import Synchronization
import Testing
import Timekeeping

@testable import Jobs

@Suite(.timeLimit(.minutes(5))) struct JobQueueTests {
    private let clock = ManualWallClock(at: Timestamp(seconds: 1_800_000_000))
    private let far = Timestamp(seconds: 9_000_000_000)

    private final class Told: Sendable {
        let count = Atomic(0)
    }

    private func queue() async throws -> (JobQueue, SQLJobStore) {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: clock.now())
        let store = SQLJobStore(database: database)
        return (JobQueue(store: store, clock: clock), store)
    }

    private func specification() -> JobSpecification {
        JobSpecification(kind: JobKind(rawValue: "read"), payload: Array("{}".utf8), createdBy: "test")
    }

    @Test func refusesAJobWithoutTargets() async throws {
        let (queue, _) = try await queue()
        await #expect(throws: JobStoreError.noTargets) { try await queue.submit(specification(), targets: []) }
    }

    /// A gateway of 3,000 meters tells so much in some minutes.
    @Test func anObserverIsToldOfTheLastChangeAsOfTheFirst() async throws {
        let (queue, _) = try await queue()
        let observer = Told()
        queue.observe { _ in observer.count.add(1, ordering: .relaxed) }
        let job = try await queue.submit(specification(), targets: ["M-1"]).job
        for _ in 0..<30_000 { await queue.publish([job]) }
        #expect(observer.count.load(ordering: .relaxed) == 30_001)
    }

    @Test func waitingEndsWithTheNextChange() async throws {
        let (queue, _) = try await queue()
        let job = try await queue.submit(specification(), targets: ["M-1"]).job
        async let changed = queue.awaitChange(of: job.id, after: job.version, until: far)
        _ = try await queue.apply(.pause, to: job.id)
        #expect(try await changed?.state == .paused)
    }

    @Test func waitingForTheEndPassesOverOtherChanges() async throws {
        let (queue, _) = try await queue()
        let job = try await queue.submit(specification(), targets: ["M-1"]).job
        async let changed = queue.awaitChange(of: job.id, after: nil, until: far)
        _ = try await queue.apply(.pause, to: job.id)
        _ = try await queue.apply(.cancel, to: job.id)
        #expect(try await changed?.state == .cancelled)
    }

    @Test func waitingGivesWhatHasChangedBefore() async throws {
        let (queue, _) = try await queue()
        let job = try await queue.submit(specification(), targets: ["M-1"]).job
        _ = try await queue.apply(.pause, to: job.id)
        #expect(try await queue.awaitChange(of: job.id, after: job.version, until: far)?.state == .paused)
    }

    @Test func waitingEndsAtTheDeadlineWithTheJobAsItIs() async throws {
        let (queue, _) = try await queue()
        let job = try await queue.submit(specification(), targets: ["M-1"]).job
        let deadline = clock.now() + .seconds(20)
        async let unchanged = queue.awaitChange(of: job.id, after: job.version, until: deadline)
        clock.advance(by: .seconds(20))
        #expect(try await unchanged == job)
    }

    @Test func waitingForAJobThatOthersMayChangeLooksOnceInAWhile() async throws {
        let database = CountingDatabase(try SQLiteDatabase.inMemory())
        try await Migrator.migrate(database, now: clock.now())
        let queue = JobQueue(store: SQLJobStore(database: database), clock: clock)
        let job = try await queue.submit(specification(), targets: ["M-1"]).job
        try await withThrowingTaskGroup(of: JobRecord?.self) { group in
            group.addTask {
                await queue.follow()
                return nil
            }
            await database.awaitListener()
            let before = database.reads
            group.addTask { try await queue.awaitChange(of: job.id, after: job.version, until: far) }
            for round in 1...3 {
                // A round looks when it begins and when it ends.
                while database.reads - before < 2 * round - 1 { await Task.yield() }
                clock.advance(by: .seconds(2))
            }
            while database.reads - before < 7 { await Task.yield() }
            for _ in 0..<50 { _ = try await queue.job(job.id) }
            #expect(database.reads - before <= 57)
            _ = try await queue.apply(.pause, to: job.id)
            #expect(try await group.next()??.state == .paused)
            group.cancelAll()
        }
    }

    @Test func aLargeJobIsRemovedInParts() async throws {
        let database = CountingDatabase(try SQLiteDatabase.inMemory())
        try await Migrator.migrate(database, now: clock.now())
        let store = SQLJobStore(database: database)
        let queue = JobQueue(store: store, clock: clock)
        let large = try await queue.submit(specification(), targets: (0..<5001).map { "M-\($0)" }).job.id
        let kept = try await queue.submit(specification(), targets: ["M-1"]).job.id
        _ = try await queue.apply(.cancel, to: large)
        clock.advance(by: .seconds(1))
        let before = database.writes
        #expect(try await store.purge(finishedBefore: clock.now(), now: clock.now()) == 1)
        // One transaction finds the job, two remove its executions, one removes it.
        #expect(database.writes - before == 4)
        let jobs = try await database.read { connection in
            try connection.query("SELECT DISTINCT job_id FROM executions", [:]).map { try $0.value("job_id") }
        }
        #expect(jobs == [.text(kept.text)])
    }

    @Test func waitingForAnUnknownJobEndsAtOnce() async throws {
        let (queue, _) = try await queue()
        let id = JobIDGenerator().next(at: clock.now())
        #expect(try await queue.awaitChange(of: id, after: nil, until: far) == nil)
    }

    @Test func retryTakesOnlyTargetsWithoutEffect() async throws {
        let (queue, store) = try await queue()
        let job = try await queue.submit(
            specification(),
            targets: ["good", "failed", "unknown", "expired", "half"]
        ).job
        await #expect(throws: JobStoreError.wrongState(.queued)) {
            try await queue.retryFailed(of: job.id, createdBy: "again")
        }
        let now = clock.now()
        let problem = ExecutionProblem(name: "x", document: Array("{}".utf8))
        let claim = ExecutionClaim(holder: "one", limit: 9, now: now, leaseUntil: now + .seconds(60))
        let changes: [ExecutionChange] = [
            .succeeded(result: []), .failed(problem), .unknown(resolveAt: nil, problem), .expired,
            .failedInPart(problem, result: Array("{}".utf8)),
        ]
        for (claimed, change) in zip(try await store.claim(claim), changes) {
            _ = try await store.settle(claimed.execution.held, holder: "one", as: change, now: now)
        }
        let retry = try await queue.retryFailed(of: job.id, createdBy: "again").job
        #expect(retry.specification.createdBy == "again")
        #expect(try await queue.executions(of: retry.id, limit: 9).map(\.target) == ["failed", "expired", "half"])
        let key = IdempotencyKey(key: "k", bodyDigest: "d", expiresAt: far)
        let whole = try await queue.retryFailed(of: job.id, createdBy: "x", repeatsParts: false, idempotency: key)
        #expect(try await queue.executions(of: whole.job.id, limit: 9).map(\.target) == ["failed", "expired"])
        let again = try await queue.retryFailed(of: job.id, createdBy: "x", repeatsParts: false, idempotency: key)
        #expect(again == .replayed(whole.job))
    }

    @Test func retryIsValidAsLongAsTheFirstWasFromItsBeginning() async throws {
        let (queue, store) = try await queue()
        let now = clock.now()
        var late = specification()
        late.startAt = now + .seconds(86_400)
        late.expiresAt = now + .seconds(86_400 + 900)
        let job = try await queue.submit(late, targets: ["M-1"]).job
        _ = try await store.apply(.cancel, to: job.id, now: now)
        let retry = try await queue.retryFailed(of: job.id, createdBy: "x").job
        #expect(retry.specification.expiresAt == now + .seconds(900))
    }
}
