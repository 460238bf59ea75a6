// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Jobs
import Testing

extension APIBench {
    /// Makes a job that reads the last hour of the load profile, and gives its path.
    func profileJob() async throws -> String {
        let made = try await send(
            .post,
            "/jobs",
            #"{"kind":"profile-read","target":{"meters":["M1"]},"profile":"1.0.99.1.0.255","last":"PT1H"}"#
        )
        return try #require(made.headers["Location"])
    }
}

@Suite("Jobs")
struct JobTests {
    @Test("A read job leaves a result for each meter")
    func read() async throws {
        try await APIBench.run { bench in
            try await bench.working {
                let made = try await bench.send(
                    .post,
                    "/jobs",
                    #"{"kind":"read","target":{"meters":["M1"]},"items":[{"object":"1.0.1.8.0.255","attribute":2}]}"#
                )
                #expect(made.status == 202)
                let path = try #require(made.headers["Location"])
                let done = try await bench.get(path, headers: ["Prefer": "wait=20"])
                #expect(done.json["state"] == "succeeded")
                #expect(done.json["progress"]?["total"] == 1)
                #expect(done.json["progress"]?["succeeded"] == 1)
                #expect(done.json["operation"]?["read"]?["items"]?[0]?["object"] == "1.0.1.8.0.255")
                let executions = try await bench.get(path + "/executions")
                #expect(executions.json["items"]?[0]?["meter"] == "M1")
                #expect(executions.json["items"]?[0]?["result"]?["items"]?[0]?["value"]?["raw"] == 1_234_567)
                #expect(try await bench.send(.post, path + "/cancel").problem == "wrong-state")
                #expect(try await bench.get("/jobs?state=succeeded&kind=read").json["items"]?.array?.count == 1)
            }
        }
    }

    @Test("A profile job leaves rows; a failing meter leaves its problem")
    func profile() async throws {
        try await APIBench.run { bench in
            try await bench.working {
                let path = try await bench.profileJob()
                _ = try await bench.get(path, headers: ["Prefer": "wait=20"])
                let executions = try await bench.get(path + "/executions")
                #expect(executions.json["items"]?[0]?["result"]?["rows"]?.array?.count == 4)
                let wrong = try await bench.send(
                    .post,
                    "/jobs",
                    #"{"kind":"profile-read","target":{"meters":["M1"]},"profile":"1.0.98.1.0.255"}"#
                )
                let failed = try #require(wrong.headers["Location"])
                #expect(try await bench.get(failed, headers: ["Prefer": "wait=20"]).json["state"] == "failed")
                let problem = try await bench.get(failed + "/executions")
                #expect(
                    problem.json["items"]?[0]?["problem"]?["type"] == "/docs/problems/profile-unknown"
                )
            }
        }
    }

    @Test("Orders that cannot be are refused")
    func refusals() async throws {
        try await APIBench.run { bench in
            let unknown = try await bench.send(
                .post,
                "/jobs",
                #"{"kind":"read","target":{"meters":["M9"]},"items":[{"object":"1.0.1.8.0.255","attribute":2}]}"#
            )
            #expect(unknown.problem == "meter-unknown")
            let kind = try await bench.send(.post, "/jobs", #"{"kind":"raed","target":{"meters":["M1"]}}"#)
            #expect(kind.status == 422)
            #expect(kind.json["suggestion"] == "read")
            #expect(try await bench.get("/jobs/0198f6a0-1c2d-7e3f-8a4b-5c6d7e8f9a0b").problem == "job-purged")
        }
    }
}
