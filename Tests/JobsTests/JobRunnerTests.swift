// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import Logging
import SQLStore
import SQLiteDriver
import ServiceLifecycle
import Testing
import Timekeeping

/// Answers each attempt from a closure, and remembers the attempts.
private actor ScriptedHandler: JobHandler {
    typealias Script = @Sendable (ExecutionRecord, ExecutionContext) async -> ExecutionOutcome

    private let script: Script
    private(set) var attempts: [ExecutionRecord] = []
    private(set) var mostAtOnce = 0
    private var atOnce = 0

    init(_ script: @escaping Script) {
        self.script = script
    }

    /// Asks for permission to send once the gate is open, and succeeds if it is given.
    static func sendingBehind(_ gate: Gate) -> ScriptedHandler {
        ScriptedHandler { _, context in
            await gate.pass()
            do throws(TransmissionRefusal) {
                try await context.permitTransmission()
                return success
            } catch {
                return .refused(error)
            }
        }
    }

    func execute(
        _ execution: ExecutionRecord,
        of job: JobRecord,
        in context: ExecutionContext
    ) async -> ExecutionOutcome {
        attempts.append(execution)
        atOnce += 1
        mostAtOnce = max(mostAtOnce, atOnce)
        let outcome = await script(execution, context)
        atOnce -= 1
        return outcome
    }
}

/// Holds tasks up until a test opens it.
private actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        guard !isOpen else { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

private let kind = JobKind(rawValue: "read")
private let problem = ExecutionProblem(name: "meter-timeout", document: Array("{}".utf8))
private let success = ExecutionOutcome.succeeded(result: Array("{}".utf8))

@Suite(.timeLimit(.minutes(5))) struct JobRunnerTests {
    /// A queue over an empty database, with a runner that works during the body.
    private func withRunner(
        _ handler: ScriptedHandler,
        concurrency: Int = 8,
        _ body: (JobQueue, ManualWallClock, any JobStore) async throws -> Void
    ) async throws {
        let clock = ManualWallClock(at: Timestamp(seconds: 1_800_000_000))
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: clock.now())
        let store = SQLJobStore(database: database)
        let queue = JobQueue(store: store, clock: clock)
        let runner = JobRunner(
            queue: queue,
            handlers: [kind: handler],
            settings: JobRunner.Settings(holder: "one", concurrency: concurrency),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await runner.run() }
            try await body(queue, clock, store)
            group.cancelAll()
        }
    }

    private func specification(
        kind: JobKind = kind,
        retry: JobRetry = JobRetry(),
        expiresAt: Timestamp? = nil
    ) -> JobSpecification {
        JobSpecification(
            kind: kind,
            payload: Array("{}".utf8),
            createdBy: "test",
            retry: retry,
            expiresAt: expiresAt
        )
    }

    private func final(_ queue: JobQueue, _ id: JobID) async throws -> JobRecord {
        try #require(
            try await queue.awaitChange(of: id, after: nil, until: Timestamp(seconds: 9_000_000_000))
        )
    }

    /// Waits until the job's only execution is in that state.
    private func wait(_ queue: JobQueue, _ id: JobID, for state: ExecutionState) async throws -> ExecutionRecord {
        var version: Int64 = 0
        while true {
            let job = try await queue.awaitChange(of: id, after: version, until: Timestamp(seconds: 9_000_000_000))
            version = try #require(job).version
            let execution = try #require(try await queue.executions(of: id, limit: 1).first)
            if execution.state == state { return execution }
        }
    }

    @Test func worksOnEveryTargetOnce() async throws {
        let handler = ScriptedHandler { _, _ in success }
        try await withRunner(handler) { queue, _, _ in
            let targets = (0..<100).map { "M-\($0)" }
            let job = try await queue.submit(specification(), targets: targets).job
            let end = try await final(queue, job.id)
            #expect(end.state == .succeeded)
            #expect(await handler.attempts.map(\.target).sorted() == targets.sorted())
            #expect(await handler.mostAtOnce <= 8)
        }
    }

    @Test func runsAsManyAtOnceAsAllowed() async throws {
        let gate = Gate()
        let handler = ScriptedHandler { execution, _ in
            if execution.id.ordinal == 3 { await gate.open() }
            await gate.pass()
            return success
        }
        try await withRunner(handler, concurrency: 4) { queue, _, _ in
            let job = try await queue.submit(specification(), targets: (0..<20).map { "M-\($0)" }).job
            #expect(try await final(queue, job.id).state == .succeeded)
            #expect(await handler.mostAtOnce == 4)
        }
    }

    @Test func repeatsWhatIsSafeAfterAPause() async throws {
        let handler = ScriptedHandler { execution, _ in
            execution.attempts < 3 ? .failedSafely(problem) : success
        }
        try await withRunner(handler) { queue, clock, _ in
            let job = try await queue.submit(specification(), targets: ["M-1"]).job
            let start = clock.now()
            #expect(try await wait(queue, job.id, for: .waitingForMeter).dueAt == start + .seconds(30))
            clock.advance(by: .seconds(30))
            while try await queue.executions(of: job.id, limit: 1).first?.attempts != 2 { await Task.yield() }
            #expect(try await wait(queue, job.id, for: .waitingForMeter).dueAt == start + .seconds(90))
            clock.advance(by: .seconds(60))
            #expect(try await final(queue, job.id).state == .succeeded)
            #expect(await handler.attempts.map(\.attempts) == [1, 2, 3])
        }
    }

    @Test func givesUpAfterTheLastRepetition() async throws {
        let handler = ScriptedHandler { _, _ in .failedSafely(problem) }
        try await withRunner(handler) { queue, _, _ in
            let job = try await queue.submit(
                specification(retry: JobRetry(max: 2, backoff: .zero)),
                targets: ["M-1"]
            ).job
            #expect(try await final(queue, job.id).state == .failed)
            #expect(await handler.attempts.count == 3)
            #expect(try await queue.executions(of: job.id, limit: 1).first?.problem == problem)
        }
    }

    @Test func neverRepeatsAFailureThatIsNotSafe() async throws {
        let handler = ScriptedHandler { _, _ in .failed(problem) }
        try await withRunner(handler) { queue, _, _ in
            let job = try await queue.submit(specification(), targets: ["M-1"]).job
            #expect(try await final(queue, job.id).state == .failed)
            #expect(await handler.attempts.count == 1)
        }
    }

    @Test func resolvesAnUnknownOutcomeByAnAttemptThatKnowsOfIt() async throws {
        let handler = ScriptedHandler { execution, context in
            if execution.hasTransmitted { return execution.attempts < 3 ? .failedSafely(problem) : success }
            do throws(TransmissionRefusal) {
                try await context.permitTransmission()
                return .outcomeUnknown(problem)
            } catch {
                return .refused(error)
            }
        }
        try await withRunner(handler) { queue, _, _ in
            let job = try await queue.submit(
                specification(retry: JobRetry(max: 0, backoff: .zero)),
                targets: ["M-1"]
            ).job
            #expect(try await final(queue, job.id).state == .succeeded)
            #expect(
                await handler.attempts.map(\.hasTransmitted) == [false, true, true],
                "a failed look does not lead to sending again"
            )
        }
    }

    @Test func anUnknownOutcomeIsLeftAfterItsTime() async throws {
        let handler = ScriptedHandler { _, _ in .outcomeUnknown(problem) }
        try await withRunner(handler) { queue, _, _ in
            let retry = JobRetry(backoff: .seconds(30), resolveFor: .seconds(20))
            let job = try await queue.submit(specification(retry: retry), targets: ["M-1"]).job
            let end = try await final(queue, job.id)
            #expect(end.state == .failed)
            #expect(end.progress.unknown == 1)
        }
    }

    @Test func cancelReachesTheHandlerAndForbidsSending() async throws {
        let gate = Gate()
        let handler = ScriptedHandler.sendingBehind(gate)
        try await withRunner(handler) { queue, _, _ in
            let job = try await queue.submit(specification(), targets: ["M-1"]).job
            _ = try await wait(queue, job.id, for: .running)
            _ = try await queue.apply(.cancel, to: job.id)
            await gate.open()
            #expect(try await final(queue, job.id).state == .cancelled)
            #expect(try await queue.executions(of: job.id, limit: 1).map(\.state) == [.cancelled])
        }
    }

    @Test func failsWorkOfAKindWithoutHandler() async throws {
        try await withRunner(ScriptedHandler { _, _ in success }) { queue, _, _ in
            let job = try await queue.submit(
                specification(kind: JobKind(rawValue: "firmware")),
                targets: ["M-1"]
            ).job
            #expect(try await final(queue, job.id).state == .failed)
            #expect(try await queue.executions(of: job.id, limit: 1).first?.problem?.name == "internal")
        }
    }

    @Test func keepsLeasesOfLongWork() async throws {
        let gate = Gate()
        let handler = ScriptedHandler { _, _ in
            await gate.pass()
            return success
        }
        try await withRunner(handler) { queue, clock, store in
            let job = try await queue.submit(specification(), targets: ["M-1"]).job
            // Only what the handler has in hand is renewed.
            while await handler.attempts.isEmpty { await Task.yield() }
            for _ in 0..<9 {
                clock.advance(by: .seconds(20))
                let now = clock.now()
                // The end of the lease is the only moment there is.
                while try await store.nextMoment(after: now) != now + .seconds(60) { await Task.yield() }
            }
            await gate.open()
            #expect(try await final(queue, job.id).state == .succeeded)
            #expect(await handler.attempts.count == 1)
        }
    }

    @Test func doesNotTakeBackItsOwnWorkAfterAStandstill() async throws {
        let gate = Gate()
        let handler = ScriptedHandler.sendingBehind(gate)
        try await withRunner(handler) { queue, clock, store in
            let job = try await queue.submit(specification(), targets: ["M-1"]).job
            while await handler.attempts.isEmpty { await Task.yield() }
            clock.advance(by: .seconds(300))
            while try await store.nextMoment(after: clock.now()) == nil { await Task.yield() }
            await gate.open()
            #expect(try await final(queue, job.id).state == .succeeded)
            #expect(await handler.attempts.count == 1)
        }
    }

    @Test func whatWasSentBeforeAPostponementIsNotForgotten() async throws {
        let handler = ScriptedHandler { execution, context in
            if execution.hasTransmitted { return .postponed(until: Timestamp(seconds: 1_800_000_010), problem) }
            do throws(TransmissionRefusal) {
                try await context.permitTransmission()
                return .postponed(until: Timestamp(seconds: 1_800_000_000), problem)
            } catch {
                return .refused(error)
            }
        }
        try await withRunner(handler) { queue, _, _ in
            let retry = JobRetry(backoff: .zero, resolveFor: .seconds(5))
            let job = try await queue.submit(specification(retry: retry), targets: ["M-1"]).job
            let end = try await final(queue, job.id)
            #expect(end.progress.unknown == 1, "it neither waits for ever nor counts as never sent")
            #expect(await handler.attempts.map(\.hasTransmitted) == [false, true])
        }
    }

    @Test func finishesWhatItHasBegunOnGracefulShutdown() async throws {
        let handler = ScriptedHandler { _, _ in
            // Ends after the runner has heard of the shutdown.
            try? await gracefulShutdown()
            return success
        }
        let clock = ManualWallClock(at: Timestamp(seconds: 1_800_000_000))
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: clock.now())
        let queue = JobQueue(store: SQLJobStore(database: database), clock: clock)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let runner = JobRunner(
            queue: queue,
            handlers: [kind: handler],
            settings: JobRunner.Settings(holder: "one", concurrency: 1),
            logger: logger
        )
        let group = ServiceGroup(services: [runner], logger: logger)
        async let run: Void = group.run()
        let begun = try await queue.submit(specification(), targets: ["M-1"]).job
        _ = try await wait(queue, begun.id, for: .running)
        let waiting = try await queue.submit(specification(), targets: ["M-2"]).job
        await group.triggerGracefulShutdown()
        try await run
        #expect(try await queue.job(begun.id)?.state == .succeeded)
        #expect(try await queue.job(waiting.id)?.state == .queued)
    }

    @Test func leavesForTheNextStartWhatDoesNotEndWithinTheGrace() async throws {
        let handler = ScriptedHandler { _, _ in
            // Would go on for an hour; ends only because it is cut off.
            try? await Task.sleep(for: .seconds(3600))
            return success
        }
        let clock = ManualWallClock(at: Timestamp(seconds: 1_800_000_000))
        let database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: clock.now())
        let store = SQLJobStore(database: database)
        let queue = JobQueue(store: store, clock: clock)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let runner = JobRunner(
            queue: queue,
            handlers: [kind: handler],
            settings: JobRunner.Settings(holder: "one", concurrency: 1, shutdownGrace: .milliseconds(1)),
            logger: logger
        )
        let group = ServiceGroup(services: [runner], logger: logger)
        async let run: Void = group.run()
        let begun = try await queue.submit(specification(), targets: ["M-1"]).job
        _ = try await wait(queue, begun.id, for: .running)
        await group.triggerGracefulShutdown()
        try await run
        // Neither done nor failed: as after a crash, the next start takes it back.
        #expect(try await queue.job(begun.id)?.state == .running)
        #expect(try await store.recover(holder: "one", now: clock.now()).map(\.id) == [begun.id])
    }
}
