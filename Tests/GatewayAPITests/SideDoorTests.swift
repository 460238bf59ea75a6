// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Testing
import Timekeeping

@Suite("Jobs, schedules and repeated requests are no side doors")
struct SideDoorTests {
    private let attribute = "/meters/M1/objects/1.0.1.8.0.255/attributes/2"
    private let method = "/meters/M1/objects/1.0.1.8.0.255/methods/1"

    @Test("Who may not have meters asked has none asked by preferring a job")
    func preferredJobs() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let reader = try await keys.key("reader", roles: [.viewer])
            let fields = ["Prefer": "respond-async", "Priority": "u=0"]
            for target in [attribute, "/meters/M1/profiles/1.0.99.1.0.255/rows?last=P365D"] {
                let answer = try await keys.send(.get, target, reader, headers: fields)
                #expect(answer.problem == "live-read-not-allowed", "\(target): \(answer.text)")
            }
            #expect(try await bench.get("/jobs").json["items"]?.array?.isEmpty == true)
            // What is kept is answered at once.
            #expect(try await bench.get(attribute).status == 200)
            #expect(try await keys.send(.get, attribute, reader, headers: fields).status == 200)
        }
    }

    @Test("A read that becomes a job is in the audit log")
    func auditedReads() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let reader = try await keys.key("reader", [.readingsRead, .readingsLive])
            let made = try await keys.send(.get, attribute, reader, headers: ["Prefer": "respond-async"])
            #expect(made.status == 202)
            let records = try await bench.get("/audit?action=getAttribute").json["items"]?.array ?? []
            #expect(records.count == 2)
            #expect(records.first?["caller"] == "key:reader")
        }
    }

    @Test("A job is tried again, or goes on, by who may do what it does")
    func repeatedJobs() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let operating = try await keys.key("operating", roles: [.operator_])
            let invoking = try await keys.key("invoking", [.jobsRead, .jobsWrite, .methodsInvoke])
            let start = (bench.clock.now() + .seconds(3600)).rfc3339
            let items = #""items":[{"object":"1.0.1.8.0.255","class":3,"method":1}]"#
            let body = #"{"kind":"invoke","target":{"meters":["M1"]},"startAt":"\#(start)",\#(items)}"#
            let made = try await keys.send(.post, "/jobs", invoking, body, headers: ["Idempotency-Key": "k"])
            let path = try #require(made.headers["Location"])
            #expect(try await keys.send(.post, path + "/pause", operating).status == 200)
            #expect(try await keys.send(.post, path + "/resume", operating).json["scope"] == "methods:invoke")
            #expect(try await keys.send(.post, path + "/resume", invoking).status == 200)
            #expect(try await keys.send(.post, path + "/cancel", operating).status == 200)
            let again = ["Idempotency-Key": "again"]
            let refused = try await keys.send(.post, path + "/retry", operating, headers: again)
            #expect(refused.json["scope"] == "methods:invoke")
            #expect(try await keys.send(.post, path + "/retry", invoking).problem == "idempotency-key-missing")
            let first = try await keys.send(.post, path + "/retry", invoking, headers: again)
            #expect(first.status == 202)
            let second = try await keys.send(.post, path + "/retry", invoking, headers: again)
            #expect(second.headers["Idempotency-Replayed"] == "true")
            #expect(second.headers["Location"] == first.headers["Location"])
            #expect(try await bench.get("/jobs").json["items"]?.array?.count == 2)
        }
    }

    @Test("A schedule goes on by who may do what it does")
    func resumedSchedules() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let planner = try await keys.key("planner", [.schedulesRead, .schedulesWrite])
            let body = """
                {"timeZone":"Europe/Bratislava","recurrence":{"cron":"15 2 * * *"},"enabled":false,
                 "target":{"selector":"region=north"},"operation":{"clockSync":{}}}
                """
            let made = try await bench.send(.put, "/schedules/sync", body)
            #expect(made.status == 201, "\(made.text)")
            let refused = try await keys.send(.post, "/schedules/sync/resume", planner)
            #expect(refused.json["scope"] == "clock:write", "\(refused.text)")
            let wider = try await keys.key("wider", [.schedulesWrite, .clockWrite])
            #expect(try await keys.send(.post, "/schedules/sync/resume", wider).json["enabled"] == true)
        }
    }

    @Test("The idempotency key of one caller, association or class says nothing to another")
    func keysOfCallers() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let (one, two) = (try await keys.key("one", [.methodsInvoke]), try await keys.key("two", [.methodsInvoke]))
            let fields = ["Idempotency-Key": "1"]
            func replayed(_ key: String, _ query: String = "") async throws -> Bool {
                let answer = try await keys.send(.post, method + query, key, "{}", headers: fields)
                #expect(answer.status == 200, "\(answer.text)")
                return answer.headers["Idempotency-Replayed"] == "true"
            }
            #expect(try await !replayed(one))
            #expect(try await replayed(one))
            #expect(try await !replayed(two))
            #expect(try await !replayed(one, "?class=3"))
            #expect(try await !replayed(one, "?association=manager"))
            #expect(bench.meter.invocations == 4)
        }
    }
}
