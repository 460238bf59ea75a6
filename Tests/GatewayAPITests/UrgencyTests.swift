// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import MeterTransport
import Testing

@Suite("Urgent requests over HTTP")
struct UrgencyTests {
    private let rows = "/meters/M1/profiles/1.0.99.1.0.255/rows?from=2026-11-20T00:00:00Z&to=2026-12-20T00:00:00Z"

    @Test("An urgent order begins within one block of a 30-day profile that is read on the same channel")
    func withinOneBlock() async throws {
        try await APIBench.run { bench in
            let small = bench.configuration().replacing(
                "\"timeouts\"",
                with: "\"quirks\":{\"maxReceivePDU\":256},\"timeouts\""
            )
            _ = try await bench.send(.put, "/meters/M1", small)
            bench.meter.shapeBuffer(rowCount: 30 * 96)
            // What the requests need besides is known, so that each is one exchange.
            _ = try await bench.get(rows + "&limit=1")
            _ = try await bench.get("/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxAge=0")

            bench.listener.setAnswering(.held)
            let before = bench.listener.counters.served[.get, default: 0]
            let reading = Task { try await bench.get(rows, headers: ["Prefer": "wait=120"]) }
            while bench.listener.counters.served[.get, default: 0] == before { await Task.yield() }
            for _ in 0..<10 { await bench.passOne() }
            let served = bench.listener.counters.served[.get, default: 0]
            let asked = bench.meter.reads(3, SampleMeter.energy, 2)
            let order = Task {
                try await bench.get(
                    "/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxAge=0",
                    headers: ["Priority": "u=0"]
                )
            }
            while await bench.sessions.metrics().queueLength == 0 { await Task.yield() }
            // One block goes out; what the meter is asked next is the order.
            await bench.passOne()
            #expect(bench.listener.counters.served[.get, default: 0] == served + 1)
            #expect(bench.meter.reads(3, SampleMeter.energy, 2) == asked + 1)
            bench.listener.setAnswering(.prompt)
            let answer = try await order.value
            #expect(answer.status == 200)
            let profile = try await reading.value
            #expect(profile.json["rows"]?.array?.count == 30 * 96)
            #expect(await bench.sessions.metrics().interruptions == 1)
        }
    }
}

extension APIBench {
    /// Lets the answer that is held go out, and returns when the next one is held.
    fileprivate func passOne() async {
        let before = listener.counters.served[.get, default: 0]
        listener.releaseHeld()
        while listener.counters.served[.get, default: 0] == before { await Task.yield() }
    }
}
