// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterSessions
import MeterTransport
import Testing

@Suite("What keeps failing is left alone for a while")
struct BreakerTests {
    /// Three failures, pauses of 10 and 20 seconds and then 30, no spread.
    private let policy = BreakerPolicy(
        failures: 3,
        firstPause: .seconds(10),
        longestPause: .seconds(30),
        spread: 0
    )

    private func failToConnect(_ bench: SessionsBench, _ port: Int, priority: UInt8 = 5) async {
        await #expect(throws: SessionError.transport(TransportError(.refused))) {
            _ = try await bench.read(1, route: bench.route(port: port), priority: priority)
        }
    }

    @Test("After so many failures a line is not called until the pause is over, then once; pauses grow")
    func line() async throws {
        try await SessionsBench.run(options: .init(breaker: policy)) { bench in
            try await withHeldPort { port in
                for _ in 0..<3 { await failToConnect(bench, port) }
                for pause in [10, 20, 30, 30] {
                    let until = bench.clock.now + .seconds(pause)
                    await #expect(throws: SessionError.breakerOpen(until: until)) {
                        _ = try await bench.read(1, route: bench.route(port: port))
                    }
                    let status = await bench.sessions.channelStatus(ChannelKey("M1")).breaker
                    #expect(status.state == .open)
                    #expect(status.until == until)
                    #expect(await bench.sessions.status(of: "M1").breaker.state == .closed)
                    bench.clock.advance(by: .seconds(pause))
                    #expect(await bench.sessions.channelStatus(ChannelKey("M1")).breaker.state == .halfOpen)
                    await failToConnect(bench, port)
                }
                #expect(await bench.sessions.metrics().breakersOpened == 5)
                #expect(await bench.sessions.metrics().openBreakers == 1)
            }
            // Another way to the meter is not concerned.
            _ = try await bench.read(1)
        }
    }

    @Test("Pauses are spread by chance")
    func spread() async throws {
        let bench = try await SessionsBench(
            options: .init(breaker: BreakerPolicy(failures: 1, firstPause: .seconds(10), spread: 0.5)),
            chance: { 0.75 }
        )
        try await withHeldPort { port in
            await failToConnect(bench, port)
            let until = await bench.sessions.channelStatus(ChannelKey("M1")).breaker.until
            #expect(until == bench.clock.now + .milliseconds(12_500))
        }
        await bench.close()
    }

    @Test("A meter that does not answer is left alone, and the others on its line are read")
    func meter() async throws {
        try await SessionsBench.run(options: .init(breaker: policy)) { bench in
            let silent = bench.route(responseTimeout: .milliseconds(50), channel: "line")
            bench.listener.setAnswering(.silent)
            for _ in 0..<3 {
                await #expect(
                    throws: SessionError.transport(TransportError(.answerTimeout(waitingFor: .associationResponse)))
                ) { _ = try await bench.read(1, route: silent) }
            }
            bench.listener.setAnswering(.prompt)
            await #expect(throws: SessionError.breakerOpen(until: bench.clock.now + .seconds(10))) {
                _ = try await bench.read(1, route: silent)
            }
            #expect(bench.listener.counters.accepted == 3)
            _ = try await bench.read(2, route: bench.route(meter: "M2", channel: "line"))
            #expect(await bench.sessions.status(of: "M1").breaker.state == .open)
            #expect(await bench.sessions.channelStatus(ChannelKey("line")).breaker.state == .closed)
            #expect(await bench.sessions.metrics().openBreakers == 1)
            bench.clock.advance(by: .seconds(10))
            // The trial succeeds, and all is well again.
            _ = try await bench.read(3, route: silent)
            #expect(await bench.sessions.status(of: "M1").breaker == BreakerStatus())
            #expect(await bench.sessions.metrics().openBreakers == 0)
            #expect(bench.meter.log == [2, 3])
        }
    }

    @Test("One request tries; those behind it are refused at once when it fails")
    func oneTrial() async throws {
        try await SessionsBench.run(options: .init(breaker: policy)) { bench in
            let route = bench.route(responseTimeout: .milliseconds(50))
            bench.listener.setAnswering(.silent)
            for _ in 0..<3 { await #expect(throws: SessionError.self) { _ = try await bench.read(1, route: route) } }
            bench.clock.advance(by: .seconds(10))
            let errors = await withTaskGroup(of: (any Error)?.self) { group in
                for number in UInt8(0)..<5 {
                    group.addTask {
                        do {
                            _ = try await bench.read(number, route: route)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1 as? SessionError) }
            }
            let until = bench.clock.now + .seconds(20)
            #expect(errors.count { $0 == .breakerOpen(until: until) } == 4)
            #expect(bench.listener.counters.accepted == 4)
        }
    }

    @Test("Urgent work passes, and does not make the pause longer")
    func urgent() async throws {
        try await SessionsBench.run(options: .init(breaker: policy)) { bench in
            try await withHeldPort { port in
                for _ in 0..<3 { await failToConnect(bench, port) }
                await failToConnect(bench, port, priority: 9)
                let status = await bench.sessions.channelStatus(ChannelKey("M1")).breaker
                #expect(status.until == bench.clock.now + .seconds(10))
                #expect(status.failures == 4)
            }
        }
    }

    @Test("A meter that answers with a refusal is not left alone")
    func refusals() async throws {
        try await SessionsBench.run(options: .init(breaker: policy)) { bench in
            for _ in 0..<5 {
                let error = await #expect(throws: SessionError.self) {
                    _ = try await bench.read(1, in: "reading", route: bench.route(password: "wrong"))
                }
                guard case .transport? = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
        }
    }

    @Test("A route says for itself when its meter is left alone")
    func ownPolicy() async throws {
        try await SessionsBench.run(options: .init(breaker: policy)) { bench in
            try await withHeldPort { port in
                var route = bench.route(port: port)
                route.breaker = BreakerPolicy(failures: 0)
                for _ in 0..<5 {
                    await #expect(throws: SessionError.transport(TransportError(.refused))) {
                        _ = try await bench.read(1, route: route)
                    }
                }
            }
        }
    }
}
