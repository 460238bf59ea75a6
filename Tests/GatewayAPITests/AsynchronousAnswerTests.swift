// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import MeterTransport
import Testing

@Suite("Answers that come later, and values that are too old")
struct AsynchronousAnswerTests {
    private let path = "/meters/M1/objects/1.0.1.8.0.255/attributes/2"

    @Test("A read becomes a job on request, and its result is what the read would have answered")
    func read() async throws {
        try await APIBench.run { bench in
            bench.listener.setAnswering(.held)
            let accepted = try await bench.get(path, headers: ["Prefer": "respond-async"])
            #expect(accepted.status == 202)
            #expect(accepted.headers["Preference-Applied"] == "respond-async")
            #expect(accepted.headers["Retry-After"] != nil)
            let location = try #require(accepted.headers["Location"])
            bench.listener.setAnswering(.prompt)
            try await bench.working {
                let job = try await bench.get(location, headers: ["Prefer": "wait=20"])
                #expect(job.json["state"] == "succeeded")
                let executions = try await bench.get(location + "/executions")
                let item = try #require(executions.json["items"]?[0]?["result"]?["items"]?[0])
                let direct = try await bench.get(path)
                for member in ["object", "attribute", "type", "value", "readAt"] {
                    #expect(item[member] == direct.json[member], "\(member)")
                }
            }
        }
    }

    @Test("A read that is done within the wait is answered at once")
    func readInTime() async throws {
        try await APIBench.run { bench in
            try await bench.working {
                let answer = try await bench.get(path, headers: ["Prefer": "respond-async, wait=20"])
                #expect(answer.status == 200)
                #expect(answer.headers["Preference-Applied"] == "respond-async, wait=20")
                #expect(answer.json["value"]?["raw"] == 1_234_567)
                #expect(bench.meter.reads(3, SampleMeter.energy, 2) == 1)
            }
        }
    }

    @Test("Rows of a profile become a job on request")
    func rows() async throws {
        try await APIBench.run { bench in
            let target = "/meters/M1/profiles/1.0.99.1.0.255/rows?entries=3"
            let accepted = try await bench.get(target, headers: ["Prefer": "respond-async"])
            #expect(accepted.status == 202)
            let location = try #require(accepted.headers["Location"])
            try await bench.working {
                let job = try await bench.get(location, headers: ["Prefer": "wait=20"])
                #expect(job.json["state"] == "succeeded")
                let executions = try await bench.get(location + "/executions")
                let direct = try await bench.get(target)
                #expect(direct.json["rows"]?.array?.count == 3)
                #expect(executions.json["items"]?[0]?["result"]?["rows"] == direct.json["rows"])
            }
        }
    }

    @Test("A method becomes one job on request, however often it is sent with its key")
    func method() async throws {
        try await APIBench.run { bench in
            let target = "/meters/M1/objects/1.0.1.8.0.255/methods/reset"
            let headers = ["Prefer": "respond-async", "Idempotency-Key": "a-key-of-mine"]
            let first = try await bench.send(.post, target, "{}", headers: headers)
            #expect(first.status == 202)
            #expect(first.headers["Idempotency-Replayed"] == nil)
            let again = try await bench.send(.post, target, "{}", headers: headers)
            #expect(again.status == 202)
            #expect(again.headers["Idempotency-Replayed"] == "true")
            #expect(again.headers["Location"] == first.headers["Location"])
            let other = try await bench.send(.post, target, #"{"parameter":1}"#, headers: headers)
            #expect(other.problem == "idempotency-key-reused")
        }
    }

    @Test("When the meter does not answer, a value that is too old will do for who allows it")
    func stale() async throws {
        try await APIBench.run { bench in
            func reads() -> Int { bench.meter.reads(3, SampleMeter.energy, 2) }
            #expect(try await bench.send(.put, "/meters/S", bench.configuration(response: "PT0.2S")).status == 201)
            let path = "/meters/S/objects/1.0.1.8.0.255/attributes/2"
            #expect(try await bench.get(path).status == 200)
            #expect(reads() == 1)
            bench.clock.advance(by: .seconds(100))
            bench.listener.setAnswering(.silent)
            let old = try await bench.get(path, headers: ["Cache-Control": "max-stale=60"])
            #expect(old.status == 200)
            #expect(old.json["stale"] == true)
            #expect(old.json["source"] == "cache")
            #expect(old.headers["Age"] == "100")
            let older = try await bench.get(path, headers: ["Cache-Control": "max-stale=30"])
            #expect(older.status >= 503)
            #expect(try await bench.get(path, headers: ["Cache-Control": "max-stale"]).json["stale"] == true)
            // Who wants the meter to be asked does not want what is kept.
            #expect(try await bench.get(path, headers: ["Cache-Control": "no-cache, max-stale"]).status >= 503)
            let before = reads()
            bench.listener.setAnswering(.prompt)
            let fresh = try await bench.get(path, headers: ["Cache-Control": "max-stale", "Priority": "u=0"])
            #expect(fresh.status == 200)
            #expect(fresh.json["stale"] == nil)
            #expect(reads() == before + 1)
        }
    }
}
