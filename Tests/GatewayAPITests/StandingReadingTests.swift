// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Testing

@Suite("Readings that are told again")
struct StandingReadingTests {
    private static let path = "/meters/M1/objects/1.0.1.8.0.255/attributes/2"
    private let hour = Self.path + "?maxAge=PT1H"

    /// Whether a request is answered without its handler.
    private func isAtHand(_ bench: APIBench, _ target: String, _ fields: [HTTPHeaders.Field] = []) -> Bool {
        let request = HTTPRequest(method: .get, rawTarget: target, headers: HTTPHeaders(fields))
        return bench.responder.answerAtHand(for: request) != nil
    }

    /// Whether an answer stands.
    ///
    /// One that has to be looked at again meanwhile, because the machine is slow, gets another chance.
    private func stands(_ bench: APIBench, _ target: String, _ fields: [HTTPHeaders.Field] = []) async throws -> Bool {
        for _ in 0..<5 {
            if isAtHand(bench, target, fields) { return true }
            let headers = fields.map { ($0.name, $0.value) }
            let reads = bench.meter.reads(3, SampleMeter.energy, 2)
            _ = try await bench.get(target, headers: Dictionary(uniqueKeysWithValues: headers))
            guard bench.meter.reads(3, SampleMeter.energy, 2) == reads else { return false }
        }
        return false
    }

    /// Runs a test body in which the answer for `hour` stands.
    private func run(_ body: (APIBench) async throws -> Void) async throws {
        try await APIBench.run { bench in
            #expect(try await bench.get(hour).json["source"] == "live")
            // What was read live is not told again as such.
            #expect(!isAtHand(bench, hour))
            #expect(try await bench.get(hour).json["source"] == "cache")
            #expect(try await stands(bench, hour))
            try await body(bench)
        }
    }

    @Test("An answer told again is the same but for its age and its request")
    func repeated() async throws {
        try await run { bench in
            bench.clock.advance(by: .seconds(5))
            let first = try await bench.get(hour)
            bench.clock.advance(by: .seconds(30))
            let second = try await bench.get(hour)
            #expect(first.status == 200)
            #expect(second.body == first.body)
            #expect(first.headers["Age"] == "5")
            #expect(first.headers["Cache-Control"] == "private, max-age=55")
            #expect(second.headers["Age"] == "35")
            #expect(second.headers["Cache-Control"] == "private, max-age=25")
            #expect(second.headers["X-Request-Id"] != first.headers["X-Request-Id"])
            for name in ["ETag", "Content-Type", "Server-Timing"] {
                #expect(first.headers[name] != nil)
                #expect(second.headers[name] == first.headers[name])
            }
            #expect(bench.meter.reads(3, SampleMeter.energy, 2) == 1)
        }
    }

    @Test("It is told until the value is too old for these words, not longer")
    func freshness() async throws {
        try await run { bench in
            _ = try await bench.get(Self.path)
            _ = try await bench.get(Self.path + "?maxAge=90")
            bench.clock.advance(by: .seconds(59))
            #expect(try await stands(bench, Self.path))
            bench.clock.advance(by: .seconds(1))
            #expect(!isAtHand(bench, Self.path))
            #expect(try await stands(bench, Self.path + "?maxAge=90"))
            bench.clock.advance(by: .seconds(30))
            #expect(!isAtHand(bench, Self.path + "?maxAge=90"))
            #expect(try await stands(bench, hour))
            bench.clock.advance(by: .seconds(3510))
            #expect(!isAtHand(bench, hour))
            #expect(try await bench.get(hour).json["source"] == "live")
        }
    }

    @Test("Another caller's newer reading ends it")
    func newerReading() async throws {
        try await run { bench in
            bench.clock.advance(by: .seconds(2))
            let live = try await bench.get(Self.path + "?maxAge=0")
            #expect(live.json["source"] == "live")
            #expect(!isAtHand(bench, hour))
            let next = try await bench.get(hour)
            #expect(next.json["readAt"] == live.json["readAt"])
            #expect(next.headers["Age"] == "0")
        }
    }

    @Test("A write ends it")
    func write() async throws {
        try await APIBench.run { bench in
            let writable = "/meters/M1/objects/0.0.96.50.0.255/attributes/2"
            #expect(try await bench.get(writable).json["value"]?["hex"] == "00")
            #expect(try await stands(bench, writable))
            let written = try await bench.send(.put, writable, #"{"value":{"text":"new"}}"#)
            #expect(written.status == 200)
            #expect(!isAtHand(bench, writable))
            #expect(try await bench.get(writable).json["value"]?["hex"] == "6E6577")
        }
    }

    @Test("A changed, a removed and a replaced meter end it")
    func configuration() async throws {
        try await run { bench in
            let patch = #"{"associations":{"reader":{"authentication":{"mechanism":"low","secret":{"text":"other"}}}}}"#
            let patched = try await bench.send(
                .patch,
                "/meters/M1",
                patch,
                headers: ["Content-Type": "application/merge-patch+json"]
            )
            #expect(patched.status == 200)
            #expect(!isAtHand(bench, hour))
            #expect(try await bench.get(hour).problem == "authentication-failed-at-meter")
            #expect(try await bench.send(.delete, "/meters/M1").status == 204)
            #expect(try await bench.get(hour).problem == "meter-unknown")
            #expect(try await bench.send(.put, "/meters/M1", bench.configuration()).status == 201)
            #expect(!isAtHand(bench, hour))
            #expect(try await bench.get(hour).json["source"] == "live")
        }
    }

    @Test("A changed shared channel ends it")
    func channel() async throws {
        try await run { bench in
            let channel = #"{"type":"tcp","host":"127.0.0.1","port":\#(bench.listener.port)}"#
            let made = try await bench.send(.put, "/channels/line", channel)
            #expect(made.status == 201)
            #expect(!isAtHand(bench, hour))
        }
    }

    @Test(
        "A request that says more than its target is answered by the handler",
        arguments: [
            ("Cache-Control", "max-age=60"), ("Prefer", "wait=1"), ("If-None-Match", "\"x\""), ("Accept", "text/csv"),
            ("Accept", "application/json;q=0"), ("Authorization", "Bearer x"), ("Range", "bytes=0-1"), ("X-Other", "1"),
        ]
    )
    func otherRequests(name: String, value: String) async throws {
        try await run { bench in
            #expect(!isAtHand(bench, hour, [.init(name: name, value: value)]))
        }
    }

    @Test("Fields that say nothing about the answer do not matter")
    func neutralFields() async throws {
        try await run { bench in
            for (name, value) in [
                ("host", "h"), ("USER-AGENT", "a"), ("Accept", "*/*"), ("Accept-Encoding", "gzip"),
                ("X-Request-Id", "r1"),
                ("Connection", "keep-alive"),
            ] {
                #expect(try await stands(bench, hour, [.init(name: name, value: value)]), "\(name)")
            }
            let named = try await bench.get(hour, headers: ["X-Request-Id": "r1"])
            #expect(named.headers["X-Request-Id"] == "r1")
            // Who accepts only JSON could have been answered otherwise, so that is kept apart.
            let json = [HTTPHeaders.Field(name: "Accept", value: "application/json")]
            #expect(!isAtHand(bench, hour, json))
            #expect(try await stands(bench, hour, json))
            #expect(!isAtHand(bench, hour, json + json))
            #expect(!isAtHand(bench, hour + "&form=hex"))
            let head = HTTPRequest(method: .head, rawTarget: hour)
            #expect(bench.responder.answerAtHand(for: head) == nil)
        }
    }

    @Test("It is counted like any other answer")
    func metrics() async throws {
        try await APIBench.run { bench in
            for _ in 0..<5 { _ = try await bench.get(hour) }
            let text = try await bench.get("/metrics").text
            let route = #"route="/meters/{id}/objects/{obis}/attributes/{n}""#
            #expect(text.contains("cosem_gateway_http_requests_total{\(route),method=\"GET\",code=\"200\"} 5\n"))
            #expect(text.contains("cosem_gateway_http_request_duration_seconds_count{\(route)} 5\n"))
            #expect(text.contains("cosem_gateway_cache_hits_total{cache=\"values\"} 4\n"))
        }
    }
}
