// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("States of meters")
struct MeterStateTests {
    private static let register = "/objects/1.0.1.8.0.255/attributes/2"

    private func ids(_ bench: APIBench, _ query: String) async throws -> [String] {
        try await bench.get("/meters?\(query)").json["items"]?.array?.compactMap { $0["id"]?.string } ?? []
    }

    private func state(_ bench: APIBench, of meter: String) async throws -> String? {
        try await bench.get("/meters/\(meter)").json["status"]?["state"]?.string
    }

    @Test("A meter is listed and counted by what came of what was last asked of it")
    func states() async throws {
        try await APIBench.run { bench in
            for (id, body) in [
                ("wrong", bench.configuration(password: "87654321")), ("dead", bench.configuration(port: 1)),
                ("silent", bench.configuration()),
            ] {
                #expect(try await bench.send(.put, "/meters/\(id)", body).status == 201)
            }
            #expect(try await ids(bench, "state=unknown") == ["M1", "dead", "silent", "wrong"])
            for id in ["M1", "wrong", "dead"] { _ = try await bench.get("/meters/\(id)\(Self.register)") }
            for (id, state) in [("M1", "online"), ("wrong", "failing"), ("dead", "offline"), ("silent", "unknown")] {
                #expect(try await ids(bench, "state=\(state)") == [id])
                #expect(try await self.state(bench, of: id) == state)
            }
            #expect(try await ids(bench, "state=online&label=region=south") == [])
            let metrics = try await bench.get("/metrics").text
            for (state, count) in [("online", 1), ("failing", 1), ("offline", 1), ("breaker-open", 0)] {
                #expect(metrics.contains("cosem_gateway_meters{state=\"\(state)\"} \(count)\n"))
            }
            // A line that keeps failing is left alone, which the next request shows.
            for _ in 0..<6 { _ = try await bench.get("/meters/dead\(Self.register)") }
            #expect(try await ids(bench, "state=breaker-open") == ["dead"])
            // When the pause is over it is away and nothing else.
            bench.clock.advance(by: .seconds(600))
            #expect(try await ids(bench, "state=offline") == ["dead"])
        }
    }

    @Test("A check counts as asking, and another configuration makes the state unknown")
    func forgotten() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.post, "/meters/M1/check")
            #expect(try await state(bench, of: "M1") == "online")
            _ = try await bench.send(.put, "/meters/M1", bench.configuration(password: "87654321"))
            #expect(try await state(bench, of: "M1") == "unknown")
            _ = try await bench.send(.post, "/meters/M1/check")
            #expect(try await state(bench, of: "M1") == "failing")
            #expect(try await bench.send(.delete, "/meters/M1").status == 204)
            #expect(!(try await bench.get("/metrics").text.contains(#"state="failing"} 1"#)))
        }
    }

    @Test("A meter that is removed while it is asked something is not counted any more")
    func removedMeanwhile() async throws {
        try await APIBench.run { bench in
            _ = try await bench.get("/meters/M1\(Self.register)?maxAge=0")
            bench.listener.setAnswering(.held)
            let served = bench.listener.counters.served[.get, default: 0]
            let reading = Task { try await bench.get("/meters/M1\(Self.register)?maxAge=0") }
            while bench.listener.counters.served[.get, default: 0] == served { await Task.yield() }
            let removal = Task { try await bench.send(.delete, "/meters/M1") }
            while try await bench.get("/meters/M1").status != 404 { await Task.yield() }
            bench.listener.setAnswering(.prompt)
            _ = try await reading.value
            #expect(try await removal.value.status == 204)
            let metrics = try await bench.get("/metrics").text
            for state in ["online", "failing", "offline", "breaker-open"] {
                #expect(metrics.contains("cosem_gateway_meters{state=\"\(state)\"} 0\n"))
            }
        }
    }

    @Test("A list by state goes on from page to page, and a misspelt state is told with what was meant")
    func pages() async throws {
        try await APIBench.run { bench in
            for number in 2...5 {
                #expect(try await bench.send(.put, "/meters/M\(number)", bench.configuration()).status == 201)
            }
            for id in ["M1", "M3", "M5"] { _ = try await bench.get("/meters/\(id)\(Self.register)") }
            var target: String? = "/meters?state=online&limit=2"
            var pages: [[String]] = []
            while let next = target {
                let page = try await bench.get(next).json
                pages.append(page["items"]?.array?.compactMap { $0["id"]?.string } ?? [])
                target = page["next"]?.string
            }
            #expect(pages == [["M1", "M3"], ["M5"]])
            #expect(try await ids(bench, "state=unknown&limit=2&cursor=M1") == ["M2", "M4"])
            for id in ["M1", "M2", "M3"] {
                _ = try await bench.send(.put, "/meters/\(id)", bench.configuration(port: 1))
                _ = try await bench.get("/meters/\(id)\(Self.register)")
            }
            #expect(try await ids(bench, "state=offline&limit=2") == ["M1", "M2"])
            #expect(try await ids(bench, "state=offline&limit=2&cursor=M2") == ["M3"])
            let wrong = try await bench.get("/meters?state=brekaer-open")
            #expect(wrong.status == 400)
            #expect(wrong.json["suggestion"] == "breaker-open")
        }
    }
}
