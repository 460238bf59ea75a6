// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Synchronization
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Readings on their way to the store", .timeLimit(.minutes(5)))
struct ReadingQueueTests {
    private static func batch(_ number: Int) throws -> ReadingBatch {
        let reading = NewReading(
            series: ReadingSeries(
                source: .register,
                object: OBISCode(1, 0, 1, 8, 0, 255),
                classID: 3,
                attribute: 2
            ),
            at: Timestamp(seconds: Int64(number)),
            value: .integer(Int64(number))
        )
        return ReadingBatch(
            meter: try #require(MeterID("M1")),
            origin: .live,
            receivedAt: reading.at,
            readings: [reading]
        )
    }

    @Test func `Who brings a reading waits for no storing, and what comes while one is stored is stored together`()
        async throws
    {
        let store = HeldStore()
        let queue = ReadingQueue { await store.keep($0) }
        try await queue.add(Self.batch(1))
        await store.isAsked()
        try await queue.add(Self.batch(2))
        try await queue.add(Self.batch(3))
        #expect(store.groups == [[1]])
        store.letGo()
        await queue.settle()
        #expect(store.groups == [[1], [2, 3]])
    }

    @Test func `Who looks for readings waits for those of before, whoever brings more meanwhile`() async throws {
        let store = HeldStore()
        let queue = ReadingQueue { await store.keep($0) }
        await queue.settle()
        try await queue.add(Self.batch(1))
        async let seen = {
            await queue.settle()
            return store.kept
        }()
        while await queue.patientCount < 1 { await Task.yield() }
        try await queue.add(Self.batch(2))
        store.letGo()
        let found = await seen
        #expect(found.contains(1))
        await queue.settle()
        #expect(store.kept == [1, 2])
    }

    @Test func `With too many readings not stored yet who brings one waits for it, and none is dropped`() async throws {
        let store = HeldStore()
        let queue = ReadingQueue(mostUnstored: 2, mostTogether: 2) { await store.keep($0) }
        try await queue.add(Self.batch(1))
        await store.isAsked()
        try await queue.add(Self.batch(2))
        let third = try Self.batch(3)
        async let seen = {
            await queue.add(third)
            return store.kept
        }()
        while await queue.patientCount < 1 { await Task.yield() }
        let last = try Self.batch(4)
        async let late: Void = queue.add(last)
        while await queue.patientCount < 2 { await Task.yield() }
        store.letGo()
        let found = await seen
        #expect(found.contains(3))
        await late
        #expect(store.groups == [[1], [2, 3], [4]])
    }
}

/// Keeps readings once it is let go.
private final class HeldStore: Sendable {
    private struct State {
        var groups: [[Int64]] = []
        var kept: [Int64] = []
    }

    private let state = Mutex(State())
    private let asked = AsyncStream<Void>.makeStream()
    private let gate = AsyncStream<Void>.makeStream()

    /// The groups that were brought, by the seconds of their readings.
    var groups: [[Int64]] { state.withLock { $0.groups } }
    /// What was stored.
    var kept: [Int64] { state.withLock { $0.kept } }

    func keep(_ batches: [ReadingBatch]) async {
        let seconds = batches.flatMap { $0.readings.map(\.at.seconds) }
        state.withLock { $0.groups.append(seconds) }
        asked.continuation.yield()
        for await _ in gate.stream {}
        state.withLock { $0.kept += seconds }
    }

    /// Waits until a group was brought.
    func isAsked() async {
        for await _ in asked.stream { return }
    }

    /// Holds no group any longer.
    func letGo() { gate.continuation.finish() }
}
