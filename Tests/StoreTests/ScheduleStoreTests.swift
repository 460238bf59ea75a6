// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Jobs
import Testing
import Timekeeping

@Suite("Stores of schedules")
struct ScheduleStoreTests {
    private static func configuration(_ target: String, _ operation: String) throws -> ScheduleConfiguration {
        let text = #"{"recurrence":{"every":"PT1H"},"target":\#(target),"operation":\#(operation)}"#
        return try ScheduleConfiguration(try JSONReader.parse(Array(text.utf8)), now: Timestamp(seconds: 0))
    }

    private static func put(
        _ text: String,
        due: Int64?,
        _ target: String = #"{"selector":"a=b"}"#,
        _ operation: String = #"{"clockSync":{}}"#,
        in stores: Stores
    ) async throws -> ScheduleID {
        let id = try #require(ScheduleID(text))
        _ = try await stores.fleet.putSchedule(
            id,
            try configuration(target, operation),
            when: .unconditional
        ) { _ in due.map { Timestamp(seconds: $0) } }
        return id
    }

    @Test(arguments: Backend.allCases)
    func `What is due comes in the order of its time, and a settled state is not settled twice`(
        backend: Backend
    ) async throws {
        try await backend.run { stores in
            let late = try await Self.put("a", due: 300, in: stores)
            let early = try await Self.put("b", due: 200, in: stores)
            _ = try await Self.put("c", due: nil, in: stores)
            #expect(
                try await stores.fleet.nextScheduleMoment(after: Timestamp(seconds: 100)) == Timestamp(seconds: 200)
            )
            #expect(
                try await stores.fleet.nextScheduleMoment(after: Timestamp(seconds: 200)) == Timestamp(seconds: 300)
            )
            #expect(try await stores.fleet.dueSchedules(at: Timestamp(seconds: 199), limit: 9).isEmpty)
            let due = try await stores.fleet.dueSchedules(at: Timestamp(seconds: 300), limit: 9)
            #expect(due.map(\.record.id) == [early, late])

            let before = due[0].state
            var after = before
            after.nextDue = Timestamp(seconds: 400)
            after.lastDue = before.nextDue
            after.lastJob = JobIDGenerator().next(at: Timestamp(seconds: 200))
            after.missed = 2
            #expect(try await stores.fleet.settleSchedule(early, from: before, to: after))
            #expect(try await stores.fleet.settleSchedule(early, from: before, to: after) == false)
            #expect(try await stores.fleet.schedule(early)?.state == after)
            // One that waits for a job is due until it has it.
            var waiting = after
            waiting.waiting = Timestamp(seconds: 200)
            #expect(try await stores.fleet.settleSchedule(early, from: after, to: waiting))
            #expect(
                try await stores.fleet.dueSchedules(at: Timestamp(seconds: 250), limit: 9).map(\.record.id) == [early]
            )
        }
    }

    @Test(arguments: Backend.allCases)
    func `A schedule keeps how it stands when it is replaced`(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await Self.put("a", due: 300, in: stores)
            let state = try #require(try await stores.fleet.schedule(id)?.state)
            var served = state
            served.skipped = 7
            #expect(try await stores.fleet.settleSchedule(id, from: state, to: served))
            _ = try await Self.put("a", due: 500, in: stores)
            let stored = try #require(try await stores.fleet.schedule(id))
            #expect(stored.state.skipped == 7)
            #expect(stored.state.nextDue == Timestamp(seconds: 500))
            await #expect(throws: StoreError.preconditionFailed(current: stored.record.revision)) {
                _ = try await stores.fleet.deleteSchedule(id, when: .ifRevision([Revision("other")]))
            }
            #expect(try await stores.fleet.deleteSchedule(id, when: .ifRevision([stored.record.revision])))
        }
    }

    @Test(arguments: Backend.allCases)
    func `Groups and sets of readings that schedules name exist and stay`(backend: Backend) async throws {
        try await backend.run { stores in
            await #expect(throws: StoreError.referenceUnknown("group g")) {
                _ = try await Self.put("a", due: nil, #"{"group":"g"}"#, in: stores)
            }
            await #expect(throws: StoreError.referenceUnknown("reading set r")) {
                _ = try await Self.put("a", due: nil, #"{"selector":"a=b"}"#, #"{"readingSet":"r"}"#, in: stores)
            }
            let group = try #require(MeterGroupID("g"))
            let set = try #require(ReadingSetID("r"))
            _ = try await stores.fleet.putMeterGroup(group, .init(), members: nil, when: .ifAbsent)
            _ = try await stores.fleet.putReadingSet(set, .init(items: [.object(JSONObject())]), when: .ifAbsent)
            let schedule = try await Self.put("a", due: nil, #"{"group":"g"}"#, #"{"readingSet":"r"}"#, in: stores)
            await #expect(throws: StoreError.inUse(by: ["schedule a"])) {
                _ = try await stores.fleet.deleteMeterGroup(group, when: .unconditional)
            }
            await #expect(throws: StoreError.inUse(by: ["schedule a"])) {
                _ = try await stores.fleet.deleteReadingSet(set, when: .unconditional)
            }
            #expect(try await stores.fleet.deleteSchedule(schedule, when: .unconditional))
            #expect(try await stores.fleet.deleteReadingSet(set, when: .unconditional))
        }
    }
}

@Suite("Jobs that are filled page by page")
struct JobFillingTests {
    private static func begin(_ stores: Stores, key: String? = nil, spread: JobSpread? = nil) async throws -> JobID {
        var creation = stores.creation(Stores.specification(), ["A", "B"])
        creation.idempotency = key.map {
            IdempotencyKey(key: $0, bodyDigest: "x", expiresAt: stores.clock.now() + .seconds(86_400))
        }
        creation.spread = spread
        return try await stores.jobs.begin(creation).job.id
    }

    @Test(arguments: Backend.allCases)
    func `Nothing of a job begins before all its targets are there`(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await Self.begin(stores, key: "k")
            #expect(try await stores.claim().isEmpty)
            #expect(try await stores.jobs.filling(of: id) == JobFillingState(count: 2, last: "B"))
            let now = stores.clock.now()
            #expect(try await stores.jobs.append(["C"], to: id, after: 2, spread: nil, now: now))
            // Two who fill the same job: the one that comes late stops.
            #expect(try await stores.jobs.append(["C"], to: id, after: 2, spread: nil, now: now) == false)
            #expect(try await stores.jobs.job(withKey: "k")?.id == id)
            let job = try #require(try await stores.jobs.complete(id, now: now))
            #expect(job.progress.total == 3)
            #expect(try await stores.claim().map(\.execution.target) == ["A", "B", "C"])
            #expect(try await stores.jobs.filling(of: id) == nil)
            #expect(try await stores.jobs.append(["D"], to: id, after: 3, spread: nil, now: now) == false)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A job that nobody fills any more waits for who has its key, as long as the key counts`(
        backend: Backend
    ) async throws {
        try await backend.run { stores in
            let id = try await Self.begin(stores, key: "k")
            stores.clock.advance(by: .seconds(3600))
            let now = stores.clock.now()
            _ = try await stores.jobs.purge(finishedBefore: Timestamp(seconds: 0), now: now)
            #expect(try await stores.jobs.filling(of: id) == JobFillingState(count: 2, last: "B"))
            #expect(try await stores.jobs.job(withKey: "k")?.id == id)
            let late = now + .seconds(366 * 86_400)
            _ = try await stores.jobs.purge(finishedBefore: Timestamp(seconds: 0), now: late)
            #expect(try await stores.jobs.job(id) == nil)
            #expect(try await stores.jobs.job(withKey: "k") == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A job that is cancelled while it is filled ends`(backend: Backend) async throws {
        try await backend.run { stores in
            let id = try await Self.begin(stores)
            let now = stores.clock.now()
            #expect(try await stores.jobs.apply(.cancel, to: id, now: now).state == .cancelled)
            #expect(try await stores.jobs.append(["C"], to: id, after: 2, spread: nil, now: now) == false)
            #expect(try await stores.jobs.complete(id, now: now)?.state == .cancelled)
        }
    }

    @Test(arguments: Backend.allCases)
    func `Spread executions begin one after the other, in jobs made at once or page by page`(
        backend: Backend
    ) async throws {
        try await backend.run { stores in
            let start = stores.clock.now()
            let spread = JobSpread(from: start, over: .seconds(600))
            let targets = (0..<100).map { "M\($0)" }
            var creation = stores.creation(Stores.specification(), targets)
            creation.spread = spread
            _ = try await stores.jobs.create(creation)
            let filled = try await Self.begin(stores, spread: spread)
            #expect(try await stores.jobs.append(targets, to: filled, after: 2, spread: spread, now: start))
            _ = try await stores.jobs.complete(filled, now: start)
            func claim() async throws -> Int {
                let now = stores.clock.now()
                // Longer than the test, so that nothing comes back.
                let claim = ExecutionClaim(holder: "one", limit: 500, now: now, leaseUntil: now + .seconds(3600))
                return try await stores.jobs.claim(claim).count
            }
            var claimed = try await claim()
            #expect(claimed < 20)
            for _ in 0..<6 {
                stores.clock.advance(by: .seconds(100))
                _ = try await stores.jobs.advance(now: stores.clock.now())
                claimed += try await claim()
            }
            #expect(claimed == 202)
            #expect(spread.moment(of: "M7") == spread.moment(of: "M7"))
        }
    }
}
