// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import Jobs
import Logging
import MeterSessions
import MeterTransport
import SQLStore
import SQLiteDriver
import Synchronization
import Testing
import Timekeeping

@testable import GatewayCore

@Suite struct ClusterNodeTests {
    @Test func twoGatewaysDivideAllLines() async throws {
        let bench = try await ClusterBench()
        let a = try await bench.start("a")
        await a.beat()
        #expect(bench.held(a).count == ChannelShare.count)
        let b = try await bench.start("b")
        await b.beat()
        // Given back in good order first: nobody has a line twice.
        #expect(bench.held(b).isEmpty)
        await a.beat()
        await b.beat()
        #expect(bench.held(a).count == 512)
        #expect(bench.held(b) == Set(0..<ChannelShare.count).subtracting(bench.held(a)))
        let share = try #require(bench.held(b).first)
        #expect(await a.keeper(of: ChannelShare(number: share), within: .zero) == .nobody)
        await a.beat()
        guard case .peer(let peer) = await a.keeper(of: ChannelShare(number: share), within: .zero) else {
            Issue.record("the other one has it")
            return
        }
        #expect(peer.name == "b")
    }

    @Test func oneThatIsNotHeardOfLetsGoBeforeOthersTakeOver() async throws {
        let bench = try await ClusterBench()
        let (a, b) = (try await bench.start("a"), try await bench.start("b"))
        await a.beat()
        await a.beat()
        await b.beat()
        let before = bench.held(a)
        #expect(before.count == 512)
        // From here on a is cut off from the database.
        var worn: [Set<Int>] = []
        for _ in 0..<12 {
            bench.advance(by: .seconds(2))
            await a.lapseIfUnheard()
            await b.beat()
            #expect(bench.held(a).isDisjoint(with: bench.held(b)))
            worn.append(bench.held(a))
        }
        // It stops with what it has after four fifths of its lease, and the other one has everything soon after.
        #expect(worn.map(\.isEmpty) == [false, false, false, false, false] + Array(repeating: true, count: 7))
        #expect(!a.isHeard)
        #expect(bench.held(b).count == ChannelShare.count)
        // It comes back, and gets its part anew.
        await a.beat()
        #expect(bench.held(a).isEmpty)
        await b.beat()
        await a.beat()
        #expect(bench.held(a).count == 512)
    }

    @Test func afterADatabaseThatWasAwayNobodyInheritsFromAnybody() async throws {
        let bench = try await ClusterBench()
        let (a, b) = (try await bench.start("a"), try await bench.start("b"))
        await a.beat()
        await a.beat()
        await b.beat()
        let (ofA, ofB) = (bench.held(a), bench.held(b))
        bench.advance(by: .seconds(20))
        await a.lapseIfUnheard()
        await b.lapseIfUnheard()
        #expect(bench.held(a).isEmpty && bench.held(b).isEmpty)
        await a.beat()
        await b.beat()
        #expect(bench.held(a) == ofA)
        #expect(bench.held(b) == ofB)
    }

    @Test func oneThatEndsHandsEverythingOver() async throws {
        let bench = try await ClusterBench()
        let (a, b) = (try await bench.start("a"), try await bench.start("b"))
        await a.beat()
        await a.beat()
        await b.beat()
        await a.drain()
        #expect(bench.held(a).isEmpty)
        await b.beat()
        #expect(bench.held(b).count == ChannelShare.count)
        await a.leave()
        #expect(try await bench.fleet.nodes().map(\.node.state) == [.stopped, .live])
    }

    @Test func whatAnOperatorHoldsIsHeldByEveryGatewayAndAfterAStart() async throws {
        let bench = try await ClusterBench()
        let (a, b) = (try await bench.start("a"), try await bench.start("b"))
        let (mast, pool) = (ChannelKey("tcp:192.0.2.10:4059"), ChannelKey("tcp:192.0.2.11:4059"))
        try await a.controls.set(.held(until: nil, reason: "the mast is painted"), of: mast)
        #expect(await a.access.channelStatus(mast).state == .held)
        #expect(await b.access.channelStatus(mast).state == .idle)
        await b.beat()
        #expect(await b.access.channelStatus(mast).control == .held(until: nil, reason: "the mast is painted"))
        try await b.controls.set(.draining, of: pool)
        let next = try await bench.start("a")
        try await next.controls.follow()
        #expect(await next.access.channelStatus(mast).state == .held)
        #expect(await next.access.channelStatus(pool).control == .draining)
        try await next.controls.set(nil, of: mast)
        await b.beat()
        #expect(await b.access.channelStatus(mast).control == .free)
        #expect(await b.access.channelStatus(pool).control == .draining)
    }

    @Test func anEndOfAHoldStaysWhereItIs() async throws {
        let bench = try await ClusterBench()
        let a = try await bench.start("a")
        let mast = ChannelKey("tcp:192.0.2.10:4059")
        try await a.controls.set(.held(until: Timestamp(seconds: 1_900_000_000), reason: nil), of: mast)
        let control = await a.access.channelStatus(mast).control
        try await a.controls.follow()
        #expect(await a.access.channelStatus(mast).control == control)
    }

    @Test func oneWhoseNameIsTakenUsesNothingAnyMore() async throws {
        let bench = try await ClusterBench()
        let first = try await bench.start("a")
        await first.beat()
        _ = try await bench.start("a")
        await first.beat()
        #expect(bench.held(first).isEmpty)
        #expect(!first.isHeard)
    }
}

/// Gateways over one database in memory, and one time for all.
private struct ClusterBench {
    let fleet: SQLFleetStore
    private let database: SQLiteDatabase
    private let time = MovedTime()
    private let network = MeterNetwork()

    init() async throws {
        database = try SQLiteDatabase.inMemory()
        try await Migrator.migrate(database, now: time.now())
        fleet = SQLFleetStore(
            database: database,
            sealer: try SecretSealer(key: Secret(Array(0..<32))),
            clock: time
        )
    }

    func start(_ name: String) async throws -> ClusterNode {
        let clock = time.sessionClock
        let shares = HeldShares(clock: clock)
        let record = try await fleet.register(
            NodeRegistration(name: name, address: "http://\(name):8080", version: "1", lease: .seconds(15))
        )
        return ClusterNode(
            of: Gateway(
                store: fleet,
                jobs: JobQueue(store: SQLJobStore(database: database), clock: time),
                access: MeterSessions(network: network, tenure: shares),
                clock: time
            ),
            record: record,
            shares: shares,
            clock: clock,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    func held(_ node: ClusterNode) -> Set<Int> {
        Set((0..<ChannelShare.count).filter { node.shares.holds($0) })
    }

    func advance(by duration: Duration) {
        time.advance(by: duration)
    }
}

/// The time of day and that of sessions, both moved by hand.
private final class MovedTime: WallClock {
    private let passed = Mutex(Duration.zero)
    private let start = ContinuousClock.now

    func now() -> Timestamp { Timestamp(seconds: 1_800_000_000) + passed.withLock { $0 } }

    func sleep(until deadline: Timestamp) async throws {
        Issue.record("nobody sleeps here")
    }

    var sessionClock: SessionClock {
        SessionClock(now: { self.start + self.passed.withLock { $0 } }, sleep: { _ in throw CancellationError() })
    }

    func advance(by duration: Duration) {
        passed.withLock { $0 += duration }
    }
}
