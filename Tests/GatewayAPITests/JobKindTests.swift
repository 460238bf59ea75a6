// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Jobs
import Testing

@Suite("Kinds of jobs")
struct JobKindTests {
    @Test("A write job writes once and tells what was there before and after")
    func write() async throws {
        try await APIBench.atWork { bench in
            let execution = try await bench.execution(
                #"{"kind":"write","target":{"meters":["M1"]},"items":[{"object":"0.0.96.50.0.255","attribute":2,"value":{"hex":"2A"}}]}"#
            )
            #expect(execution["state"] == "succeeded")
            let item = execution["result"]?["items"]?[0]
            #expect(item?["written"] == true)
            #expect(item?["verified"] == true)
            #expect(item?["after"]?["hex"] == "2A")
            #expect(bench.meter.writes == 1)
        }
    }

    @Test("A dry run of a write sends nothing")
    func dryRun() async throws {
        try await APIBench.atWork { bench in
            let execution = try await bench.execution(
                #"{"kind":"write","target":{"meters":["M1"]},"dryRun":true,"items":[{"object":"0.0.96.50.0.255","attribute":2,"value":{"hex":"2A"}}]}"#
            )
            #expect(execution["state"] == "succeeded")
            #expect(execution["result"]?["items"]?[0]?["dryRun"] == true)
            #expect(bench.meter.writes == 0)
        }
    }

    @Test("An invoke job invokes once; the disconnector is left to orders")
    func invoke() async throws {
        try await APIBench.atWork { bench in
            let done = try await bench.execution(
                #"{"kind":"invoke","target":{"meters":["M1"]},"items":[{"object":"1.0.1.8.0.255","method":"reset"}]}"#
            )
            #expect(done["state"] == "succeeded")
            #expect(done["result"]?["items"]?[0]?["result"] == "success")
            #expect(bench.meter.invocations == 1)
            let refused = try await bench.execution(
                #"{"kind":"invoke","target":{"meters":["M1"]},"items":[{"object":"0.0.96.3.10.255","method":1}]}"#
            )
            #expect(refused["state"] == "failed")
            #expect(refused["problem"]?["type"] == "/docs/problems/orders-only")
            #expect(bench.meter.invocations == 1)
        }
    }

    @Test("A discovery tells objects, profiles and what to configure")
    func discover() async throws {
        try await APIBench.atWork { bench in
            let found = try await bench.execution(#"{"kind":"discover","target":{"meters":["M1"]}}"#)
            #expect(found["state"] == "succeeded")
            let result = found["result"]
            #expect(result?["objects"]?.array?.contains { $0["obis"] == "1.0.1.8.0.255" } == true)
            #expect(result?["profiles"]?[0]?["capturePeriod"] == "PT15M")
            let operations = result?["suggestion"]?["operations"]?.array ?? []
            #expect(operations.contains { $0["profileRead"]?["profile"] == "1.0.99.1.0.255" })
            #expect(operations.contains { $0["read"]?["items"]?[0]?["object"] == "1.0.1.8.0.255" })
        }
    }

    @Test("A bundle ends at the first failure, with what was done")
    func bundleStops() async throws {
        try await APIBench.atWork { bench in
            let steps = """
                [{"read":{"items":[{"object":"1.0.1.8.0.255","attribute":2}]}},
                 {"write":{"items":[{"object":"0.0.96.50.0.255","attribute":2,"value":{"hex":"07"}}]}},
                 {"write":{"items":[{"object":"0.0.96.50.2.255","attribute":2,"value":9}]}},
                 {"invoke":{"items":[{"object":"1.0.1.8.0.255","method":1}]}}]
                """
            let stopped = try await bench.execution(
                #"{"kind":"bundle","target":{"meters":["M1"]},"steps":\#(steps)}"#
            )
            #expect(stopped["state"] == "failed")
            #expect(stopped["problem"]?["type"] == "/docs/problems/denied-by-meter")
            #expect(stopped["attempts"] == 1)
            #expect(stopped["result"]?["steps"]?.array?.count == 2)
            #expect(stopped["result"]?["steps"]?[1]?["write"]?["items"]?[0]?["verified"] == true)
            #expect(bench.meter.invocations == 0)
            let finished = try await bench.execution(
                #"{"kind":"bundle","target":{"meters":["M1"]},"stopOnError":false,"steps":\#(steps)}"#
            )
            #expect(finished["state"] == "failed")
            #expect(finished["result"]?["steps"]?.array?.count == 4)
            #expect(
                finished["result"]?["steps"]?[2]?["write"]?["items"]?[0]?["problem"]?["type"]
                    == "/docs/problems/denied-by-meter"
            )
            #expect(bench.meter.invocations == 1)
        }
    }

    @Test(
        "Orders that make no sense, or would keep a secret, are refused",
        arguments: [
            (#"{"kind":"write","items":[]}"#, "/items"),
            (#"{"kind":"write","items":[{"object":"1.0.1.8.0.255","attribute":2}]}"#, "/items/0"),
            (
                #"{"kind":"write","items":[{"object":"0.0.40.0.1.255","attribute":7,"value":{"text":"s"}}]}"#,
                "/items/0/object"
            ),
            (#"{"kind":"invoke","items":[{"object":"0.0.43.0.0.255","method":2}]}"#, "/items/0/object"),
            (#"{"kind":"invoke","items":[{"object":"1.0.1.8.0.255","method":0}]}"#, "/items/0/method"),
            (#"{"kind":"bundle","steps":[{"discover":{}}]}"#, "/steps/0/discover"),
            (
                #"{"kind":"bundle","steps":[{"read":{"association":"reader","items":[{"object":"1.0.1.8.0.255","attribute":2}]}}]}"#,
                "/steps/0"
            ),
        ]
    )
    func refusals(body: String, pointer: String) async throws {
        try await APIBench.atWork { bench in
            let body = body.dropLast() + #","target":{"meters":["M1"]}}"#
            let answer = try await bench.send(.post, "/jobs", String(body))
            // A member that is missing is no such order; the others have values that cannot be used.
            #expect(answer.status == (pointer == "/items/0" ? 400 : 422))
            #expect(answer.json["pointer"]?.string == pointer)
        }
    }
}

extension APIBench {
    /// Runs the body with one runner at work.
    fileprivate static func atWork(_ body: @escaping (APIBench) async throws -> Void) async throws {
        try await run { bench in
            try await bench.working { try await body(bench) }
        }
    }

    /// Makes a job for one meter, waits for its end, and gives its execution.
    fileprivate func execution(_ body: String) async throws -> JSONValue {
        let made = try await send(
            .post,
            "/jobs",
            body,
            headers: ["Idempotency-Key": "k-\(UInt64.random(in: 0 ... .max))"]
        )
        #expect(made.status == 202)
        let path = try #require(made.headers["Location"])
        _ = try await get(path, headers: ["Prefer": "wait=20"])
        return try #require(try await get(path + "/executions").json["items"]?[0])
    }
}
