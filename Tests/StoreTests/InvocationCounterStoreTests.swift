// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import SQLStore
import SQLiteDriver
import Testing
import Timekeeping

// The closures say `throws`, because #expect does not compile in one that is inferred to throw a single type.
@Suite struct InvocationCounterStoreTests {
    private let ours = Self.counter("COSEMGW1")

    private static func counter(_ title: String, key: UInt8 = 1) -> InvocationCounterID {
        guard let key = KeyFingerprint([UInt8](repeating: key, count: 16)), let title = SystemTitle(Array(title.utf8))
        else { preconditionFailure("a fingerprint has 16 octets, a title 8") }
        return InvocationCounterID(key: key, systemTitle: title)
    }

    private func reason(_ cause: CounterRepairReason.Cause) throws -> CounterRepairReason {
        CounterRepairReason(cause: cause, meter: try id("M-1"), association: "manager")
    }

    @Test(arguments: Backend.allCases)
    func theStoresSystemTitleStays(backend: Backend) async throws {
        try await backend.run { stores async throws in
            let first = Self.counter("CGWabcde").systemTitle
            #expect(try await stores.counters.clientSystemTitle(orKeep: first) == first)
            let second = Self.counter("CGWvwxyz").systemTitle
            #expect(try await stores.counters.clientSystemTitle(orKeep: second) == first)
        }
    }

    @Test(arguments: Backend.allCases)
    func aNewCounterBeginsWithOne(backend: Backend) async throws {
        try await backend.run { stores async throws in
            #expect(try await stores.counters.state(ours) == nil)
            #expect(try await stores.counters.reserve(ours, count: 1024) == 1..<1025)
            #expect(try await stores.counters.state(ours) == InvocationCounterState(next: 1025))
            #expect(try await stores.counters.reserve(ours, count: 1) == 1025..<1026)
        }
    }

    @Test(arguments: Backend.allCases)
    func countersOfOtherKeysAndTitlesAreOthers(backend: Backend) async throws {
        try await backend.run { stores async throws in
            _ = try await stores.counters.reserve(ours, count: 10)
            for other in [Self.counter("COSEMGW2"), Self.counter("COSEMGW1", key: 2)] {
                #expect(try await stores.counters.reserve(other, count: 1) == 1..<2)
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func nobodyIsPromisedWhatAnotherHas(backend: Backend) async throws {
        try await backend.run { stores async throws in
            let counters = stores.counters
            let ranges = try await withThrowingTaskGroup(of: Range<UInt64>.self) { group in
                for size in 1...40 { group.addTask { try await counters.reserve(ours, count: UInt64(size)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let values = ranges.flatMap { Array($0) }
            #expect(Set(values).count == values.count)
            #expect(Set(values) == Set(1...UInt64((1...40).reduce(0, +))))
        }
    }

    @Test func processesThatShareAFileStayApart() async throws {
        try await withTemporaryFolder { folder in
            let first = try SQLiteDatabase(path: folder + "/store.sqlite")
            let second = try SQLiteDatabase(path: folder + "/store.sqlite")
            try await Migrator.migrate(first, now: Timestamp(seconds: 0))
            let stores = [first, second].map { SQLInvocationCounterStore(database: $0) }
            let ranges = try await withThrowingTaskGroup(of: Range<UInt64>.self) { group in
                for store in stores + stores + stores {
                    group.addTask { try await store.reserve(ours, count: 7) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(ranges.flatMap { Array($0) }) == Set(1...42))
            try first.close()
            try second.close()
        }
    }

    @Test func whatWasReservedIsKnownToTheNextProcess() async throws {
        try await withTemporaryFolder { folder in
            let first = try SQLiteDatabase(path: folder + "/store.sqlite")
            try await Migrator.migrate(first, now: Timestamp(seconds: 0))
            _ = try await SQLInvocationCounterStore(database: first).reserve(ours, count: 1024)
            // The first one is not closed, as if its process had been killed.
            let second = try SQLiteDatabase(path: folder + "/store.sqlite")
            #expect(try await SQLInvocationCounterStore(database: second).reserve(ours, count: 1) == 1025..<1026)
            try first.close()
            try second.close()
        }
    }

    @Test(arguments: Backend.allCases)
    func theLastValuesAreGivenAndThenNoMore(backend: Backend) async throws {
        try await backend.run { stores async throws in
            _ = try await stores.counters.raise(
                ours,
                above: 0xFFFF_FFFC,
                from: nil,
                because: reason(.operator),
                within: nil
            )
            #expect(try await stores.counters.reserve(ours, count: 1024) == 0xFFFF_FFFD..<0xFFFF_FFFF)
            await #expect(throws: CounterStoreError.exhausted) { try await stores.counters.reserve(ours, count: 1) }
            #expect(try await stores.counters.state(ours)?.remaining == 0)
            await #expect(throws: CounterStoreError.exhausted) {
                try await stores.counters.raise(
                    ours,
                    above: 0xFFFF_FFFF,
                    from: nil,
                    because: reason(.operator),
                    within: nil
                )
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func aJumpGoesUpOnlyAndIsWrittenDown(backend: Backend) async throws {
        try await backend.run { stores async throws in
            let counters = stores.counters
            _ = try await counters.reserve(ours, count: 10)
            let reason = try reason(.exceptionResponse)
            let repair = try await counters.raise(ours, above: 99, from: nil, because: reason, within: .init())
            #expect(repair == CounterRepair(reason: reason, madeAt: stores.clock.now(), from: 11, to: 100))
            for lower in [UInt32(0), 50, 99] {
                #expect(try await counters.raise(ours, above: lower, from: nil, because: reason, within: nil) == nil)
            }
            #expect(try await counters.state(ours)?.next == 100)
            #expect(try await counters.repairs(ours, limit: 10) == [repair])
            #expect(try await counters.reserve(ours, count: 1) == 100..<101)
        }
    }

    @Test(arguments: Backend.allCases)
    func aJumpInsideWhatTheCallerHasReservedIsWrittenDownToo(backend: Backend) async throws {
        try await backend.run { stores async throws in
            let counters = stores.counters
            _ = try await counters.reserve(ours, count: 1024)
            let repair = try await counters.raise(
                ours,
                above: 500,
                from: 3,
                because: reason(.exceptionResponse),
                within: CounterRepairLimits(repairsPerDay: 1)
            )
            #expect(repair?.from == 3)
            #expect(repair?.to == 501)
            #expect(try await counters.state(ours)?.next == 1025)
            await #expect(throws: CounterStoreError.beyondLimit(.repairsPerDay(1))) {
                try await counters.raise(
                    ours,
                    above: 600,
                    from: 501,
                    because: reason(.exceptionResponse),
                    within: CounterRepairLimits(repairsPerDay: 1)
                )
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func aMeterCannotMakeACounterJumpTooFar(backend: Backend) async throws {
        try await backend.run { stores async throws in
            let counters = stores.counters
            let limits = CounterRepairLimits(longestJump: 1000, repairsPerDay: 100, automaticTotal: 10_000)
            func jump(to value: UInt32, _ cause: CounterRepairReason.Cause) async throws -> CounterRepair? {
                try await counters.raise(ours, above: value, from: nil, because: reason(cause), within: limits)
            }
            // The first one takes over what was used before, but not without end.
            await #expect(throws: CounterStoreError.beyondLimit(.automaticTotal(from: 1, to: 10_002, allowed: 10_000)))
            {
                try await jump(to: 10_001, .firstUse)
            }
            #expect(try await counters.state(ours) == nil)
            #expect(try await jump(to: 8999, .firstUse)?.to == 9000)
            await #expect(
                throws: CounterStoreError.beyondLimit(.longestJump(from: 9000, to: 10_001, allowed: 1000))
            ) {
                try await jump(to: 10_000, .counterObject)
            }
            #expect(try await jump(to: 9999, .counterObject)?.to == 10_000)
            let spent = CounterStoreError.Limit.automaticTotal(from: 10_000, to: 10_003, allowed: 1)
            await #expect(throws: CounterStoreError.beyondLimit(spent)) { try await jump(to: 10_002, .counterObject) }
            // A person may, and that does not count against the meter's.
            let byHand = try await counters.raise(
                ours,
                above: 50_000,
                from: nil,
                because: reason(.operator),
                within: nil
            )
            #expect(byHand?.to == 50_001)
            #expect(try await jump(to: 50_001, .exceptionResponse)?.to == 50_002)
        }
    }

    @Test(arguments: Backend.allCases)
    func repairsAreLimitedByTheDay(backend: Backend) async throws {
        try await backend.run { stores async throws in
            let counters = stores.counters
            let limits = CounterRepairLimits(repairsPerDay: 2)
            func jump(to value: UInt32) async throws -> CounterRepair? {
                try await counters.raise(
                    ours,
                    above: value,
                    from: nil,
                    because: reason(.counterObject),
                    within: limits
                )
            }
            #expect(try await jump(to: 10) != nil)
            stores.clock.advance(by: .seconds(3600))
            #expect(try await jump(to: 20) != nil)
            await #expect(throws: CounterStoreError.beyondLimit(.repairsPerDay(2))) { try await jump(to: 30) }
            stores.clock.advance(by: .seconds(23 * 3600))
            #expect(try await jump(to: 30) != nil)
            await #expect(throws: CounterStoreError.beyondLimit(.repairsPerDay(2))) { try await jump(to: 40) }
            #expect(try await counters.repairs(ours, limit: 2).map(\.to) == [31, 21])
        }
    }

    @Test(arguments: Backend.allCases)
    func theMetersCounterOnlyGrows(backend: Backend) async throws {
        try await backend.run { stores async throws in
            let meter: MeterID = try id("M-1")
            func counter(_ value: UInt32, _ title: String = "MTR00001") -> PeerCounter {
                PeerCounter(meter: meter, id: Self.counter(title), value: value)
            }
            func last() async throws -> PeerCounter? {
                try await stores.counters.peerCounter(of: meter, key: ours.key)
            }
            #expect(try await last() == nil)
            try await stores.counters.keepPeerCounters([counter(7)])
            stores.clock.advance(by: .seconds(1))
            try await stores.counters.keepPeerCounters([counter(6)])
            #expect(try await last() == counter(7))
            try await stores.counters.keepPeerCounters([counter(0xFFFF_FFFF)])
            #expect(try await last() == counter(0xFFFF_FFFF))
            stores.clock.advance(by: .seconds(1))
            try await stores.counters.keepPeerCounters([counter(3, "MTR00002")])
            #expect(try await last() == counter(3, "MTR00002"))
            let other = try #require(KeyFingerprint([UInt8](repeating: 9, count: 16)))
            #expect(try await stores.counters.peerCounter(of: meter, key: other) == nil)
        }
    }
}
