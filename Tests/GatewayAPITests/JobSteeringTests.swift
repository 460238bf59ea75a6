// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Jobs
import Testing
import Timekeeping

@Suite("Steering and results of jobs")
struct JobSteeringTests {
    private static let read =
        #""kind":"read","items":[{"object":"1.0.1.8.0.255","attribute":2},{"object":"1.0.99.1.0.255","attribute":4}]"#

    @Test("The same key with the same body finds the same job, another body is refused")
    func idempotency() async throws {
        try await APIBench.run { bench in
            let body = #"{\#(Self.read),"target":{"meters":["M1"]}}"#
            let first = try await bench.send(.post, "/jobs", body, headers: ["Idempotency-Key": "k-1"])
            let second = try await bench.send(.post, "/jobs", body, headers: ["Idempotency-Key": #""k-1""#])
            #expect(first.status == 202)
            #expect(second.status == 202)
            #expect(second.headers["Location"] == first.headers["Location"])
            #expect(second.headers["Idempotency-Replayed"] == "true")
            let other = #"{"kind":"discover","target":{"meters":["M1"]}}"#
            let third = try await bench.send(.post, "/jobs", other, headers: ["Idempotency-Key": "k-1"])
            #expect(third.problem == "idempotency-key-reused")
            #expect(try await bench.get("/jobs").json["items"]?.array?.count == 1)
        }
    }

    @Test("What must not be done twice needs a key")
    func keyNeeded() async throws {
        try await APIBench.run { bench in
            let body = #"{"kind":"invoke","target":{"meters":["M1"]},"items":[{"object":"1.0.1.8.0.255","method":1}]}"#
            let refused = try await bench.send(.post, "/jobs", body)
            #expect(refused.problem == "idempotency-key-missing")
            let dry = body.dropLast() + #","dryRun":true}"#
            #expect(try await bench.send(.post, "/jobs", String(dry)).status == 202)
        }
    }

    @Test(
        "Terms out of bounds are refused with their place",
        arguments: [
            (#""priority":10"#, "/priority"),
            (#""limits":{"concurrency":0}"#, "/limits/concurrency"),
            (#""limits":{"ratePerMinute":0}"#, "/limits/ratePerMinute"),
            (#""limits":{"perMeterTimeout":"PT0S"}"#, "/limits/perMeterTimeout"),
            (#""limits":{"abort":{"failurePercent":101}}"#, "/limits/abort/failurePercent"),
            (#""limits":{"canary":0}"#, "/limits/canary"),
            (#""retry":{"max":-1}"#, "/retry/max"),
            (#""retry":{"backoff":"P9D"}"#, "/retry/backoff"),
            (#""expiresAt":"2001-01-01T00:00:00Z""#, "/expiresAt"),
            (#""startAt":"2126-01-01T00:00:00Z""#, "/startAt"),
        ]
    )
    func bounds(terms: String, pointer: String) async throws {
        try await APIBench.run { bench in
            let answer = try await bench.send(.post, "/jobs", #"{\#(Self.read),"target":{"meters":["M1"]},\#(terms)}"#)
            #expect(answer.status == 422)
            #expect(answer.problem == "value-out-of-range")
            #expect(answer.json["pointer"]?.string == pointer)
        }
    }

    @Test("Targets by label are resolved when the job is made; none is refused")
    func selector() async throws {
        try await APIBench.run { bench in
            let made = try await bench.send(.post, "/jobs", #"{\#(Self.read),"target":{"selector":"region=north"}}"#)
            #expect(made.json["progress"]?["total"] == 1)
            #expect(made.json["target"]?["selector"] == "region=north")
            let none = try await bench.send(.post, "/jobs", #"{\#(Self.read),"target":{"selector":"region=south"}}"#)
            #expect(none.status == 422)
        }
    }

    /// A job that begins in an hour.
    private func scheduled(_ bench: APIBench) async throws -> APIBench.Answer {
        let start = (bench.clock.now() + .seconds(3600)).rfc3339
        return try await bench.send(
            .post,
            "/jobs",
            #"{\#(Self.read),"target":{"meters":["M1"]},"startAt":"\#(start)"}"#
        )
    }

    @Test("A scheduled job is paused, resumed and cancelled; each link is there when it may be used")
    func steering() async throws {
        try await APIBench.run { bench in
            let made = try await scheduled(bench)
            #expect(made.json["state"] == "scheduled")
            let path = try #require(made.headers["Location"])
            #expect(try await bench.send(.post, path + "/resume").problem == "wrong-state")
            #expect(try await bench.send(.post, path + "/retry").problem == "wrong-state")
            #expect(try await bench.get(path + "/result").problem == "job-not-finished")
            let paused = try await bench.send(.post, path + "/pause")
            #expect(paused.json["state"] == "paused")
            #expect(paused.json["links"]?["resume"]?.string == path + "/resume")
            #expect(try await bench.send(.post, path + "/resume").json["state"] == "scheduled")
            #expect(try await bench.send(.post, path + "/cancel").json["state"] == "cancelled")
            let again = try await bench.send(.post, path + "/retry")
            #expect(again.status == 202)
            #expect(again.json["progress"]?["total"] == 1)
        }
    }

    @Test("A caller waits for the next change with the tag of what it knows")
    func longPoll() async throws {
        try await APIBench.run { bench in
            let made = try await scheduled(bench)
            let (path, tag) = (try #require(made.headers["Location"]), try #require(made.headers["ETag"]))
            #expect(try await bench.get(path, headers: ["If-None-Match": tag]).status == 304)
            async let changed = bench.get(path, headers: ["If-None-Match": tag, "Prefer": "wait=100"])
            _ = try await bench.send(.post, path + "/pause")
            let answer = try await changed
            #expect(answer.status == 200)
            #expect(answer.json["state"] == "paused")
            #expect(answer.headers["ETag"] != tag)
        }
    }

    @Test("A result comes as JSON, as lines that tell their end, and as one value in a line of CSV")
    func results() async throws {
        try await APIBench.run { bench in
            try await bench.working {
                let made = try await bench.send(.post, "/jobs", #"{\#(Self.read),"target":{"meters":["M1"]}}"#)
                let path = try #require(made.headers["Location"])
                let whole = try await bench.get(path + "/result", headers: ["Prefer": "wait=20"])
                #expect(whole.json["state"] == "succeeded")
                #expect(whole.json["items"]?[0]?["meter"] == "M1")
                let lines = try await bench.get(path + "/result", headers: ["Accept": "application/x-ndjson"])
                #expect(lines.text.split(separator: "\n").count == 2)
                #expect(lines.text.hasSuffix("{\"end\":true,\"rows\":1}\n"))
                let csv = try await bench.get(path + "/result", headers: ["Accept": "text/csv"])
                let rows = csv.text.split(separator: "\r\n")
                #expect(rows.count == 3)
                #expect(rows.first?.hasPrefix("meter,state,finishedAt,problem,object,class,member,value,unit") == true)
                #expect(rows.contains { $0.contains("1.0.1.8.0.255,3,value,12345.67,Wh,") })
                #expect(try await bench.get(path + "/executions?state=failed").json["items"]?.array?.isEmpty == true)
                #expect(try await bench.get("/jobs?createdBy=somebody").json["items"]?.array?.isEmpty == true)
            }
        }
    }

    @Test("A profile job's rows come as one value in a line of CSV")
    func profileCSV() async throws {
        try await APIBench.run { bench in
            try await bench.working {
                let path = try await bench.profileJob()
                let csv = try await bench.get(
                    path + "/result",
                    headers: ["Accept": "text/csv", "Prefer": "wait=20"]
                )
                let rows = csv.text.split(separator: "\r\n")
                #expect(rows.count == 5)
                #expect(rows.last?.contains("1.0.1.8.0.255/2,") == true)
            }
        }
    }

    @Test("A job that was removed long ago is gone, one that never was is unknown")
    func purged() async throws {
        try await APIBench.run { bench in
            // Made in 2025 and in the time of the bench, by what their identifiers tell.
            let old = try await bench.get("/jobs/01942000-0000-7000-8000-000000000000")
            #expect(old.problem == "job-purged")
            let now = String(UInt64(bench.clock.now().seconds) * 1000, radix: 16)
            let padded = String(repeating: "0", count: 12 - now.count) + now
            let id = "\(padded.prefix(8))-\(padded.dropFirst(8))-7000-8000-000000000000"
            #expect(try await bench.get("/jobs/\(id)").problem == "job-unknown")
        }
    }
}
