// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import GatewayCore
import JSONText
import MeterSessions
import MeterTransport
import Testing

@Suite("Long profiles make way for urgent work")
struct ProfileInterruptionTests {
    /// How a meter keeps and gives its buffer.
    enum Shape: CaseIterable {
        case oldestFirst
        case newestFirst
        /// The newest row first, although the meter says otherwise.
        case secretlyNewestFirst
        /// The whole buffer only.
        case withoutSelection
    }

    private let rows = "/meters/M1/profiles/1.0.99.1.0.255/rows?from=2026-11-20T00:00:00Z&to=2026-11-21T12:00:00Z"

    @Test(
        "An order begins after the block that is on its way; then the rest is read, each row once",
        arguments: Shape.allCases
    )
    func order(_ shape: Shape) async throws {
        try await APIBench.run { bench in
            let body = bench.configuration().replacing(
                "\"timeouts\"",
                with: "\"quirks\":{\"maxReceivePDU\":128},\"timeouts\""
            )
            let changed = try await bench.send(.put, "/meters/M1", body)
            #expect(changed.status == 200)
            switch shape {
            case .oldestFirst: break
            case .newestFirst: bench.meter.shapeBuffer(isNewestFirst: true)
            case .secretlyNewestFirst: bench.meter.shapeBuffer(isNewestFirst: true, saysSo: false)
            case .withoutSelection: bench.meter.state.withLock { $0.refusesSelection = true }
            }
            let usual = try await bench.get(rows)
            #expect(usual.json["rows"]?.array?.count == 144)
            let values = try await bench.urgentRead()
            #expect(values == 1)
            let readsBefore = bench.meter.reads(7, SampleMeter.profile, 2)

            bench.listener.setAnswering(.held)
            let first = bench.listener.served
            let reading = Task { try await bench.get(rows) }
            while bench.listener.served == first { await Task.yield() }
            for _ in 0..<5 { await bench.letOneAnswerPass() }
            for round in 1...2 {
                let served = bench.listener.served
                let urgent = Task { try await bench.urgentRead() }
                while await bench.sessions.metrics().queueLength == 0 { await Task.yield() }
                // The block on its way goes out; nothing but the urgent read is asked for after it.
                await bench.letOneAnswerPass()
                #expect(bench.listener.served == served + 1)
                // Meanwhile the meter captures a row.
                bench.meter.state.withLock { $0.rowCount += 1 }
                await bench.letOneAnswerPass()
                let values = try await urgent.value
                #expect(values == 1)
                #expect(bench.meter.reads(7, SampleMeter.profile, 2) == readsBefore + 1 + round)
                for _ in 0..<3 { await bench.letOneAnswerPass() }
            }
            bench.listener.setAnswering(.prompt)
            let answer = try await reading.value
            #expect(answer.json["rows"] == usual.json["rows"])
            #expect(answer.json["coverage"] == usual.json["coverage"])
            #expect(await bench.sessions.metrics().interruptions == 2)
        }
    }
}

extension MeterListener {
    /// Answers to GET requests and their blocks so far.
    fileprivate var served: Int { counters.served[.get, default: 0] }
}

extension APIBench {
    /// Lets the answer that is held go out, and returns when the next one is held.
    fileprivate func letOneAnswerPass() async {
        let before = listener.served
        listener.releaseHeld()
        while listener.served == before { await Task.yield() }
    }

    /// Reads one value before all others; the number of values read.
    fileprivate func urgentRead() async throws -> Int {
        let answer = try await gateway.read(
            [AttributeQuery(object: SampleMeter.energy, classID: 3, attribute: .index(2))],
            of: "M1",
            Gateway.Wishes(freshness: .live, budget: WaitBudget(.seconds(60)), priority: 9)
        )
        return answer.outcomes.count - answer.failures
    }
}
