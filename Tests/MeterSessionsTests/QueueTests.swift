// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterSessions
import MeterTransport
import Synchronization
import Testing

@Suite("Requests wait in order of priority")
struct QueueTests {
    @Test("Higher priorities go first, equals in the order of their arrival")
    func priorities() async throws {
        try await SessionsBench.run { bench in
            bench.listener.setAnswering(.held)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await bench.read(1) }
                await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
                for (index, entry) in [(2, 1), (3, 5), (4, 9), (5, 5), (6, 0), (7, 9)].enumerated() {
                    group.addTask { _ = try await bench.read(UInt8(entry.0), priority: UInt8(entry.1)) }
                    await bench.untilQueued(index + 1)
                }
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(bench.meter.log == [1, 4, 7, 3, 5, 2, 6])
        }
    }

    @Test("A waiting read moves up when somebody joins it who is in more of a hurry")
    func promotion() async throws {
        try await SessionsBench.run { bench in
            bench.listener.setAnswering(.held)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await bench.read(1) }
                await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
                group.addTask { _ = try await bench.read(2) }
                await bench.untilQueued(1)
                group.addTask { _ = try await bench.read(3, priority: 1) }
                await bench.untilQueued(2)
                group.addTask { _ = try await bench.read(3, priority: 9) }
                await bench.until { await bench.sessions.metrics().sharedReads == 1 }
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(bench.meter.log == [1, 3, 2])
        }
    }

    @Test("Urgent work passes between two parts of a long list")
    func urgent() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(100)
            bench.listener.setAnswering(.held)
            let route = bench.route()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let answer = try await bench.sessions.perform(
                        SessionRequest(service: .get((1...40).map { .object($0) }), association: "public"),
                        on: route,
                        deadline: bench.clock.now + .seconds(60)
                    )
                    #expect(answer.response == .get((1...40).map { .data([0x11, $0]) }))
                }
                await bench.untilAsked(17)
                group.addTask { _ = try await bench.read(99, priority: 9) }
                await bench.untilQueued(1)
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(bench.meter.log == [100] + Array(1...16) + [99] + Array(17...40))
        }
    }

    @Test("An order waits for one block of a long read, which is begun again after it")
    func order() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1, in: "small")
            bench.listener.setAnswering(.held)
            let long = Task { try await bench.read(200, in: "small") }
            await bench.untilAsked(2)
            let order = Task { try await bench.write(3, in: "small", priority: 9) }
            await bench.untilQueued(1)
            bench.listener.setAnswering(.prompt)
            _ = try await order.value
            let response = try await long.value.response
            #expect(response == .get([.data(LoggingMeter.long)]))
            #expect(bench.meter.log == [1, 200, 200])
            #expect(bench.meter.writes == 1)
            #expect(bench.listener.counters.accepted == 1)
        }
    }

    @Test("A value that is handed over in parts makes way before its first part, and comes once")
    func orderBeforeStream() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1, in: "small")
            bench.listener.setAnswering(.held)
            let delivered = Parts()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let answer = try await bench.sessions.perform(
                        SessionRequest(service: .get([.object(200)]), association: "small"),
                        on: bench.route(),
                        deadline: bench.clock.now + .seconds(60)
                    ) { part in delivered.octets.withLock { $0 += part } }
                    #expect(answer.response == .streamed(octets: LoggingMeter.long.count))
                }
                await bench.untilAsked(2)
                group.addTask { _ = try await bench.write(3, in: "small", priority: 9) }
                await bench.untilQueued(1)
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(delivered.octets.withLock { $0 } == LoggingMeter.long)
            #expect(bench.meter.log == [1, 200, 200])
        }
    }

    @Test("Callers with the same priority take turns, whatever one of them has asked for before")
    func fairness() async throws {
        try await SessionsBench.run { bench in
            bench.listener.setAnswering(.held)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await bench.read(1) }
                await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
                let wishes = [(2, "job"), (3, "job"), (4, "job"), (5, "one"), (6, "other"), (7, "one")]
                for (index, wish) in wishes.enumerated() {
                    group.addTask { _ = try await bench.read(UInt8(wish.0), caller: wish.1) }
                    await bench.untilQueued(index + 1)
                }
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(bench.meter.log == [1, 2, 5, 6, 3, 7, 4])
        }
    }

    @Test(
        "A value of which parts were handed over ends after one more block for an order, if its taker goes on from there"
    )
    func orderInStream() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1, in: "small")
            let blocksBefore = bench.listener.counters.served[.get, default: 0]
            bench.listener.setAnswering(.held)
            let delivered = Parts()
            let long = Task {
                try await bench.sessions.perform(
                    SessionRequest(service: .get([.object(200)]), association: "small", makesWay: true),
                    on: bench.route(),
                    deadline: bench.clock.now + .seconds(60)
                ) { part in delivered.octets.withLock { $0 += part } }
            }
            await bench.untilServed(blocksBefore + 1)
            bench.listener.releaseHeld()
            await bench.until { delivered.octets.withLock { !$0.isEmpty } }
            // The second block is on its way when the order comes.
            await bench.untilServed(blocksBefore + 2)
            let blocks = bench.listener.counters.served[.get, default: 0]
            let order = Task { try await bench.write(3, in: "small", priority: 9) }
            await bench.untilQueued(1)
            bench.listener.setAnswering(.prompt)
            _ = try await order.value
            #expect(bench.listener.counters.served[.get] == blocks)
            #expect(bench.meter.writes == 1)
            let answer = try await long.value
            #expect(answer.madeWay)
            let octets = delivered.octets.withLock { $0 }
            #expect(octets.count > 0 && octets.count < LoggingMeter.long.count)
            #expect(octets == Array(LoggingMeter.long.prefix(octets.count)))
            #expect(answer.response == .streamed(octets: octets.count))
            #expect(bench.listener.counters.accepted == 1)
        }
    }

    @Test("Nobody joins a read of which a part is older than a write")
    func joiningAfterWrite() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(100)
            bench.listener.setAnswering(.held)
            let list = SessionRequest(service: .get((1...40).map { .object($0) }), association: "public")
            let route = bench.route()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await bench.sessions.perform(list, on: route, deadline: bench.clock.now + .seconds(60))
                }
                await bench.untilAsked(17)
                group.addTask { _ = try await bench.write(99, priority: 9) }
                await bench.untilQueued(1)
                bench.listener.releaseHeld()
                await bench.until { bench.meter.writes == 1 }
                group.addTask {
                    _ = try await bench.sessions.perform(list, on: route, deadline: bench.clock.now + .seconds(60))
                }
                await bench.until {
                    let metrics = await bench.sessions.metrics()
                    return metrics.sharedReads > 0 || metrics.queueLength >= 2 || bench.meter.log.count > 41
                }
                bench.listener.setAnswering(.prompt)
                try await group.waitForAll()
            }
            #expect(await bench.sessions.metrics().sharedReads == 0)
            #expect(bench.meter.log.count == 81)
        }
    }

    @Test("A read that an urgent one would only delay is completed")
    func shortReadCompletes() async throws {
        try await SessionsBench.run { bench in
            _ = try await bench.read(1)
            bench.listener.setAnswering(.held)
            let running = Task { try await bench.read(2) }
            await bench.untilAsked(2)
            let urgent = Task { try await bench.read(3, priority: 9) }
            await bench.untilQueued(1)
            bench.listener.setAnswering(.prompt)
            _ = try await (running.value, urgent.value)
            #expect(bench.meter.log == [1, 2, 3])
        }
    }

    @Test("A deadline that passes in the queue fails only its caller")
    func deadlineInQueue() async throws {
        try await SessionsBench.run { bench in
            bench.listener.setAnswering(.held)
            let first = Task { try await bench.read(1) }
            await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
            let second = Task { try await bench.read(2, within: .seconds(5)) }
            await bench.untilQueued(1)
            bench.clock.advance(by: .seconds(5))
            await #expect(throws: SessionError.deadlinePassed(.queued, .notSent)) { _ = try await second.value }
            bench.listener.setAnswering(.prompt)
            let response = try await first.value.response
            #expect(response == .objects(1))
            #expect(bench.meter.log == [1])
        }
    }

    @Test("A deadline in the past is refused at once")
    func deadlineInThePast() async throws {
        try await SessionsBench.run { bench in
            await #expect(throws: SessionError.deadlinePassed(.queued, .notSent)) {
                _ = try await bench.read(1, within: .zero)
            }
            #expect(bench.listener.counters.accepted == 0)
        }
    }

    @Test("A full queue refuses")
    func queueFull() async throws {
        try await SessionsBench.run(options: .init(queueLimit: 1)) { bench in
            bench.listener.setAnswering(.held)
            let first = Task { try await bench.read(1) }
            await bench.until { await bench.sessions.status(of: "M1").state == .connecting }
            let second = Task { try await bench.read(2) }
            await bench.untilQueued(1)
            #expect(await bench.sessions.status(of: "M1").queueLength == 1)
            await #expect(throws: SessionError.queueFull(limit: 1)) { _ = try await bench.read(3) }
            bench.listener.setAnswering(.prompt)
            _ = try await (first.value, second.value)
        }
    }

    @Test("An association that is not configured is refused")
    func unknownAssociation() async throws {
        try await SessionsBench.run { bench in
            await #expect(throws: SessionError.unknownAssociation("management")) {
                _ = try await bench.read(1, in: "management")
            }
        }
    }
}

/// The parts of a streamed value, put together.
private final class Parts: Sendable {
    let octets = Mutex<[UInt8]>([])
}
