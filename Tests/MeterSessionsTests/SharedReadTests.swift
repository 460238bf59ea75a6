// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterSessions
import MeterTransport
import Testing

@Suite("Equal reads are done once")
struct SharedReadTests {
    @Test("Two hundred callers with the same read cost one exchange")
    func singleFlight() async throws {
        try await SessionsBench.run { bench in
            bench.listener.setAnswering(.held)
            let sources = try await withThrowingTaskGroup(of: SessionAnswer.Source.self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        let answer = try await bench.read(1)
                        #expect(answer.response == .objects(1))
                        return answer.source
                    }
                }
                await bench.until { await bench.sessions.metrics().sharedReads == 199 }
                bench.listener.setAnswering(.prompt)
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(sources.count { $0 == .live } == 1)
            #expect(sources.count { $0 == .shared } == 199)
            #expect(bench.listener.counters.served[.get] == 1)
            #expect(bench.listener.counters.accepted == 1)
        }
    }

    @Test("A caller whose deadline passes leaves; the others get their answer")
    func ownDeadlines() async throws {
        try await SessionsBench.run { bench in
            bench.listener.setAnswering(.held)
            let patient = Task { try await bench.read(1, within: .seconds(60)) }
            let hasty = Task { try await bench.read(1, within: .seconds(5)) }
            await bench.until { await bench.sessions.metrics().sharedReads == 1 }
            await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
            bench.clock.advance(by: .seconds(5))
            await #expect(throws: SessionError.deadlinePassed(.connecting, .notSent)) { _ = try await hasty.value }
            bench.listener.setAnswering(.prompt)
            let response = try await patient.value.response
            #expect(response == .objects(1))
        }
    }

    @Test("A read that nobody waits for any more is dropped, and the association stays of use")
    func nobodyWaits() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            bench.listener.setAnswering(.held)
            let callers = (0..<3).map { _ in Task { try await bench.read(2) } }
            await bench.until { await bench.sessions.metrics().sharedReads == 2 }
            await bench.untilAsked(2)
            for caller in callers { caller.cancel() }
            for caller in callers {
                await #expect(throws: SessionError.cancelled(.sent)) { _ = try await caller.value }
            }
            let next = Task { try await bench.read(3) }
            await bench.until { await bench.sessions.status(of: "M1").state == .busy }
            bench.listener.setAnswering(.prompt)
            let response = try await next.value.response
            #expect(response == .objects(3))
            #expect(bench.listener.counters.accepted == 1)
        }
    }

    @Test("A read that nobody waits for and that is never answered costs the connection, not the next caller")
    func neverAnswered() async throws {
        try await SessionsBench.run { bench in
            let route = bench.route(responseTimeout: .milliseconds(200))
            _ = try await bench.read(1, route: route)
            bench.listener.setAnswering(.silent)
            let caller = Task { try await bench.read(2, route: route) }
            await bench.untilServed(2)
            caller.cancel()
            await #expect(throws: SessionError.cancelled(.sent)) { _ = try await caller.value }
            bench.listener.setAnswering(.prompt)
            let response = try await bench.read(3, route: route).response
            #expect(response == .objects(3))
            #expect(bench.listener.counters.accepted == 2)
        }
    }

    @Test("Writes are never joined")
    func writes() async throws {
        try await SessionsBench.run { bench in
            let first = Task { try await bench.write(1) }
            let second = Task { try await bench.write(1) }
            _ = try await (first.value, second.value)
            #expect(bench.meter.writes == 2)
        }
    }
}
