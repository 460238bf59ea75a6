// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import SQLStore
import Testing
import Timekeeping

extension Stores {
    private static let identifiers = JobIDGenerator()

    /// A specification with a payload.
    static func specification(
        kind: String = "read",
        priority: UInt8 = 5,
        limits: JobLimits = JobLimits(),
        startAt: Timestamp? = nil,
        expiresAt: Timestamp? = nil,
        confirmBefore: Timestamp? = nil
    ) -> JobSpecification {
        JobSpecification(
            kind: JobKind(rawValue: kind),
            payload: Array(#"{"a":1}"#.utf8),
            createdBy: "key:test",
            priority: priority,
            limits: limits,
            startAt: startAt,
            expiresAt: expiresAt,
            confirmBefore: confirmBefore,
            traceID: "trace"
        )
    }

    func creation(
        _ specification: JobSpecification = Stores.specification(),
        _ targets: [String] = ["M-1"],
        key: IdempotencyKey? = nil
    ) -> JobCreation {
        let now = clock.now()
        return JobCreation(
            id: Self.identifiers.next(at: now),
            specification: specification,
            targets: targets,
            idempotency: key,
            now: now
        )
    }

    func create(
        _ specification: JobSpecification = Stores.specification(),
        _ targets: [String] = ["M-1"]
    ) async throws
        -> JobID
    {
        try await jobs.create(creation(specification, targets)).job.id
    }

    func claim(_ limit: Int = 100, holder: String = "one") async throws -> [ClaimedExecution] {
        let now = clock.now()
        return try await jobs.claim(
            ExecutionClaim(holder: holder, limit: limit, now: now, leaseUntil: now + .seconds(60))
        )
    }

    func settle(
        _ claimed: ClaimedExecution,
        _ change: ExecutionChange,
        holder: String = "one"
    ) async throws
        -> JobRecord
    {
        try await jobs.settle(claimed.execution.held, holder: holder, as: change, now: clock.now())
    }

    func job(_ id: JobID) async throws -> JobRecord {
        try #require(try await jobs.job(id))
    }

    func executions(of id: JobID) async throws -> [ExecutionRecord] {
        try await jobs.executions(of: id, in: nil, after: nil, limit: 1000)
    }
}

let problem = ExecutionProblem(name: "meter-timeout", document: Array(#"{"title":"x"}"#.utf8))
let done = ExecutionChange.succeeded(result: Array(#"{"value":1}"#.utf8))

@Suite struct JobStoreTests {
    @Test(arguments: Backend.allCases)
    func readsBackWhatWasWritten(backend: Backend) async throws {
        try await backend.run { stores in
            let now = stores.clock.now()
            var specification = Stores.specification(
                kind: "disconnect",
                priority: 9,
                startAt: now + .seconds(1),
                expiresAt: now + .seconds(9),
                confirmBefore: now + .seconds(2)
            )
            specification.limits = JobLimits(
                concurrency: 3,
                ratePerMinute: 120,
                perTargetTimeout: .seconds(60),
                abort: JobAbortRule(failurePercent: 20, minExecuted: 10)
            )
            specification.retry = JobRetry(
                max: 4,
                backoff: .seconds(1),
                maxBackoff: .seconds(2),
                resolveFor: .seconds(3)
            )
            let creation = stores.creation(specification, ["M-2", "M-1"])
            let result = try await stores.jobs.create(creation)
            let expected = JobRecord(
                id: creation.id,
                specification: specification,
                state: .awaitingConfirmation,
                progress: JobProgress(total: 2),
                createdAt: now
            )
            #expect(result == .created(expected))
            #expect(try await stores.job(creation.id) == expected)
            let executions = try await stores.executions(of: creation.id)
            #expect(executions.map(\.target) == ["M-2", "M-1"])
            #expect(executions.allSatisfy { $0.state == .queued && $0.attempts == 0 })
            #expect(
                try await stores.jobs.executions(of: creation.id, in: [.queued], after: 0, limit: 5).map(\.target)
                    == ["M-1"]
            )
            #expect(try await stores.jobs.executions(of: creation.id, in: [.failed], after: nil, limit: 5).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func refusesAJobWithoutTargets(backend: Backend) async throws {
        try await backend.run { stores in
            await #expect(throws: JobStoreError.noTargets) {
                try await stores.jobs.create(stores.creation(Stores.specification(), []))
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func listsTheNewestFirstByWhatIsAskedFor(backend: Backend) async throws {
        try await backend.run { stores in
            let first = try await stores.create(Stores.specification(kind: "read"), ["M-1"])
            stores.clock.advance(by: .seconds(10))
            let second = try await stores.create(Stores.specification(kind: "write"), ["M-1", "M-2"])
            let third = try await stores.create(Stores.specification(kind: "read"), ["M-3"])
            _ = try await stores.jobs.apply(.cancel, to: third, now: stores.clock.now())
            func list(_ query: JobQuery, before: JobID? = nil, limit: Int = 10) async throws -> [JobID] {
                try await stores.jobs.jobs(matching: query, before: before, limit: limit).map(\.id)
            }
            #expect(try await list(JobQuery()) == [third, second, first])
            #expect(try await list(JobQuery(), limit: 2) == [third, second])
            #expect(try await list(JobQuery(), before: second) == [first])
            #expect(try await list(JobQuery(states: [.cancelled, .failed])) == [third])
            #expect(try await list(JobQuery(kind: JobKind(rawValue: "read"))) == [third, first])
            #expect(try await list(JobQuery(target: "M-1")) == [second, first])
            #expect(try await list(JobQuery(createdAfter: stores.clock.now())) == [third, second])
        }
    }

    @Test(arguments: Backend.allCases)
    func oneIdempotencyKeyMakesOneJob(backend: Backend) async throws {
        try await backend.run { stores in
            let jobs = stores.jobs
            let key = IdempotencyKey(
                key: "ops POST /jobs 8e03",
                bodyDigest: "a",
                expiresAt: stores.clock.now() + .seconds(60)
            )
            let creations = (0..<20).map { _ in stores.creation(key: key) }
            let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
                for creation in creations { group.addTask { try await jobs.create(creation).job.id } }
                return try await group.reduce(into: Set<JobID>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await jobs.jobs(matching: JobQuery(), before: nil, limit: 50).count == 1)
            var other = key
            other.bodyDigest = "b"
            await #expect(throws: JobStoreError.idempotencyKeyReused) {
                try await jobs.create(stores.creation(key: other))
            }
            stores.clock.advance(by: .seconds(60))
            other.expiresAt = stores.clock.now() + .seconds(60)
            guard case .created = try await jobs.create(stores.creation(key: other)) else {
                Issue.record("a lapsed key counts no more")
                return
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func finishesTheJobWithItsLastExecution(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await stores.create(Stores.specification(), ["M-1", "M-2", "M-3"])
            let claimed = try await stores.claim()
            #expect(claimed.map(\.execution.target) == ["M-1", "M-2", "M-3"])
            #expect(claimed.allSatisfy { $0.execution.state == .running && $0.execution.attempts == 1 })
            #expect(try await stores.job(id).progress.running == 3)
            let first = try await stores.settle(claimed[0], done)
            #expect(first.state == .running)
            #expect(first.version > claimed[0].job.version)
            _ = try await stores.settle(claimed[1], .failed(problem))
            stores.clock.advance(by: .seconds(1))
            let last = try await stores.settle(claimed[2], done)
            #expect(last.state == .partiallySucceeded)
            #expect(last.finishedAt == stores.clock.now())
            #expect(last.progress == JobProgress(total: 3, done: 3, succeeded: 2, failed: 1))
            #expect(try await stores.job(id) == last)
            let executions = try await stores.executions(of: id)
            #expect(executions.map(\.state) == [.succeeded, .failed, .succeeded])
            #expect(executions[0].result == Array(#"{"value":1}"#.utf8))
            #expect(executions[1].problem == problem)
            await #expect(throws: JobStoreError.leaseLost) { try await stores.settle(claimed[0], done) }
        }
    }

    @Test(arguments: Backend.allCases)
    func removesOldFinishedJobsOnly(backend: Backend) async throws {
        try await backend.run { stores in
            let key = IdempotencyKey(key: "k", bodyDigest: "a", expiresAt: stores.clock.now() + .seconds(1000))
            let kept = try await stores.jobs.create(stores.creation(key: key)).job.id
            let gone = try await stores.create()
            for claimed in try await stores.claim() { _ = try await stores.settle(claimed, done) }
            let open = try await stores.create()
            stores.clock.advance(by: .seconds(100))
            let now = stores.clock.now()
            #expect(try await stores.jobs.purge(finishedBefore: now, now: now) == 1)
            #expect(try await stores.jobs.job(gone) == nil)
            #expect(try await stores.executions(of: gone).isEmpty)
            #expect(try await stores.jobs.job(kept) != nil, "its idempotency key still counts")
            #expect(try await stores.jobs.job(open) != nil)
            stores.clock.advance(by: .seconds(1000))
            let later = stores.clock.now()
            #expect(try await stores.jobs.purge(finishedBefore: later, now: later) == 1)
        }
    }
}
