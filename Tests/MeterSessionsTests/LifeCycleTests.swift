// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterSessions
import MeterTransport
import Testing

@Suite("Sessions open, stay and end")
struct LifeCycleTests {
    @Test("An association is kept for the next request and released after a while without any")
    func keepAlive() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            bench.clock.advance(by: .seconds(9))
            _ = try await bench.read(2)
            #expect(bench.listener.counters.accepted == 1)
            await bench.until { await bench.sessions.status(of: "M1").state == .associated }
            bench.clock.advance(by: .seconds(9))
            #expect(await bench.sessions.status(of: "M1").openAssociation == "public")
            bench.clock.advance(by: .seconds(1))
            await bench.until { await bench.sessions.metrics().channels == 0 }
            #expect(bench.listener.counters.served[.release] == 1)
            let status = await bench.sessions.status(of: "M1")
            #expect(status.state == .idle)
            #expect(status.exchanges == 2)
            #expect(status.connections == 1)
            #expect(status.octetsReceived > 0)
            #expect(status.association?.conformance.contains(.get) == true)
        }
    }

    @Test("Without a keep-alive time the association is released at once")
    func noKeepAlive() async throws {
        try await SessionsBench.run { bench in
            let route = bench.route(keepAlive: .zero)
            _ = try await bench.read(1, route: route)
            await bench.until { await bench.sessions.metrics().channels == 0 }
            #expect(bench.listener.counters.served[.release] == 1)
        }
    }

    @Test("Another association of a meter that takes one connection is opened after the first is released")
    func alternatingAssociations() async throws {
        try await SessionsBench.run(listener: .init(servesOneAtATime: true)) { bench in
            for round in UInt8(0)..<3 {
                _ = try await bench.read(round, in: "public")
                _ = try await bench.read(round, in: "reading")
            }
            #expect(bench.listener.counters.accepted == 6)
            #expect(bench.listener.counters.served[.release, default: 0] >= 5)
            #expect(bench.listener.counters.open == 1)
        }
    }

    @Test("A changed configuration replaces the session")
    func revision() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            _ = try await bench.read(1, route: bench.route(revision: 2))
            #expect(bench.listener.counters.accepted == 2)
            #expect(bench.listener.counters.served[.release] == 1)
        }
    }

    @Test("A link that was dropped while idle is replaced without failing the caller")
    func droppedWhileIdle() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            await bench.listener.dropConnections()
            let response = try await bench.read(2).response
            #expect(response == .objects(2))
            await bench.listener.dropConnections()
            await bench.until { await bench.sessions.metrics().channels == 0 }
            _ = try await bench.write(3)
            #expect(bench.listener.counters.accepted == 3)
        }
    }

    @Test("A read on a link that has gone silent is repeated once on a new one")
    func silentLink() async throws {
        try await SessionsBench.run { bench in
            let route = bench.route(responseTimeout: .milliseconds(200))
            _ = try await bench.read(1, route: route)
            bench.listener.setAnswering(.silent)
            let second = Task { try await bench.read(2, route: route) }
            await bench.untilServed(2)
            bench.listener.setAnswering(.prompt)
            let response = try await second.value.response
            #expect(response == .objects(2))
            #expect(await bench.sessions.metrics().replacements == 1)
        }
    }

    @Test("A write without an answer is not repeated, and its outcome is said to be unknown")
    func silentWrite() async throws {
        try await SessionsBench.run { bench in
            let route = bench.route(responseTimeout: .milliseconds(200))
            _ = try await bench.read(1, route: route)
            bench.listener.setAnswering(.silent)
            let error = await #expect(throws: SessionError.self) { _ = try await bench.write(2, route: route) }
            #expect(error == .transport(TransportError(.answerTimeout(waitingFor: .setResponse), transmission: .sent)))
            #expect(error?.transmission == .sent)
            #expect(bench.meter.writes == 1)
        }
    }

    @Test("Shutting down releases the association, and nothing is taken any more")
    func shutdown() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            await bench.sessions.shutdown()
            #expect(bench.listener.counters.served[.release] == 1)
            #expect(await bench.sessions.metrics().channels == 0)
            await #expect(throws: SessionError.draining) { _ = try await bench.read(1) }
        }
    }

    @Test("Shutting down lets the exchange in progress end and fails what waits")
    func shutdownWhileBusy() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            bench.listener.setAnswering(.held)
            let running = Task { try await bench.read(2) }
            await bench.untilAsked(2)
            let waiting = Task { try await bench.read(3) }
            await bench.untilQueued(1)
            let down = Task { await bench.sessions.shutdown() }
            await #expect(throws: SessionError.draining) { _ = try await waiting.value }
            bench.listener.setAnswering(.prompt)
            let response = try await running.value.response
            #expect(response == .objects(2))
            await down.value
            #expect(bench.listener.counters.served[.release] == 1)
        }
    }

    @Test("Shutting down cuts off what does not end in time")
    func shutdownCutsOff() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            bench.listener.setAnswering(.silent)
            let running = Task { try await bench.read(2) }
            await bench.untilAsked(2)
            let down = Task { await bench.sessions.shutdown(within: .zero) }
            await #expect(throws: SessionError.self) { _ = try await running.value }
            await down.value
            #expect(await bench.sessions.metrics().channels == 0)
        }
    }

    @Test("Shutting down cuts off a connection that does not come about")
    func shutdownWhileConnecting() async throws {
        try await SessionsBench.run { bench in
            let busy = try #require(BusyPort())
            let route = bench.route(port: busy.port)
            let reading = Task { try await bench.read(1, route: route) }
            await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
            await bench.sessions.shutdown(within: .zero)
            await #expect(throws: SessionError.self) { _ = try await reading.value }
            #expect(await bench.sessions.metrics().associationFailures == [.cancelled: 1])
            withExtendedLifetime(busy) {}
        }
    }

    @Test("A connection that nobody waits for any more does not hold up its channel")
    func leftWhileConnecting() async throws {
        try await SessionsBench.run { bench in
            let busy = try #require(BusyPort())
            let route = bench.route(port: busy.port, revision: 2)
            let reading = Task { try await bench.read(1, route: route) }
            await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
            reading.cancel()
            await #expect(throws: SessionError.cancelled(.notSent)) { _ = try await reading.value }
            let response = try await bench.read(2).response
            #expect(response == .objects(2))
            #expect(await bench.sessions.metrics().associationFailures == [.cancelled: 1])
            withExtendedLifetime(busy) {}
        }
    }

    @Test("A meter that moves to another channel is released on the one before")
    func movedMeter() async throws {
        try await SessionsBench.run(listener: .init(servesOneAtATime: true)) { bench in
            _ = try await bench.read(1)
            var route = bench.route(responseTimeout: .seconds(5), revision: 2)
            route.channel = ChannelKey("shared")
            let response = try await bench.read(2, route: route).response
            #expect(response == .objects(2))
            #expect(bench.listener.counters.served[.release] == 1)
            #expect(await bench.sessions.metrics().openAssociations == 1)
        }
    }
}
