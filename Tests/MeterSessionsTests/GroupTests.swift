// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterSessions
import Testing

@Suite("Channels of a group share its limits")
struct GroupTests {
    private let single = ChannelGroupPlan(id: "cell", parallelism: 1)

    @Test("A group of one lets its channels work one after the other, and ends an idle association for it")
    func parallelism() async throws {
        try await SessionsBench.run(listener: .init(servesOneAtATime: true)) { bench in
            for number in UInt8(1)...3 {
                _ = try await bench.read(number, route: bench.route(meter: "M\(number)", group: single))
                #expect(await bench.sessions.groupStatus("cell")?.active == [ChannelKey("M\(number)")])
            }
            // The association of the last one is kept, as nobody else wants to work.
            #expect(await bench.sessions.status(of: "M3").openAssociation == "public")
            #expect(await bench.sessions.status(of: "M2").openAssociation == nil)
            #expect(bench.listener.counters.served[.release] == 2)
        }
    }

    @Test("A channel with much to do lets another of its group have a turn")
    func turns() async throws {
        try await SessionsBench.run(listener: .init(servesOneAtATime: true)) { bench in
            bench.listener.setAnswering(.held)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await bench.read(1, route: bench.route(group: single)) }
                await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
                for number in UInt8(2)...40 {
                    group.addTask { _ = try await bench.read(number, route: bench.route(group: single)) }
                    await bench.untilQueued(Int(number) - 1)
                }
                group.addTask { _ = try await bench.read(99, route: bench.route(meter: "M2", group: single)) }
                await bench.untilQueued(40)
                #expect(await bench.sessions.channelStatus(ChannelKey("M2")).state == .waitingForGroup)
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(bench.meter.log == Array(1...16) + [99] + Array(17...40))
        }
    }

    @Test("Urgent work on another channel of the group goes before what is less urgent")
    func urgent() async throws {
        try await SessionsBench.run(listener: .init(servesOneAtATime: true)) { bench in
            bench.listener.setAnswering(.held)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await bench.read(1, route: bench.route(group: single)) }
                await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
                group.addTask { _ = try await bench.read(2, route: bench.route(group: single)) }
                await bench.untilQueued(1)
                group.addTask {
                    _ = try await bench.read(99, route: bench.route(meter: "M2", group: single), priority: 9)
                }
                await bench.untilQueued(2)
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(bench.meter.log == [1, 99, 2])
        }
    }

    @Test("A group with room lets as many channels work at once")
    func room() async throws {
        try await SessionsBench.run { bench in
            let pair = ChannelGroupPlan(id: "cell", parallelism: 2)
            bench.listener.setAnswering(.held)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in UInt8(1)...3 {
                    group.addTask {
                        _ = try await bench.read(number, route: bench.route(meter: "M\(number)", group: pair))
                    }
                }
                await bench.until { bench.listener.counters.accepted == 2 }
                await bench.untilQueued(1)
                #expect(await bench.sessions.metrics().activeInGroups == 2)
                #expect(await bench.sessions.metrics().waitingForGroups == 1)
                // More room is used at once.
                await bench.sessions.setLimits(ChannelGroupPlan(id: "cell", parallelism: 3))
                await bench.until { bench.listener.counters.accepted == 3 }
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
        }
    }

    @Test("A group connects only so often in a second, and urgent work first")
    func rate() async throws {
        try await SessionsBench.run { bench in
            let slow = ChannelGroupPlan(id: "cell", parallelism: 9, maxConnectionsPerSecond: 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, priority) in [5, 5, 5, 9].enumerated() {
                    let route = bench.route(keepAlive: .zero, meter: "M\(index)", group: slow)
                    group.addTask { _ = try await bench.read(UInt8(index), route: route, priority: UInt8(priority)) }
                    if index == 0 {
                        await bench.until { await bench.sessions.metrics().channels == 0 && !bench.meter.log.isEmpty }
                    } else {
                        await bench.until { await bench.sessions.groupStatus("cell")?.waitingToConnect == index }
                    }
                }
                #expect(await bench.sessions.channelStatus(ChannelKey("M3")).state == .waitingToConnect)
                for count in 2...4 {
                    #expect(bench.meter.log.count == count - 1)
                    bench.clock.advance(by: .milliseconds(501))
                    await bench.until { bench.meter.log.count == count }
                }
                try await group.waitForAll()
            }
            #expect(bench.meter.log == [0, 3, 1, 2])
            #expect(await bench.sessions.metrics().delayedConnections == 3)
        }
    }

    @Test("All channels together connect only so often; a deadline that passes meanwhile fails its caller")
    func globalRate() async throws {
        try await SessionsBench.run(options: .init(maxConnectionsPerSecond: 1)) { bench in
            _ = try await bench.read(1, route: bench.route(keepAlive: .zero))
            let late = Task { try await bench.read(2, route: bench.route(meter: "M2"), within: .milliseconds(500)) }
            await bench.untilQueued(1)
            bench.clock.advance(by: .milliseconds(500))
            await #expect(throws: SessionError.deadlinePassed(.queued, .notSent)) { _ = try await late.value }
            await bench.until { await bench.sessions.metrics().channels == 0 }
            bench.clock.advance(by: .milliseconds(501))
            // What the late one did not use is there for the next.
            _ = try await bench.read(3, route: bench.route(meter: "M3"))
            #expect(bench.meter.log == [1, 3])
        }
    }
}
