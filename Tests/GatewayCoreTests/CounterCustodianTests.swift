// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Fleet
import Logging
import MeterSessions
import MeterTransport
import SQLStore
import SQLiteDriver
import Synchronization
import Testing
import Timekeeping

@testable import GatewayCore

@Suite struct CounterCustodianTests {
    /// Two processes that share a database.
    private struct Bench {
        let clock = StandingClock()
        let store: SQLInvocationCounterStore
        let first: CounterCustodian
        let second: CounterCustodian
        let plan: CounterPlan
        let id: InvocationCounterID

        init(object: Bool = false, keepsServerCounter: Bool = true) async throws {
            let database = try SQLiteDatabase.inMemory()
            try await Migrator.migrate(database, now: clock.now())
            store = SQLInvocationCounterStore(database: database, clock: clock)
            var custodians: [CounterCustodian] = []
            for _ in 0..<2 {
                custodians.append(
                    CounterCustodian(
                        store: store,
                        clock: clock,
                        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                    )
                )
            }
            first = custodians[0]
            second = custodians[1]
            let title = Array("COSEMGW1".utf8)
            let key = try KeyFingerprint(of: Secret(Array(0..<16)))
            plan = CounterPlan(
                meter: "M-1",
                association: "manager",
                key: key,
                clientSystemTitle: title,
                object: object
                    ? CounterObject(
                        logicalName: OBISCode(0, 0, 43, 1, 0, 255),
                        settings: AssociationSettings(link: .wrapper(clientPort: 16, serverPort: 1))
                    ) : nil,
                keepsServerCounter: keepsServerCounter
            )
            id = InvocationCounterID(key: key, systemTitle: try #require(SystemTitle(title)))
        }

        /// What one process hands to a new association.
        func associate(_ custodian: CounterCustodian, count: Int = 1) async throws -> Range<UInt64> {
            guard case .ready(let source, _) = try await custodian.counters(for: plan) else { return 0..<0 }
            return try await source.reserve(count)
        }

        func answered(_ counter: UInt32, by title: String = "MTR00001", _ custodian: CounterCustodian) {
            var info = AssociationInfo(conformance: [], serverMaxReceivePDUSize: 0)
            info.lastServerCounter = counter
            info.serverSystemTitle = Array(title.utf8)
            custodian.answered(info, for: plan)
        }

        func lastServerCounter(_ custodian: CounterCustodian) async throws -> UInt32? {
            guard case .ready(_, let last) = try await custodian.counters(for: plan) else { return nil }
            return last?.value
        }
    }

    @Test func associationsGetSmallRangesOfOneBlock() async throws {
        let bench = try await Bench()
        #expect(try await bench.associate(bench.first) == 1..<17)
        #expect(try await bench.associate(bench.first) == 17..<33)
        #expect(try await bench.associate(bench.first, count: 100) == 33..<133)
        #expect(try await bench.store.state(bench.id)?.next == 1025)
    }

    @Test func manyAssociationsAtOnceGetDifferentValues() async throws {
        let bench = try await Bench()
        let ranges = try await withThrowingTaskGroup(of: Range<UInt64>.self) { group in
            for size in 1...300 { group.addTask { try await bench.first.reserve(bench.id, count: size % 40) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let values = ranges.flatMap { Array($0) }
        #expect(Set(values).count == values.count)
        // Nothing is skipped either: one reservation at a time, each joined to the one before.
        #expect(values.max() == UInt64(values.count))
    }

    @Test func processesThatTakeTurnsAreAlwaysAboveEachOther() async throws {
        let bench = try await Bench()
        var last: UInt64 = 0
        for turn in 0..<6 {
            let range = try await bench.associate(turn % 2 == 0 ? bench.first : bench.second)
            #expect(range.lowerBound > last)
            last = range.upperBound - 1
        }
        // Blocks that are given up half used get smaller.
        #expect(try #require(await bench.store.state(bench.id)).next < 4 * 1024)
    }

    @Test func aDeadProcessCostsItsBlock() async throws {
        let bench = try await Bench()
        _ = try await bench.associate(bench.first)
        #expect(try await bench.associate(bench.second) == 1025..<1041)
    }

    @Test func aKeyThatWasNeverUsedIsFirstAskedForAtTheMeter() async throws {
        let bench = try await Bench(object: true)
        guard case .unknown = try await bench.first.counters(for: bench.plan) else {
            Issue.record("counters of a key that another may have used")
            return
        }
        #expect(try await bench.first.follow(.firstUse(41_999), for: bench.plan))
        #expect(try await bench.associate(bench.first) == 42_000..<42_016)
        let repair = try #require(try await bench.store.repairs(bench.id, limit: 1).first)
        #expect(repair.reason.cause == .firstUse)
        #expect(repair.reason.madeBy == "gateway")
    }

    @Test func aFreshMeterIsAskedOnlyOnce() async throws {
        let bench = try await Bench(object: true)
        #expect(try await bench.first.follow(.firstUse(0), for: bench.plan) == false)
        #expect(try await bench.associate(bench.first) == 1..<17)
    }

    @Test func aMeterThatIsAheadIsFollowedAndThatIsWrittenDown() async throws {
        let bench = try await Bench()
        _ = try await bench.associate(bench.first)
        #expect(try await bench.first.follow(.expected(500), for: bench.plan))
        #expect(try await bench.associate(bench.first) == 501..<517)
        #expect(try await bench.first.follow(.expected(9000), for: bench.plan))
        #expect(try await bench.associate(bench.first) == 9001..<9017)
        let repairs = try await bench.store.repairs(bench.id, limit: 5)
        #expect(repairs.map(\.from) == [517, 17])
        #expect(repairs.map(\.to) == [9001, 501])
    }

    @Test func noMeterMakesACounterGoDown() async throws {
        let bench = try await Bench()
        _ = try await bench.associate(bench.first, count: 100)
        #expect(try await bench.first.follow(.expected(50), for: bench.plan) == false)
        #expect(try await bench.first.follow(.counterObject(0), for: bench.plan) == false)
        #expect(try await bench.associate(bench.first) == 101..<117)
    }

    @Test func aForgedCounterIsNotFollowed() async throws {
        let bench = try await Bench()
        _ = try await bench.associate(bench.first)
        #expect(try await bench.first.follow(.expected(100), for: bench.plan))
        let fault = CounterFault.jumpTooLong(from: 101, to: 0xFFFF_FF00, allowed: 1_000_000)
        await #expect(throws: fault) { try await bench.first.follow(.expected(0xFFFF_FEFF), for: bench.plan) }
        #expect(try await bench.associate(bench.first) == 101..<117)
        for jump in 1...4 {
            #expect(try await bench.first.follow(.expected(UInt32(jump) * 10_000), for: bench.plan))
        }
        await #expect(throws: CounterFault.jumpsTooFrequent(perDay: 5)) {
            try await bench.first.follow(.expected(50_000), for: bench.plan)
        }
        #expect(try await bench.associate(bench.first) == 40_001..<40_017)
    }

    @Test func theLastValuesOfAKeyAreUsedUp() async throws {
        let bench = try await Bench()
        let reason = CounterRepairReason(
            cause: .operator,
            meter: try #require(MeterID("M-1")),
            association: "manager",
            madeBy: "me"
        )
        _ = try await bench.first.raise(bench.id, above: 0xFFFF_FFEA, because: reason, isLimited: false)
        #expect(try await bench.associate(bench.first) == 0xFFFF_FFEB..<0xFFFF_FFFB)
        #expect(try await bench.associate(bench.first, count: 3) == 0xFFFF_FFFB..<0xFFFF_FFFE)
        #expect(try await bench.associate(bench.first) == 0xFFFF_FFFE..<0xFFFF_FFFF)
        await #expect(throws: InvocationCounterError(.exhausted)) { try await bench.associate(bench.first) }
    }

    @Test func aMeterIsNotAskedForItsCounterAllTheTime() async throws {
        let bench = try await Bench(object: true)
        #expect(await bench.first.mayInquire(for: bench.plan))
        #expect(await bench.first.mayInquire(for: bench.plan) == false)
        var other = bench.plan
        other.meter = "M-2"
        #expect(await bench.first.mayInquire(for: other))
        bench.clock.advance(by: .seconds(301))
        #expect(await bench.first.mayInquire(for: bench.plan))
    }

    @Test func whatAMeterHasUsedOutlivesTheProcess() async throws {
        let bench = try await Bench()
        #expect(try await bench.lastServerCounter(bench.first) == nil)
        bench.answered(70, bench.first)
        bench.answered(60, bench.first)
        #expect(try await bench.lastServerCounter(bench.first) == 70)
        #expect(try await bench.lastServerCounter(bench.second) == nil)
        try await bench.first.keepPeerCounters()
        #expect(try await bench.lastServerCounter(bench.second) == 70)
    }

    @Test func aMeterThatBeginsAgainIsNotRemembered() async throws {
        let bench = try await Bench(keepsServerCounter: false)
        bench.answered(70, bench.first)
        try await bench.first.keepPeerCounters()
        #expect(try await bench.lastServerCounter(bench.first) == nil)
    }
}

/// A clock that stands still until a test moves it.
private final class StandingClock: WallClock {
    private let time = Mutex(Timestamp(seconds: 1_800_000_000))

    func now() -> Timestamp { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }

    func sleep(until deadline: Timestamp) async throws {}
}
