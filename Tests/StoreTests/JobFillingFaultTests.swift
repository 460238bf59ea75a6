// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import SQLStore
import Testing
import Timekeeping

/// A database whose process dies at one of its writes, before or after the commit.
private struct DyingDatabase: DatabaseInFront {
    let database: any SQLDatabase
    /// How many writes there are before the last.
    let survived: Int
    /// Whether the last one is committed.
    let commitsLast: Bool
    private let writes = Protected(0)

    init(_ database: any SQLDatabase, survived: Int, commitsLast: Bool) {
        self.database = database
        self.survived = survived
        self.commitsLast = commitsLast
    }

    func write<Result: Sendable>(
        _ isolation: SQLIsolation,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        var number = 0
        writes.change {
            number = $0
            $0 += 1
        }
        if number < survived { return try await database.write(isolation, body) }
        if number == survived, commitsLast { _ = try await database.write(isolation, body) }
        throw SQLError.unavailable(reason: "the process died")
    }
}

@Suite("Jobs whose filling is interrupted")
struct JobFillingFaultTests {
    private static let targets = (0..<10).map { "M-\($0)" }

    /// Three targets after the one given.
    private static func page(_ last: String?) -> [String] {
        let begin = last.flatMap { targets.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
        return Array(targets[begin...].prefix(3))
    }

    private static func key(_ stores: Stores, _ text: String = "k") -> IdempotencyKey {
        IdempotencyKey(key: text, bodyDigest: "x", expiresAt: stores.clock.now() + .seconds(86_400))
    }

    /// Fills a job until its process dies; true when it did not.
    private static func fill(
        _ stores: Stores,
        survived: Int,
        commitsLast: Bool,
        key: IdempotencyKey?
    ) async throws -> Bool {
        let database = DyingDatabase(stores.database, survived: survived, commitsLast: commitsLast)
        let queue = JobQueue(store: SQLJobStore(database: database), clock: stores.clock)
        do {
            return try await queue.submit(Stores.specification(), idempotency: key, filledBy: page) != nil
        } catch JobStoreError.unavailable {
            return false
        }
    }

    @Test(arguments: Backend.allCases, [false, true])
    func `Wherever it is interrupted, the next request with its key makes one whole job`(
        backend: Backend,
        commitsLast: Bool
    ) async throws {
        try await backend.run { stores in
            func listed() async throws -> [JobID] {
                try await stores.jobs.jobs(matching: JobQuery(), before: nil, limit: 9).map(\.id)
            }
            // Begun with three, filled with three, three and one, completed.
            for survived in 0..<5 {
                let key = Self.key(stores, "k\(survived)")
                #expect(try await !Self.fill(stores, survived: survived, commitsLast: commitsLast, key: key))
                // Nobody was told of it, so nobody finds it, but those of the rounds before.
                let isWhole = survived == 4 && commitsLast
                #expect(try await listed().count == survived + (isWhole ? 1 : 0))
                #expect(try await stores.claim().count == (isWhole ? 10 : 0))
                let queue = JobQueue(store: stores.jobs, clock: stores.clock)
                let job = try await queue.submit(Stores.specification(), idempotency: key, filledBy: Self.page)?.job
                let id = try #require(job?.id)
                #expect(try await listed().contains(id))
                #expect(try await listed().count == survived + 1)
                let executions = try await stores.jobs.executions(of: id, in: nil, after: nil, limit: 100)
                #expect(executions.map(\.target) == Self.targets)
                #expect(try await stores.claim().map(\.execution.target) == (isWhole ? [] : Self.targets))
            }
            #expect(try await Self.fill(stores, survived: 5, commitsLast: false, key: nil))
        }
    }

    @Test(arguments: Backend.allCases)
    func `What was begun without a key never runs and is removed`(backend: Backend) async throws {
        try await backend.run { stores in
            #expect(try await !Self.fill(stores, survived: 3, commitsLast: true, key: nil))
            #expect(try await stores.claim().isEmpty)
            stores.clock.advance(by: .seconds(601))
            let now = stores.clock.now()
            _ = try await stores.jobs.purge(finishedBefore: Timestamp(seconds: 0), now: now)
            let left = try await stores.database.read { try $0.query("SELECT job_id FROM executions", [:]).count }
            #expect(left == 0)
        }
    }

    @Test(arguments: Backend.allCases)
    func `Several who fill one job make it once`(backend: Backend) async throws {
        try await backend.run { stores in
            let key = Self.key(stores)
            let identifiers = try await withThrowingTaskGroup(of: JobID.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        // Who meets another asks again, as callers do that are told that it is under way.
                        let queue = JobQueue(store: SQLJobStore(database: stores.database), clock: stores.clock)
                        while true {
                            do {
                                let result = try await queue.submit(
                                    Stores.specification(),
                                    idempotency: key,
                                    filledBy: Self.page
                                )
                                if let result { return result.job.id }
                            } catch JobStoreError.idempotencyInFlight {}
                        }
                    }
                }
                return try await group.reduce(into: Set<JobID>()) { $0.insert($1) }
            }
            #expect(identifiers.count == 1)
            #expect(try await stores.claim().map(\.execution.target) == Self.targets)
        }
    }

    @Test(arguments: Backend.allCases)
    func `What is cancelled while it is filled is told as it is then`(backend: Backend) async throws {
        try await backend.run { stores in
            let key = Self.key(stores)
            let queue = JobQueue(store: stores.jobs, clock: stores.clock)
            let result = try await queue.submit(Stores.specification(), idempotency: key) { last in
                if last == "M-5", let job = try await stores.jobs.job(withKey: key.key) {
                    _ = try await stores.jobs.apply(.cancel, to: job.id, now: stores.clock.now())
                }
                return Self.page(last)
            }
            #expect(result?.job.state == .cancelled)
            #expect(result?.job.progress.total == 6)
            #expect(try await stores.claim().isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A retry takes up what another began of it, and leaves out what is done`(backend: Backend) async throws {
        try await backend.run { stores in
            let job = try await stores.jobs.create(stores.creation(Stores.specification(), Self.targets)).job.id
            for claimed in try await stores.claim() {
                let isDone = claimed.execution.id.ordinal % 2 == 0
                let problem = ExecutionProblem(name: "x", document: Array("{}".utf8))
                _ = try await stores.settle(claimed, isDone ? .succeeded(result: []) : .failed(problem))
            }
            var begun = stores.creation(Stores.specification(), ["M-1", "M-3"])
            begun.idempotency = Self.key(stores)
            let first = try await stores.jobs.begin(begun).job.id
            let queue = JobQueue(store: stores.jobs, clock: stores.clock)
            let result = try await queue.retryFailed(of: job, createdBy: "key:test", idempotency: Self.key(stores))
            #expect(result.job.id == first)
            #expect(try await stores.claim().map(\.execution.target) == ["M-1", "M-3", "M-5", "M-7", "M-9"])
        }
    }
}
