// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import MeterTransport
import Testing

@Suite("Meters that share a path, and paths that fail")
struct SharedPathTests {
    private let register = "objects/1.0.1.8.0.255/attributes/2?class=3&maxAge=0"

    @Test("Two meters with the same address are never called at once, whatever their channels are called")
    func sameAddress() async throws {
        try await APIBench.run { bench in
            let own = bench.configuration()
            #expect(try await bench.send(.put, "/meters/M2", own).status == 201)
            let channel = #"{"type":"tcp","host":"127.0.0.1","port":\#(bench.listener.port)}"#
            #expect(try await bench.send(.put, "/channels/line-7", channel).status == 201)
            let shared = own.replacing(channel, with: #""line-7""#)
            #expect(shared != own)
            #expect(try await bench.send(.put, "/meters/M3", shared).status == 201)
            bench.listener.setAnswering(.held)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for meter in ["M1", "M2", "M3"] {
                    group.addTask { try await bench.get("/meters/\(meter)/\(register)").status }
                }
                while await bench.sessions.metrics().queueLength < 2 { await Task.yield() }
                #expect(await bench.sessions.metrics().channels == 1)
                bench.listener.setAnswering(.prompt)
                for try await status in group { #expect(status == 200) }
            }
            #expect(bench.listener.counters.accepted >= 3)
            #expect(bench.listener.counters.open == 1)
        }
    }

    @Test("A meter that keeps failing is left alone, and the answer says until when")
    func breaker() async throws {
        try await APIBench.run { bench in
            let gone = try await MeterListener.bind(objects: bench.meter, network: bench.network)
            let port = gone.port
            await gone.close()
            let configuration = bench.configuration(port: port)
            #expect(try await bench.send(.put, "/meters/M9", configuration).status == 201)
            for _ in 0..<5 {
                #expect(try await bench.get("/meters/M9/\(register)").problem == "meter-refused-connection")
            }
            let refused = try await bench.get("/meters/M9/\(register)")
            #expect(refused.status == 503)
            #expect(refused.problem == "circuit-open")
            #expect(refused.headers["Retry-After"] != nil)
            #expect(try await bench.get("/meters/M1/\(register)").status == 200)
            let metrics = try await bench.get("/metrics").text
            #expect(metrics.contains("\ncosem_gateway_breakers_open 1\n"))
            #expect(metrics.contains("\ncosem_gateway_breaker_refusals_total 1\n"))
        }
    }
}
