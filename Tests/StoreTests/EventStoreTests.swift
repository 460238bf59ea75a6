// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Testing
import Timekeeping

@Suite("Stores of events")
struct EventStoreTests {
    private static let start = Timestamp(seconds: 1_800_000_000)
    private let identifiers = TimeOrderedIDGenerator<FleetEvent>()

    private func event(
        _ seconds: Int64,
        _ type: EventType = .meterEvent,
        _ meter: String? = nil,
        _ data: JSONObject = JSONObject()
    ) -> FleetEvent {
        let at = Self.start + .seconds(seconds)
        return FleetEvent(
            id: identifiers.next(at: at),
            at: at,
            type: type,
            meter: meter.flatMap { MeterID($0) },
            data: data
        )
    }

    @Test("What was appended reads back, once", arguments: Backend.allCases)
    func append(_ backend: Backend) async throws {
        try await backend.run { stores in
            var data = JSONObject()
            data["object"] = "0.0.97.98.0.255"
            data["value"] = 4
            let kept = event(0, .meterAlarm, "M1", data)
            try await stores.fleet.appendEvents([kept])
            try await stores.fleet.appendEvents([kept])
            #expect(try await stores.fleet.events(matching: EventQuery(), limit: 10) == [kept])
        }
    }

    @Test("What is kept for all gateways is told by its identifiers", arguments: Backend.allCases)
    func notices(_ backend: Backend) async throws {
        try await backend.run { stores in
            var notices = stores.fleet.eventNotices().makeAsyncIterator()
            #expect(await notices.next() == .some(nil))
            let many = (0..<201).map { event(Int64($0)) }
            try await stores.fleet.appendEvents([event(0, .readingStored)] + many)
            let first = try #require(await notices.next() ?? nil)
            let second = try #require(await notices.next() ?? nil)
            #expect(first + second == many.map(\.id))
            #expect(try await stores.fleet.events([many[7].id, many[3].id, event(9).id]) == [many[3], many[7]])
        }
    }

    @Test("A list begins anywhere and goes either way", arguments: Backend.allCases)
    func order(_ backend: Backend) async throws {
        try await backend.run { stores in
            let all = (0..<6).map { event(Int64($0)) }
            try await stores.fleet.appendEvents(all)
            func ids(_ start: EventQuery.Start, _ limit: Int = 10) async throws -> [EventID] {
                try await stores.fleet.events(matching: EventQuery(start: start), limit: limit).map(\.id)
            }
            #expect(try await ids(.newest, 2) == [all[5].id, all[4].id])
            #expect(try await ids(.before(all[2].id)) == [all[1].id, all[0].id])
            #expect(try await ids(.since(all[3].at)) == all[3...].map(\.id))
            #expect(try await ids(.since(all[3].at + .milliseconds(1)), 1) == [all[4].id])
            #expect(try await ids(.after(all[4].id)) == [all[5].id])
        }
    }

    @Test("A list is restricted to a meter and to types", arguments: Backend.allCases)
    func restrictions(_ backend: Backend) async throws {
        try await backend.run { stores in
            let all = [event(0, .meterAlarm, "M1"), event(1, .meterEvent, "M2"), event(2, .jobFinished, "M1")]
            try await stores.fleet.appendEvents(all)
            var query = EventQuery(start: .since(Self.start))
            query.meter = MeterID("M1")
            #expect(try await stores.fleet.events(matching: query, limit: 10) == [all[0], all[2]])
            query.types = [.jobFinished, .scheduleMissed]
            #expect(try await stores.fleet.events(matching: query, limit: 10) == [all[2]])
            query.meter = nil
            query.types = [.meterAlarm, .meterEvent]
            #expect(try await stores.fleet.events(matching: query, limit: 10) == [all[0], all[1]])
        }
    }

    @Test("Old events are forgotten, the oldest first", arguments: Backend.allCases)
    func retention(_ backend: Backend) async throws {
        try await backend.run { stores in
            let all = (0..<5).map { event(Int64($0)) }
            try await stores.fleet.appendEvents(all)
            #expect(try await stores.fleet.removeEvents(before: all[3].at, of: nil, limit: 2) == 2)
            #expect(try await stores.fleet.removeEvents(before: all[3].at, of: nil, limit: 2) == 1)
            #expect(try await stores.fleet.removeEvents(before: all[3].at, of: nil, limit: 2) == 0)
            #expect(
                try await stores.fleet.events(matching: EventQuery(start: .since(Self.start)), limit: 9) == [
                    all[3], all[4],
                ]
            )
        }
    }
}
