// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterSessions
import MeterTransport
import Testing

@Suite("What was learned about a meter is kept")
struct LearnedBehaviourTests {
    private func listener(_ lists: ServerMachine.Options.ListBehaviour) -> MeterListener.Options {
        var options = MeterListener.Options()
        options.server.lists = lists
        return options
    }

    @Test("A meter that refuses lists is asked so once, not once in each association")
    func refused() async throws {
        try await SessionsBench.run(listener: listener(.refused)) { bench in
            let first = try await bench.read(1, 2, route: bench.route(keepAlive: .zero))
            #expect(first.response == .objects(1, 2))
            await bench.until { await bench.sessions.metrics().openAssociations == 0 }
            let refusals = bench.listener.counters.served[.exception, default: 0]
            #expect(refusals == 1)
            let second = try await bench.read(3, 4, route: bench.route(keepAlive: .zero))
            #expect(second.response == .objects(3, 4))
            #expect(bench.listener.counters.served[.exception, default: 0] == refusals)
            #expect(await bench.sessions.status(of: "M1").learned?.readLists == .refused)
            await bench.sessions.forgetLearned(of: "M1")
            #expect(await bench.sessions.status(of: "M1").learned == nil)
        }
    }

    @Test("A meter that is silent on a list is asked once more without, in an association of its own")
    func ignored() async throws {
        try await SessionsBench.run(listener: listener(.ignored)) { bench in
            let answer = try await bench.read(1, 2, route: bench.route(responseTimeout: .milliseconds(200)))
            #expect(answer.response == .objects(1, 2))
            let status = await bench.sessions.status(of: "M1")
            #expect(status.connections == 2)
            #expect(status.learned?.readLists == .doubted)
        }
    }

    @Test("A meter that is silent on a second list is asked for no more of them")
    func ignoredTwice() async throws {
        try await SessionsBench.run(listener: listener(.ignored)) { bench in
            let route = bench.route(responseTimeout: .milliseconds(200))
            for count in [2, 3, 3] {
                let answer = try await bench.read(1, 2, route: route)
                #expect(answer.response == .objects(1, 2))
                #expect(await bench.sessions.status(of: "M1").connections == count)
            }
            #expect(await bench.sessions.status(of: "M1").learned?.readLists == .silent)
        }
    }

    @Test("Another configuration of the meter forgets what was learned, and other layers may add to it")
    func revisions() async throws {
        try await SessionsBench.run(listener: listener(.refused)) { bench in
            _ = try await bench.read(1, 2)
            let route = bench.route(revision: 2)
            await bench.sessions.learn(about: bench.route()) { $0.refusedSelectors.insert(1) }
            let kept = await bench.sessions.status(of: "M1").learned
            #expect(kept?.refusedSelectors == [1])
            #expect(kept?.readLists == .refused)
            _ = try await bench.read(1, 2, route: route)
            #expect(await bench.sessions.status(of: "M1").learned?.refusedSelectors == [])
        }
    }

    @Test("What a meter sends on its own comes with the meter's name")
    func notifications() async throws {
        try await SessionsBench.run { bench in
            var route = bench.route()
            route.associations["public"]?.proposedConformance.insert(.dataNotification)
            bench.meter.agreesToNotifications()
            _ = try await bench.read(1, route: route)
            let push = DataNotification(invoke: LongInvokeIDAndPriority(invokeID: 9), body: .unsigned(7))
            bench.listener.notify(.dataNotification(push))
            var notifications = bench.sessions.notifications.makeAsyncIterator()
            let notification = try #require(await notifications.next())
            #expect(notification.meter == "M1")
            #expect(notification.message == .dataNotification(push))
            await bench.until { bench.listener.counters.served[.confirmation] == 1 }
        }
    }
}

@Suite("A streamed value waits for its taker")
struct StreamPacingTests {
    @Test("Too much that waits stops the sender, half of it taken lets it go on")
    func water() {
        let pacing = StreamPacing(limit: 100)
        pacing.queued(60)
        #expect(!pacing.isPaused)
        pacing.queued(60)
        #expect(pacing.isPaused)
        pacing.taken(60)
        #expect(pacing.isPaused)
        pacing.taken(20)
        #expect(!pacing.isPaused)
    }

    @Test("A meter sends no more blocks than the taker can hold, and all of them in the end")
    func lagging() async throws {
        try await SessionsBench.run { bench in
            let pacing = StreamPacing(limit: 100)
            let (blocks, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            let route = bench.route()
            async let answer = bench.sessions.perform(
                SessionRequest(service: .get([.object(200)]), association: "small"),
                on: route,
                deadline: bench.clock.now + .seconds(60),
                pacing: pacing
            ) { octets in
                pacing.queued(octets.count)
                continuation.yield(octets)
            }
            await bench.until { pacing.isPaused }
            // Of 25 blocks no more came than can wait, and those that were on their way.
            #expect(bench.listener.counters.served[.get, default: 0] < 10)
            var received: [UInt8] = []
            for await block in blocks {
                received += block
                pacing.taken(block.count)
                if received.count == LoggingMeter.long.count { break }
            }
            #expect(received == LoggingMeter.long)
            let response = try await answer.response
            #expect(response == .streamed(octets: LoggingMeter.long.count))
        }
    }
}
