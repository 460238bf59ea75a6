// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSSecurity
import Fleet
import JSONText
import Testing
import Timekeeping

@Suite("Stores of what meters push")
struct PushStoreTests {
    private static let at = Timestamp(seconds: 1_800_000_000)

    private func id(_ text: String) throws -> MeterID { try #require(MeterID(text)) }

    private func register(_ text: String, host: String, push: [String] = [], in stores: Stores) async throws -> MeterID
    {
        var configuration = MeterConfiguration(
            channel: .inline(ChannelConfiguration(path: .tcp(NetworkEndpoint(host: host))))
        )
        configuration.push.identities = push
        let meter = try id(text)
        _ = try await stores.fleet.putMeter(meter, configuration, when: .unconditional)
        return meter
    }

    private func counter(_ octet: UInt8) throws -> InvocationCounterID {
        InvocationCounterID(
            key: try KeyFingerprint(of: Secret([UInt8](repeating: octet, count: 16))),
            systemTitle: try #require(SystemTitle([1, 2, 3, 4, 5, 6, 7, octet]))
        )
    }

    @Test("Meters are found by address, title, name and id, their own or their channel's", arguments: Backend.allCases)
    func identities(_ backend: Backend) async throws {
        try await backend.run { stores in
            let first = try await register("M1", host: "192.0.2.1", push: ["4b414d0102030405"], in: stores)
            let second = try await register("M2", host: "192.0.2.1", push: ["LGZ100"], in: stores)
            let channel = try #require(ChannelID("line"))
            let path = ChannelConfiguration(path: .tcp(NetworkEndpoint(host: "192.0.2.3")))
            _ = try await stores.fleet.putChannel(channel, path, when: .ifAbsent)
            let third = try id("M3")
            let shared = MeterConfiguration(channel: .shared(channel))
            _ = try await stores.fleet.putMeter(third, shared, when: .ifAbsent)

            func found(_ kind: SenderIdentity.Kind, _ text: String) async throws -> [MeterID] {
                try await stores.fleet.meters(knownAs: [SenderIdentity(kind, text)])
            }
            #expect(try await found(.address, "192.0.2.1") == [first, second])
            #expect(try await found(.address, "192.0.2.3") == [third])
            #expect(try await found(.title, "4B414D0102030405") == [first])
            #expect(try await found(.name, "LGZ100") == [second])
            #expect(try await found(.name, "M3") == [third])
            #expect(try await found(.address, "M3") == [])

            _ = try await register("M1", host: "192.0.2.9", in: stores)
            #expect(try await found(.address, "192.0.2.1") == [second])
            #expect(try await found(.title, "4B414D0102030405") == [])
            _ = try await stores.fleet.deleteMeter(second, when: .unconditional)
            #expect(try await found(.address, "192.0.2.1") == [])
        }
    }

    @Test("A title that a meter has proven to have finds it", arguments: Backend.allCases)
    func provenTitle(_ backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await register("M1", host: "192.0.2.1", in: stores)
            let counter = try counter(8)
            try await stores.counters.keepPeerCounters([PeerCounter(meter: meter, id: counter, value: 3)])
            #expect(try await stores.fleet.meters(knownAs: [.title(counter.systemTitle)]) == [meter])
            #expect(try await stores.fleet.systemTitles(of: meter) == [counter.systemTitle])
        }
    }

    @Test("Identities are written down for those registered before", arguments: Backend.allCases)
    func fill(_ backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await register("M1", host: "192.0.2.1", in: stores)
            _ = try await stores.database.write { try $0.execute("DELETE FROM sender_identities", [:]) }
            let identity = SenderIdentity(.address, "192.0.2.1")
            #expect(try await stores.fleet.meters(knownAs: [identity]) == [])
            try await stores.fleet.fillSenderIdentities()
            #expect(try await stores.fleet.meters(knownAs: [identity]) == [meter])
        }
    }

    @Test("Readings, events and counters are kept together; counters only grow", arguments: Backend.allCases)
    func keep(_ backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await register("M1", host: "192.0.2.1", in: stores)
            let series = ReadingSeries(source: .push, object: OBISCode(1, 0, 1, 8, 0, 255), classID: 3, attribute: 2)
            var batch = PushedBatch()
            let reading = NewReading(series: series, at: Self.at, value: .integer(5))
            batch.readings = [
                ReadingBatch(meter: meter, origin: .push, receivedAt: Self.at, readings: [reading]),
                // Of a meter that is gone.
                ReadingBatch(meter: try id("M0"), origin: .push, receivedAt: Self.at, readings: [reading]),
            ]
            let event = FleetEvent(
                id: TimeOrderedIDGenerator<FleetEvent>().next(at: Self.at),
                at: Self.at,
                type: .meterAlarm,
                meter: meter,
                data: JSONObject()
            )
            batch.events = [event]
            let counter = try counter(8)
            batch.marks = [PushMark(meter: meter, id: counter, value: 7, digest: "AA")]
            try await stores.fleet.keepPushed(batch)
            try await stores.fleet.keepPushed(batch)
            let kept = try await stores.fleet.readingSeries(of: meter)
            #expect(kept.map(\.series) == [series])
            #expect(try await stores.fleet.events(matching: EventQuery(), limit: 9) == [event])
            #expect(try await stores.fleet.pushMarks(of: meter) == batch.marks)

            var older = PushedBatch()
            older.marks = [PushMark(meter: meter, id: counter, value: 6, digest: "BB")]
            try await stores.fleet.keepPushed(older)
            #expect(try await stores.fleet.pushMarks(of: meter) == batch.marks)
        }
    }

    @Test("A push object list reads back, and goes with its meter", arguments: Backend.allCases)
    func objectLists(_ backend: Backend) async throws {
        try await backend.run { stores in
            let meter = try await register("M1", host: "192.0.2.1", in: stores)
            let setup = OBISCode(0, 0, 25, 9, 0, 255)
            let list = [CaptureObject.clock, CaptureObject(classID: 3, logicalName: setup, attributeIndex: 2)]
            try await stores.fleet.keepPushObjectList([.clock], of: setup, meter: meter)
            try await stores.fleet.keepPushObjectList(list, of: setup, meter: meter)
            #expect(try await stores.fleet.pushObjectLists(of: meter) == [setup: list])
            _ = try await stores.fleet.deleteMeter(meter, when: .unconditional)
            #expect(try await stores.fleet.pushObjectLists(of: meter) == [:])
            try await stores.fleet.keepPushObjectList(list, of: setup, meter: meter)
        }
    }
}
