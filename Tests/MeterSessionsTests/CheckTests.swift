// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterSessions
import MeterTransport
import Testing

@Suite("Checks tell how far the way to a meter goes")
struct CheckTests {
    private func check(
        _ bench: SessionsBench,
        _ route: MeterRoute? = nil,
        in association: String = "public"
    ) async throws -> MeterCheck {
        try await bench.sessions.check(
            route ?? bench.route(),
            association: association,
            deadline: bench.clock.now + .seconds(60)
        )
    }

    private func outcomes(_ check: MeterCheck) -> [MeterCheck.Step: MeterCheck.Outcome] {
        Dictionary(uniqueKeysWithValues: check.results.map { ($0.step, $0.outcome) })
    }

    @Test("All steps of a way that is well succeed, on a connection of their own")
    func well() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            let check = try await check(bench)
            #expect(check.isWell)
            #expect(check.results.map(\.step) == MeterCheck.Step.allCases)
            #expect(
                outcomes(check) == [
                    .nameLookUp: .ok, .connect: .ok, .signOn: .skipped, .link: .skipped, .association: .ok,
                    .authentication: .skipped, .read: .ok,
                ]
            )
            #expect(check.response == .objects(42))
            await bench.until { await bench.sessions.metrics().channels == 0 }
            #expect(bench.listener.counters.accepted == 2)
            await bench.until { bench.listener.counters.open == 0 }
        }
    }

    @Test("The link of HDLC is a step of its own")
    func link() async throws {
        try await SessionsBench.run(listener: .hdlc) { bench in
            let check = try await check(bench, try bench.hdlcRoute("M1", device: 17))
            #expect(check.isWell)
            #expect(outcomes(check)[.link] == .ok)
        }
    }

    @Test("The step that failed says why, and nothing follows it")
    func failures() async throws {
        try await SessionsBench.run { bench in
            try await withHeldPort { port in
                let check = try await check(bench, bench.route(port: port))
                #expect(!check.isWell)
                #expect(outcomes(check)[.nameLookUp] == .ok)
                #expect(outcomes(check)[.connect] == .failed(.transport(TransportError(.refused))))
                #expect(outcomes(check)[.association] == .skipped)
            }
            let rejected = try await check(bench, bench.route(password: "wrong"), in: "reading")
            #expect(outcomes(rejected)[.connect] == .ok)
            guard case .failed(.transport(let error))? = outcomes(rejected)[.association],
                case .engine(.associationRejected) = error.reason
            else {
                Issue.record("\(rejected)")
                return
            }
            #expect(outcomes(rejected)[.read] == .skipped)
            var route = bench.route()
            route.medium = .tcp(TCPEndpoint(host: "no-such-host.invalid", port: 4059))
            let unknown = try await check(bench, route)
            #expect(
                outcomes(unknown)[.nameLookUp]
                    == .failed(.transport(TransportError(.nameNotResolved(host: "no-such-host.invalid"))))
            )
            #expect(outcomes(unknown)[.connect] == .skipped)
        }
    }

    @Test("A check waits for its turn, passes pauses, and ends at its deadline with the step it was at")
    func turns() async throws {
        try await SessionsBench.run(options: .init(breaker: BreakerPolicy(failures: 1, spread: 0))) { bench in
            bench.listener.setAnswering(.silent)
            let silent = bench.route(responseTimeout: .milliseconds(50))
            await #expect(throws: SessionError.self) { _ = try await bench.read(1, route: silent) }
            #expect(await bench.sessions.status(of: "M1").breaker.state == .open)
            let late = Task { try await check(bench) }
            await bench.until { bench.listener.counters.served[.associate] == 2 }
            bench.clock.advance(by: .seconds(60))
            let ended = try await late.value
            #expect(outcomes(ended)[.association] == .failed(.deadlinePassed(.connecting, .notSent)))
            bench.listener.setAnswering(.prompt)
            let next = try await check(bench)
            #expect(next.isWell)
            #expect(await bench.sessions.status(of: "M1").breaker.state == .closed)
        }
    }
}
