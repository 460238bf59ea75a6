// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Testing

@Suite("Stores of groups of meters")
struct MeterGroupStoreTests {
    private static func register(_ texts: [String], in stores: Stores) async throws -> [MeterID] {
        var meters: [MeterID] = []
        for text in texts {
            let id = try #require(MeterID(text))
            let channel = ChannelConfiguration(path: .tcp(NetworkEndpoint(host: "192.0.2.1")))
            _ = try await stores.fleet.putMeter(
                id,
                MeterConfiguration(channel: .inline(channel)),
                when: .ifAbsent
            )
            meters.append(id)
        }
        return meters
    }

    @Test(arguments: Backend.allCases)
    func `Members are replaced, added and removed as one step`(backend: Backend) async throws {
        try await backend.run { stores in
            let meters = try await Self.register(["A", "B", "C"], in: stores)
            let group = try #require(MeterGroupID("g"))
            let fleet = stores.fleet
            func members() async throws -> [MeterID] {
                try await fleet.meterIDs(matching: MeterQuery(group: group), after: nil, limit: 10).items
            }
            _ = try await fleet.putMeterGroup(
                group,
                .init(name: "G"),
                members: [meters[1], meters[0]],
                when: .ifAbsent
            )
            #expect(try await members() == [meters[0], meters[1]])
            _ = try await fleet.putMeterGroup(group, .init(name: "H"), members: nil, when: .ifPresent)
            #expect(try await members() == [meters[0], meters[1]])
            #expect(try await fleet.meterGroup(group)?.configuration.name == "H")
            let unknown = try #require(MeterID("Z"))
            await #expect(throws: StoreError.referenceUnknown("Z")) {
                _ = try await fleet.changeMembers(
                    of: group,
                    MembershipChange(adding: [meters[2], unknown], removing: [meters[0]]),
                    when: .ifPresent
                )
            }
            #expect(try await members() == [meters[0], meters[1]])
            _ = try await fleet.changeMembers(
                of: group,
                MembershipChange(adding: [meters[2]], removing: [meters[0]]),
                when: .ifPresent
            )
            #expect(try await members() == [meters[1], meters[2]])
            _ = try await fleet.putMeterGroup(
                group,
                .init(selector: LabelSelector("a=b")),
                members: nil,
                when: .unconditional
            )
            #expect(try await members() == [])
            #expect(try await fleet.deleteMeterGroup(group, when: .unconditional))
            #expect(try await fleet.meterGroup(group) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `Identifiers of meters come page by page`(backend: Backend) async throws {
        try await backend.run { stores in
            let meters = try await Self.register(["A", "B", "C"], in: stores)
            let first = try await stores.fleet.meterIDs(matching: MeterQuery(), after: nil, limit: 2)
            #expect(first.items == [meters[0], meters[1]])
            let second = try await stores.fleet.meterIDs(matching: MeterQuery(), after: first.next, limit: 2)
            #expect(second.items == [meters[2]])
            #expect(second.next == nil)
            let unknown = try #require(MeterID("Z"))
            #expect(try await stores.fleet.knownMeters(among: [meters[2], unknown]) == [meters[2]])
        }
    }
}
