// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterSessions
import Testing

@Suite("Operators hold and drain channels")
struct SteeringTests {
    private let key = ChannelKey("M1")

    @Test("What is asked of a held channel waits until it is given free")
    func hold() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            await bench.sessions.hold(key)
            await bench.until { bench.listener.counters.open == 0 }
            let waiting = Task { try await bench.read(2) }
            await bench.untilQueued(1)
            await bench.until { await bench.sessions.channelStatus(key).state == .held }
            let status = await bench.sessions.channelStatus(key)
            #expect(status.control == .held(until: nil))
            #expect(status.queue == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
            #expect(bench.meter.log == [1])
            await bench.sessions.resume(key)
            let response = try await waiting.value.response
            #expect(response == .objects(2))
            #expect(await bench.sessions.channelStatus(key).control == .free)
        }
    }

    @Test("A hold ends by itself when its time has come")
    func holdUntil() async throws {
        try await SessionsBench.run { bench in
            await bench.sessions.hold(key, until: bench.clock.now + .seconds(30))
            let waiting = Task { try await bench.read(2) }
            await bench.untilQueued(1)
            bench.clock.advance(by: .seconds(30))
            let response = try await waiting.value.response
            #expect(response == .objects(2))
        }
    }

    @Test("A caller whose deadline passes meanwhile is told that the channel is held")
    func deadline() async throws {
        try await SessionsBench.run { bench in
            let until = bench.clock.now + .seconds(300)
            await bench.sessions.hold(key, until: until, reason: "the mast is painted")
            let waiting = Task { try await bench.read(2) }
            await bench.untilQueued(1)
            bench.clock.advance(by: .seconds(60))
            await #expect(throws: SessionError.channelHeld(until: until, reason: "the mast is painted")) {
                _ = try await waiting.value
            }
            #expect(await bench.sessions.metrics().channels == 0)
            #expect(await bench.sessions.channelStatuses().map(\.key) == [key])
        }
    }

    @Test("A drained channel finishes what waits, takes nothing new, and is released")
    func drain() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            bench.listener.setAnswering(.held)
            let running = Task { try await bench.read(2) }
            await bench.untilAsked(2)
            let waiting = Task { try await bench.read(3) }
            await bench.untilQueued(1)
            await bench.sessions.drain(key)
            await #expect(throws: SessionError.channelDraining) { _ = try await bench.read(4) }
            bench.listener.setAnswering(.prompt)
            _ = try await (running.value, waiting.value)
            await bench.until { await bench.sessions.metrics().channels == 0 }
            #expect(bench.listener.counters.served[.release] == 1)
            #expect(bench.meter.log == [1, 2, 3])
            await bench.sessions.resume(key)
            _ = try await bench.read(5)
        }
    }

    @Test("Wishes that are told as a whole replace those before, and none replaces later ones")
    func setControls() async throws {
        try await SessionsBench.run { bench in
            let other = ChannelKey("M2")
            await bench.sessions.setControls([key: .held(until: nil, reason: "mast"), other: .draining], turn: 2)
            #expect(await bench.sessions.channelStatus(key).control == .held(until: nil, reason: "mast"))
            #expect(await bench.sessions.channelStatus(other).control == .draining)
            let waiting = Task { try await bench.read(2) }
            await bench.untilQueued(1)
            // What somebody saw earlier comes too late.
            await bench.sessions.setControls([:], turn: 1)
            #expect(await bench.sessions.channelStatus(key).state == .held)
            await bench.sessions.setControls([other: .held(until: nil, reason: nil)], turn: 3)
            let response = try await waiting.value.response
            #expect(response == .objects(2))
            #expect(await bench.sessions.channelStatus(key).control == .free)
            #expect(await bench.sessions.channelStatus(other).control == .held(until: nil, reason: nil))
        }
    }

    @Test("The status tells who has the channel, what waits, and what went over it")
    func status() async throws {
        try await SessionsBench.run { bench in
            #expect(await bench.sessions.channelStatus(key).state == .idle)
            _ = try await bench.read(1)
            await bench.until { await bench.sessions.channelStatus(key).state == .associated }
            bench.clock.advance(by: .seconds(1))
            bench.listener.setAnswering(.held)
            let since = bench.clock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await bench.read(2) }
                await bench.untilAsked(2)
                group.addTask { _ = try await bench.read(3, priority: 0) }
                group.addTask { _ = try await bench.write(4, in: "reading", priority: 7) }
                await bench.untilQueued(2)
                let status = await bench.sessions.channelStatus(key)
                #expect(status.state == .busy)
                #expect(status.holder?.meter == "M1")
                #expect(status.holder?.association == "public")
                #expect(status.holder?.since == since)
                #expect(status.queue == [1, 0, 0, 0, 0, 0, 0, 1, 0, 0])
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            await bench.sessions.shutdown()
            let totals = await bench.sessions.channelStatus(key).totals
            #expect(totals.exchanges == 4)
            #expect(totals.connections == 3)
            #expect(totals.octetsSent > 0)
            #expect(totals.octetsReceived > 0)
        }
    }
}
