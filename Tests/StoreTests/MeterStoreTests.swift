// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import SQLStore
import Testing

/// A meter with everything that a store has to keep.
func meter(
    _ name: String? = nil,
    labels: [String: String] = [:],
    channel: ChannelReference = .inline(ChannelConfiguration(path: .tcp(NetworkEndpoint(host: "192.0.2.1")))),
    password: String = "12345678"
) -> MeterConfiguration {
    MeterConfiguration(
        name: name,
        labels: labels,
        channel: channel,
        associations: [
            "reader": AssociationConfiguration(clientAddress: 32, authentication: .low(Secret(text: password))),
            "manager": AssociationConfiguration(
                clientAddress: 1,
                authentication: .gmac,
                security: SecurityConfiguration(
                    blockCipherKey: Secret(Array(0..<16)),
                    authenticationKey: Secret(Array(16..<32))
                )
            ),
        ]
    )
}

func id<Subject>(_ text: String) throws -> Identifier<Subject> {
    try #require(Identifier<Subject>(text))
}

@Suite struct MeterStoreTests {
    @Test(arguments: Backend.allCases)
    func readsBackWhatWasWritten(backend: Backend) async throws {
        try await backend.run { stores in
            let configuration = meter("Flat 12", labels: ["region": "north"])
            let result = try await stores.fleet.putMeter(id("M-1"), configuration, when: .ifAbsent)
            guard case .created(let record) = result else {
                Issue.record("not created")
                return
            }
            #expect(record.configuration == configuration)
            #expect(record.createdAt == stores.clock.now())
            #expect(try await stores.fleet.meter(id("M-1")) == record)
            #expect(try await stores.fleet.meter(id("M-2")) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func everyWriteHasANewRevisionAndKeepsTheFirstMoment(backend: Backend) async throws {
        try await backend.run { stores in
            let first = try await stores.fleet.putMeter(id("M-1"), meter(), when: .unconditional).record
            stores.clock.advance(by: .seconds(5))
            let result = try await stores.fleet.putMeter(
                id("M-1"),
                meter("new"),
                when: .ifRevision([first.revision])
            )
            guard case .replaced(let second) = result else {
                Issue.record("not replaced")
                return
            }
            #expect(second.revision != first.revision)
            #expect(second.createdAt == first.createdAt)
            #expect(second.updatedAt == stores.clock.now())
            #expect(try await stores.fleet.meter(id("M-1")) == second)
        }
    }

    @Test(arguments: Backend.allCases)
    func refusesWhenThePreconditionDoesNotHold(backend: Backend) async throws {
        try await backend.run { stores in
            let absent = StoreError.preconditionFailed(current: nil)
            for precondition in [WritePrecondition.ifPresent, .ifRevision([Revision("x")])] {
                await #expect(throws: absent) {
                    try await stores.fleet.putMeter(id("M-1"), meter(), when: precondition)
                }
                await #expect(throws: absent) { try await stores.fleet.deleteMeter(id("M-1"), when: precondition) }
            }
            let record = try await stores.fleet.putMeter(id("M-1"), meter(), when: .ifAbsent).record
            let present = StoreError.preconditionFailed(current: record.revision)
            for precondition in [WritePrecondition.ifAbsent, .ifRevision([Revision("x")])] {
                await #expect(throws: present) {
                    try await stores.fleet.putMeter(id("M-1"), meter("new"), when: precondition)
                }
            }
            #expect(try await stores.fleet.meter(id("M-1")) == record)
        }
    }

    @Test(arguments: Backend.allCases)
    func ofManyWritesToOneRevisionOneWins(backend: Backend) async throws {
        try await backend.run { stores in
            let revision = try await stores.fleet.putMeter(id("M-1"), meter(), when: .ifAbsent).record.revision
            let fleet = stores.fleet
            let wins = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let written = try? await fleet.putMeter(
                            id("M-1"),
                            meter("\(number)"),
                            when: .ifRevision([revision])
                        )
                        return written != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func pagesGiveEveryMeterOnceInOrder(backend: Backend) async throws {
        try await backend.run { stores in
            for number in [5, 3, 1, 4, 2, 7, 6] {
                _ = try await stores.fleet.putMeter(id("M-\(number)"), meter(), when: .ifAbsent)
            }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await stores.fleet.meters(matching: MeterQuery(), after: cursor, limit: 3)
                #expect(page.items.count <= 3)
                seen += page.items.map(\.id.text)
                cursor = page.next
            } while cursor != nil
            #expect(seen == (1...7).map { "M-\($0)" })
            #expect(try await stores.fleet.meterCount(matching: MeterQuery()) == 7)
            let all = try await stores.fleet.meters(matching: MeterQuery(), after: nil, limit: 7)
            #expect(all.next == nil)
            await #expect(throws: StoreError.badCursor) {
                try await stores.fleet.meters(matching: MeterQuery(), after: "a b", limit: 3)
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func findsByTextAndLabels(backend: Backend) async throws {
        try await backend.run { stores in
            let fleet = stores.fleet
            _ = try await fleet.putMeter(id("A1"), meter("Mill", labels: ["region": "north"]), when: .ifAbsent)
            _ = try await fleet.putMeter(
                id("b2"),
                meter("100%", labels: ["region": "south", "test": "1"]),
                when: .ifAbsent
            )
            _ = try await fleet.putMeter(id("C_3"), meter(labels: ["region": "north", "test": "0"]), when: .ifAbsent)
            func found(_ search: String?, _ labels: String? = nil) async throws -> [String] {
                let selector = try labels.map { try #require(LabelSelector($0)) } ?? LabelSelector()
                return try await fleet.meterIDs(
                    matching: MeterQuery(search: search, labels: selector),
                    after: nil,
                    limit: 100
                )
                .items.map(\.text)
            }
            #expect(try await found(nil) == ["A1", "C_3", "b2"])
            #expect(try await found("a1") == ["A1"])
            #expect(try await found("MILL") == ["A1"])
            #expect(try await found("%") == ["b2"])
            #expect(try await found("_") == ["C_3"])
            #expect(try await found("absent").isEmpty)
            #expect(try await found(nil, "region=north") == ["A1", "C_3"])
            #expect(try await found(nil, "region!=north") == ["b2"])
            #expect(try await found(nil, "test!=1") == ["A1", "C_3"])
            #expect(try await found(nil, "test") == ["C_3", "b2"])
            #expect(try await found(nil, "!test") == ["A1"])
            #expect(try await found("c", "region=north,test=0") == ["C_3"])
        }
    }

    @Test(arguments: Backend.allCases)
    func labelsFollowEveryWrite(backend: Backend) async throws {
        try await backend.run { stores in
            let query = MeterQuery(labels: try #require(LabelSelector("region=north")))
            _ = try await stores.fleet.putMeter(id("M-1"), meter(labels: ["region": "north"]), when: .ifAbsent)
            #expect(try await stores.fleet.meterCount(matching: query) == 1)
            _ = try await stores.fleet.putMeter(id("M-1"), meter(labels: ["other": "x"]), when: .ifPresent)
            #expect(try await stores.fleet.meterCount(matching: query) == 0)
            #expect(try await stores.fleet.deleteMeter(id("M-1"), when: .unconditional))
            #expect(try await stores.fleet.deleteMeter(id("M-1"), when: .unconditional) == false)
        }
    }

    @Test(arguments: Backend.allCases)
    func channelsAndGroupsMustExistAndStayWhileUsed(backend: Backend) async throws {
        try await backend.run { stores in
            let fleet = stores.fleet
            let shared = meter(channel: .shared(try id("line-7")))
            await #expect(throws: StoreError.referenceUnknown("line-7")) {
                try await fleet.putMeter(id("M-1"), shared, when: .ifAbsent)
            }
            let line = ChannelConfiguration(path: .serial(SerialLine(device: "/dev/ttyUSB0")), group: try id("pool"))
            await #expect(throws: StoreError.referenceUnknown("pool")) {
                try await fleet.putChannel(id("line-7"), line, when: .ifAbsent)
            }
            let pool = ChannelGroupConfiguration(parallelism: 8, maxConnectionsPerSecond: 2.5)
            let group = try await fleet.putChannelGroup(id("pool"), pool, when: .ifAbsent).record
            let channel = try await fleet.putChannel(id("line-7"), line, when: .ifAbsent).record
            _ = try await fleet.putMeter(id("M-1"), shared, when: .ifAbsent)
            #expect(try await fleet.channel(id("line-7")) == channel)
            #expect(try await fleet.channelGroup(id("pool")) == group)
            #expect(try await fleet.channels(after: nil, limit: 5).items == [channel])
            #expect(try await fleet.channelGroups(after: nil, limit: 5).items == [group])
            #expect(
                try await fleet.meterIDs(matching: MeterQuery(channel: id("line-7")), after: nil, limit: 9).items.map(
                    \.text
                ) == ["M-1"]
            )
            await #expect(throws: StoreError.inUse(by: ["M-1"])) {
                try await fleet.deleteChannel(id("line-7"), when: .unconditional)
            }
            await #expect(throws: StoreError.inUse(by: ["line-7"])) {
                try await fleet.deleteChannelGroup(id("pool"), when: .unconditional)
            }
            #expect(try await fleet.deleteMeter(id("M-1"), when: .unconditional))
            #expect(try await fleet.deleteChannel(id("line-7"), when: .unconditional))
            #expect(try await fleet.deleteChannelGroup(id("pool"), when: .unconditional))
        }
    }
}
