// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import JSONText
import Testing
import Timekeeping

@Suite("Schedules and sets of readings")
struct ScheduleTests {
    private static let nightly = """
        {"name":"At night","timeZone":"Europe/Bratislava","recurrence":{"cron":"15 2 * * *"},"jitter":"PT5M",
         "window":"PT3H","target":{"selector":"region=north"},
         "operation":{"profileRead":{"profile":"1.0.99.1.0.255","since":"last-success","maxBack":"P31D"}}}
        """

    @Test("A schedule tells itself in words, with its next times, and is replaced in the revision that was seen")
    func life() async throws {
        try await APIBench.run { bench in
            bench.clock.set(try #require(Timestamp(rfc3339: "2026-11-22T08:00:00Z")))
            let made = try await bench.send(.put, "/schedules/nightly", Self.nightly)
            #expect(made.status == 201)
            #expect(made.json["words"] == "at 02:15 every day")
            #expect(made.json["nextRun"] == "2026-11-23T02:15:00+01:00")
            #expect(made.json["misfire"] == "run-once")
            #expect(made.json["overlap"] == "skip")
            #expect(made.json["lastRun"] == .null)
            #expect(made.json["operation"]?["profileRead"]?["since"] == "last-success")
            let tag = try #require(made.headers["ETag"])
            let next = try await bench.get("/schedules/nightly/next?count=3")
            #expect(next.json["items"]?.array?.map { $0["at"]?.string }.last == "2026-11-25T02:15:00+01:00")
            let stale = try await bench.send(
                .put,
                "/schedules/nightly",
                Self.nightly,
                headers: ["If-Match": "\"other\""]
            )
            #expect(stale.problem == "etag-mismatch")
            let again = try await bench.send(.put, "/schedules/nightly", Self.nightly, headers: ["If-Match": tag])
            #expect(again.status == 200)
            #expect(try await bench.get("/schedules").json["items"]?.array?.count == 1)
            #expect(try await bench.send(.delete, "/schedules/nightly").status == 204)
            #expect(try await bench.get("/schedules/nightly").problem == "not-found")
        }
    }

    @Test("A preview tells what changes of the clock do")
    func preview() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.send(
                .post,
                "/schedules/preview",
                """
                {"recurrence":{"cron":"30 2 * * *"},"timeZone":"Europe/Bratislava","count":3,
                 "after":"2026-03-28T00:00:00Z"}
                """
            )
            #expect(answer.status == 200)
            #expect(answer.json["words"] == "at 02:30 every day")
            #expect(answer.json["items"]?[0]?["note"] == .null)
            #expect(answer.json["items"]?[1]?["at"] == "2026-03-29T03:00:00+02:00")
            #expect(answer.json["items"]?[1]?["note"]?.string?.contains("skips 02:30") == true)
            #expect(answer.json["items"]?[2]?["at"] == "2026-03-30T02:30:00+02:00")
        }
    }

    @Test("What cannot be scheduled is refused with what is wrong and where")
    func refusals() async throws {
        try await APIBench.run { bench in
            func put(_ recurrence: String, _ operation: String, zone: String = "UTC") async throws -> APIBench.Answer {
                try await bench.send(
                    .put,
                    "/schedules/s",
                    """
                    {"recurrence":\(recurrence),"timeZone":"\(zone)","target":{"meters":["M1"]},
                     "operation":\(operation)}
                    """
                )
            }
            let read = #"{"read":{"items":[{"object":"1.0.1.8.0.255","attribute":2}]}}"#
            let cron = #"{"cron":"0 0 * * *"}"#
            let fault = try await put(#"{"cron":"0 25 * * *"}"#, read)
            #expect(fault.problem == "bad-recurrence")
            #expect(fault.status == 422)
            #expect(fault.json["column"] == 3)
            let seconds = try await put(#"{"cron":"0 0 2 * * *"}"#, read)
            #expect(seconds.json["hint"]?.string?.contains("seconds") == true)
            #expect(try await put(cron, read, zone: "Europe/Bratislav").json["suggestion"] == "Europe/Bratislava")
            #expect(try await put(cron, #"{"disconnect":{}}"#).status == 422)
            #expect(try await put(cron, #"{"profilRead":{}}"#).json["suggestion"] == "profileRead")
            #expect(try await put(cron, #"{"readingSet":"nothing"}"#).problem == "not-found")
            #expect(try await put(#"{"every":"PT15M","cron":"* * * * *"}"#, read).problem == "bad-parameter")
            let meter = try await bench.send(
                .put,
                "/schedules/s",
                #"{"recurrence":{"every":"PT1H"},"target":{"meters":["M9"]},"operation":\#(read)}"#
            )
            #expect(meter.problem == "meter-unknown")
            #expect(try await bench.get("/schedules/s").problem == "not-found")
        }
    }

    @Test("A set of readings is shared, and stays while a schedule names it")
    func readingSets() async throws {
        try await APIBench.run { bench in
            let made = try await bench.send(
                .post,
                "/reading-sets",
                #"{"id":"registers","items":[{"object":"1.0.1.8.0.255","attribute":2}]}"#
            )
            #expect(made.status == 201)
            let wrong = try await bench.send(.put, "/reading-sets/x", #"{"items":[{"object":"1.0.1.8.0"}]}"#)
            #expect(wrong.problem == "bad-parameter")
            let schedule = try await bench.send(
                .put,
                "/schedules/s",
                #"{"recurrence":{"every":"PT1H"},"target":{"meters":["M1"]},"operation":{"readingSet":"registers"}}"#
            )
            #expect(schedule.status == 201)
            #expect(try await bench.send(.delete, "/reading-sets/registers").problem == "in-use")
            let run = try await bench.send(.post, "/schedules/s/run")
            #expect(run.json["kind"] == "read")
            #expect(run.json["operation"]?["read"]?["items"]?[0]?["object"] == "1.0.1.8.0.255")
            _ = try await bench.send(.delete, "/schedules/s")
            #expect(try await bench.send(.delete, "/reading-sets/registers").status == 204)
        }
    }

    @Test("A group that a schedule names stays")
    func groups() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.put, "/groups/g", #"{"meters":["M1"]}"#)
            _ = try await bench.send(
                .put,
                "/schedules/s",
                #"{"recurrence":{"every":"PT1H"},"target":{"group":"g"},"operation":{"clockSync":{}}}"#
            )
            #expect(try await bench.send(.delete, "/groups/g").problem == "in-use")
        }
    }
}
