// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Logging
import Testing
import Timekeeping

@testable import GatewayCore
@testable import Jobs

/// A scheduler that serves what is due when a test says so.
struct SchedulerBench {
    let bench: APIBench
    let scheduler: Scheduler

    init(_ bench: APIBench) {
        self.bench = bench
        scheduler = Scheduler(gateway: bench.gateway, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Makes a schedule of M1 at a moment.
    func make(_ id: String, at moment: String, _ recurrence: String, _ more: String = "") async throws {
        bench.clock.set(try #require(Timestamp(rfc3339: moment)))
        let made = try await bench.send(
            .post,
            "/schedules",
            """
            {"id":"\(id)","recurrence":\(recurrence),"timeZone":"Europe/Bratislava","target":{"meters":["M1"]},\(more)
             "operation":{"read":{"items":[{"object":"1.0.1.8.0.255","attribute":2}]}}}
            """
        )
        #expect(made.status == 201, "\(made.text)")
    }

    /// Moves the time on and serves what is due; gives how many jobs there are then.
    func serve(at moment: String) async throws -> Int {
        bench.clock.set(try #require(Timestamp(rfc3339: moment)))
        await scheduler.serveDue()
        return try await jobs()
    }

    func jobs() async throws -> Int {
        try await bench.get("/jobs?limit=1000").json["items"]?.array?.count ?? 0
    }

    func schedule(_ id: String) async throws -> JSONValue {
        try await bench.get("/schedules/\(id)").json
    }
}

@Suite("The scheduler")
struct SchedulerTests {
    private static let replacing = #""overlap":"cancel-previous","#

    @Test("A time that the clock skips is served when the skip ends, one that comes twice once")
    func clockChanges() async throws {
        try await APIBench.run { bench in
            let bed = SchedulerBench(bench)
            try await bed.make("s", at: "2026-03-28T12:00:00Z", #"{"cron":"30 2 * * *"}"#, Self.replacing)
            #expect(try await bed.serve(at: "2026-03-29T00:59:59Z") == 0)
            #expect(try await bed.serve(at: "2026-03-29T01:00:00Z") == 1)
            #expect(try await bed.schedule("s")["lastRun"]?["at"] == "2026-03-29T03:00:00+02:00")
            #expect(try await bed.schedule("s")["nextRun"] == "2026-03-30T02:30:00+02:00")
            _ = try await bench.send(.delete, "/schedules/s")

            try await bed.make("a", at: "2026-10-24T12:00:00Z", #"{"cron":"30 2 * * *"}"#, Self.replacing)
            #expect(try await bed.serve(at: "2026-10-25T00:30:00Z") == 2)
            #expect(try await bed.serve(at: "2026-10-25T01:30:00Z") == 2)
            #expect(try await bed.serve(at: "2026-10-26T01:30:00Z") == 3)
            // What is due in every hour is served in both.
            try await bed.make("h", at: "2027-10-30T23:50:00Z", #"{"cron":"30 * * * *"}"#, Self.replacing)
            _ = try await bench.send(.delete, "/schedules/a")
            #expect(try await bed.serve(at: "2027-10-31T00:30:00Z") == 4)
            #expect(try await bed.serve(at: "2027-10-31T01:30:00Z") == 5)
        }
    }

    @Test("Several schedulers over one database make one job of each time")
    func once() async throws {
        try await APIBench.run { bench in
            let beds = (0..<4).map { _ in SchedulerBench(bench) }
            for index in 0..<20 {
                try await beds[0].make(
                    "s\(index)",
                    at: "2026-11-22T08:01:00Z",
                    #"{"cron":"*/5 * * * *"}"#,
                    Self.replacing
                )
            }
            bench.clock.set(try #require(Timestamp(rfc3339: "2026-11-22T08:05:00Z")))
            await withTaskGroup(of: Void.self) { group in
                for bed in beds { group.addTask { await bed.scheduler.serveDue() } }
            }
            #expect(try await beds[0].jobs() == 20)
            #expect(try await beds[1].serve(at: "2026-11-22T08:06:00Z") == 20)
            #expect(try await beds[1].serve(at: "2026-11-22T08:10:00Z") == 40)
        }
    }

    @Test("A job that was begun before a crash is completed, also when its time has long passed")
    func restart() async throws {
        try await APIBench.run { bench in
            for meter in ["M2", "M3"] { _ = try await bench.send(.put, "/meters/\(meter)", bench.configuration()) }
            _ = try await bench.send(.put, "/groups/all", #"{"selector":"region=north"}"#)
            let bed = SchedulerBench(bench)
            bench.clock.set(try #require(Timestamp(rfc3339: "2026-11-22T08:01:00Z")))
            _ = try await bench.send(
                .put,
                "/schedules/s",
                """
                {"recurrence":{"cron":"5 8 * * *"},"misfire":"skip","target":{"group":"all"},
                 "operation":{"clockSync":{}}}
                """
            )
            // As a gateway leaves it that dies after the first page of meters.
            let due = try #require(Timestamp(rfc3339: "2026-11-22T08:05:00Z"))
            bench.clock.set(due)
            let begun = try await bench.queue.store.begin(
                JobCreation(
                    id: JobIDGenerator().next(at: due),
                    specification: JobSpecification(kind: .clockSync, payload: Array("{}".utf8), createdBy: "test"),
                    targets: ["M1"],
                    idempotency: IdempotencyKey(
                        key: "schedule/s/\(due.microseconds)",
                        bodyDigest: "schedule",
                        expiresAt: due + .seconds(86_400)
                    ),
                    now: due
                )
            )
            let id = begun.job.id.text
            let claim = ExecutionClaim(holder: "x", limit: 9, now: due, leaseUntil: due + .seconds(60))
            #expect(try await bench.queue.store.claim(claim).isEmpty)
            #expect(try await bed.serve(at: "2026-11-22T12:00:00Z") == 1)
            #expect(try await bench.get("/jobs/\(id)").json["progress"]?["total"] == 3)
            let meters = try await bench.get("/jobs/\(id)/executions").json["items"]?.array?.map { $0["meter"]?.string }
            #expect(meters == ["M1", "M2", "M3"])
            // All three are behind one line, which serves two at once.
            #expect(try await bench.queue.store.claim(claim).count == 2)
            #expect(try await bed.schedule("s")["lastRun"]?["jobId"]?.string == id)
            #expect(try await bed.schedule("s")["nextRun"] == "2026-11-23T08:05:00Z")
        }
    }

    @Test(
        "Times that passed while no gateway was there are left out, made up for once, or all",
        arguments: [("skip", 0, 4), ("run-once", 1, 3), ("run-all", 4, 0)]
    )
    func misfire(policy: String, jobs: Int, missed: Int) async throws {
        try await APIBench.run { bench in
            let bed = SchedulerBench(bench)
            let more = Self.replacing + "\"misfire\":\"\(policy)\","
            try await bed.make("s", at: "2026-11-22T08:01:00Z", #"{"every":"PT1H"}"#, more)
            #expect(try await bed.serve(at: "2026-11-22T12:30:00Z") == jobs)
            #expect(try await bed.schedule("s")["missed"] == .integer(missed))
            #expect(try await bed.schedule("s")["nextRun"] == "2026-11-22T14:00:00+01:00")
            #expect(try await bed.serve(at: "2026-11-22T13:00:00Z") == jobs + 1)
        }
    }

    @Test("A time whose window has passed is not made up for")
    func window() async throws {
        try await APIBench.run { bench in
            let bed = SchedulerBench(bench)
            let more = Self.replacing + #""misfire":"run-all","window":"PT2H","#
            try await bed.make("s", at: "2026-11-22T08:01:00Z", #"{"every":"PT1H"}"#, more)
            #expect(try await bed.serve(at: "2026-11-22T12:30:00Z") == 2)
            let newest = try await bench.get("/jobs?limit=1").json["items"]?[0]?["id"]?.string
            let id = try #require(newest.flatMap { JobID($0) })
            let job = try #require(try await bench.queue.job(id))
            #expect(job.specification.expiresAt?.rfc3339 == "2026-11-22T14:00:00Z")
        }
    }

    @Test("While the job before is not finished, a time is left out, waits, or replaces the job")
    func overlap() async throws {
        try await APIBench.run { bench in
            let bed = SchedulerBench(bench)
            try await bed.make("s", at: "2026-11-22T08:01:00Z", #"{"every":"PT1H"}"#, #""overlap":"skip","#)
            #expect(try await bed.serve(at: "2026-11-22T09:00:00Z") == 1)
            #expect(try await bed.serve(at: "2026-11-22T10:00:00Z") == 1)
            #expect(try await bed.schedule("s")["skipped"] == 1)
            let first = try #require(try await bed.schedule("s")["lastRun"]?["jobId"]?.string)
            _ = try await bench.send(.post, "/jobs/\(first)/cancel")
            #expect(try await bed.serve(at: "2026-11-22T11:00:00Z") == 2)
            _ = try await bench.send(.delete, "/schedules/s")

            try await bed.make("q", at: "2026-11-22T11:01:00Z", #"{"every":"PT1H"}"#, #""overlap":"queue","#)
            #expect(try await bed.serve(at: "2026-11-22T12:00:00Z") == 3)
            #expect(try await bed.serve(at: "2026-11-22T13:00:00Z") == 3)
            #expect(try await bed.schedule("q")["waitingRun"] == "2026-11-22T14:00:00+01:00")
            let previous = try #require(try await bed.schedule("q")["lastRun"]?["jobId"]?.string)
            _ = try await bench.send(.post, "/jobs/\(previous)/cancel")
            #expect(try await bed.serve(at: "2026-11-22T13:05:00Z") == 4)
            #expect(try await bed.schedule("q")["waitingRun"] == .null)
            _ = try await bench.send(.delete, "/schedules/q")

            try await bed.make("c", at: "2026-11-22T13:06:00Z", #"{"every":"PT1H"}"#, Self.replacing)
            #expect(try await bed.serve(at: "2026-11-22T14:00:00Z") == 5)
            let replaced = try #require(try await bed.schedule("c")["lastRun"]?["jobId"]?.string)
            #expect(try await bed.serve(at: "2026-11-22T15:00:00Z") == 6)
            #expect(try await bench.get("/jobs/\(replaced)").json["state"] == "cancelled")
        }
    }

    @Test("Beginnings are spread, each meter at its own distance")
    func jitter() async throws {
        try await APIBench.run { bench in
            let meters = (0..<40).map { "S\($0)" }
            for (number, meter) in meters.enumerated() {
                // Each behind a line of its own, as a line serves two at once.
                _ = try await bench.send(.put, "/meters/\(meter)", bench.configuration(port: 1000 + number))
            }
            let bed = SchedulerBench(bench)
            bench.clock.set(try #require(Timestamp(rfc3339: "2026-11-22T08:01:00Z")))
            _ = try await bench.send(
                .put,
                "/schedules/s",
                """
                {"recurrence":{"cron":"0 9 * * *"},"jitter":"PT10M","target":{"selector":"region=north"},
                 "operation":{"clockSync":{}}}
                """
            )
            #expect(try await bed.serve(at: "2026-11-22T09:00:00Z") == 1)
            let store = bench.queue.store
            var counts: [Int] = []
            for minute in [0, 5, 10] {
                let now = try #require(Timestamp(rfc3339: "2026-11-22T09:00:00Z")) + .seconds(minute * 60)
                _ = try await store.advance(now: now)
                let claim = ExecutionClaim(holder: "x", limit: 99, now: now, leaseUntil: now + .seconds(600))
                counts.append(try await store.claim(claim).count)
            }
            #expect(counts.reduce(0, +) == 41)
            #expect(counts[0] <= 2)
            #expect((10...31).contains(counts[1]))
        }
    }

    @Test("A paused schedule is not due, and does not make up for the pause")
    func pause() async throws {
        try await APIBench.run { bench in
            let bed = SchedulerBench(bench)
            try await bed.make("s", at: "2026-11-22T08:01:00Z", #"{"every":"PT1H"}"#, Self.replacing)
            #expect(try await bench.send(.post, "/schedules/s/pause").json["enabled"] == false)
            #expect(try await bed.schedule("s")["nextRun"] == .null)
            #expect(try await bed.serve(at: "2026-11-22T12:30:00Z") == 0)
            let resumed = try await bench.send(.post, "/schedules/s/resume")
            #expect(resumed.json["nextRun"] == "2026-11-22T14:00:00+01:00")
            let run = try await bench.send(.post, "/schedules/s/run")
            #expect(run.status == 202)
            #expect(run.headers["Location"]?.hasPrefix("/jobs/") == true)
            #expect(try await bed.schedule("s")["lastRun"]?["jobId"] == run.json["id"])
            #expect(try await bed.schedule("s")["lastRun"]?["state"] == "queued")
        }
    }

    @Test("A schedule without meters makes no job; one that is over is due no more")
    func empty() async throws {
        try await APIBench.run { bench in
            let bed = SchedulerBench(bench)
            bench.clock.set(try #require(Timestamp(rfc3339: "2026-11-22T08:01:00Z")))
            let made = try await bench.send(
                .put,
                "/schedules/s",
                """
                {"recurrence":{"every":"PT1H"},"validUntil":"2026-11-22T10:00:00Z","target":{"selector":"region=mars"},
                 "operation":{"clockSync":{}}}
                """
            )
            #expect(made.status == 201)
            #expect(try await bed.serve(at: "2026-11-22T09:00:00Z") == 0)
            #expect(try await bed.schedule("s")["empty"] == 1)
            #expect(try await bed.serve(at: "2026-11-22T10:00:00Z") == 0)
            #expect(try await bed.schedule("s")["nextRun"] == .null)
            #expect(try await bench.send(.post, "/schedules/s/run").problem == "not-found")
        }
    }
}
